/** How often each resource is polled: the pause after an answer in ms, or null when nothing more is to come. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;

const SOON = 10 * SECOND;

/** Two seconds around a change or an expiry; then a tenth of the time left; after the end ever slower, then not at all. */
export function workflowPace(workflow, now) {
  const last = Date.parse(workflow.timeline.at(-1).at);
  if (workflow.status !== "running") {
    const over = now - Date.parse(workflow.ended_at);
    if (now - last < SOON) return 2 * SECOND; // a status may still come, and with it an amended report
    return over < 2 * MINUTE ? 10 * SECOND : over < 12 * MINUTE ? MINUTE : null;
  }
  const expiries = workflow.steps.map((step) => step.expires_at).filter(Boolean).map((at) => Date.parse(at));
  const left = Math.min(...expiries.filter((at) => at > now - SOON).map((at) => Math.max(0, at - now)));
  if (now - last < SOON || left < SOON) return 2 * SECOND;
  return Number.isFinite(left) ? Math.min(Math.max(5 * SECOND, left / 10), 30 * SECOND) : 5 * SECOND;
}

/** Five seconds while an attempt is due; else they are asked for when the timeline grows. */
export function webhooksPace({ webhooks }) {
  return webhooks.some((webhook) => webhook.state === "pending") ? 5 * SECOND : null;
}

/** Once a minute. */
export function overviewPace() {
  return MINUTE;
}
