/**
 * What would have been with another expiry: a pure function of the timeline. It uses the statuses that came, late ones
 * included, and claims nothing beyond them. Expiries are whole seconds, other durations ms.
 */

import { difference, sum } from "./money.js";
import { failure, isOut, meeting } from "./workflow.js";

const LONGEST = 86400; // seconds: the longest expiry that the API accepts
const SHORTEST = 15;

/**
 * Return what would have helped: one suggestion for each step that was left at its expiry, or by hand, although its
 * condition was met later.
 *
 * @param facts workflow.js, `read`. A running workflow has no suggestions, since a status that meets the condition ends it
 * @returns [{step, seconds: the least expiry, byHand: whether its own expiry would have been enough, had the wait not been
 *   ended by hand, after: ms from the step's answer to the status, status,
 *   notSent: the later steps that would not have been sent, change: the difference of the cost (money.js)}]
 */
export function suggestions(facts) {
  return facts.steps.flatMap((step) => {
    const late = adjustable(step) && step.left ? meeting(step) : null;
    if (!late || !late.late) return [];
    const after = late.at - step.answeredAt;
    const least = Math.max(SHORTEST, Math.floor(after / 1000) + 1);
    const byHand = step.left.outcome === "advanced" && least <= step.expiry;
    if (least > LONGEST || (least <= step.expiry && !byHand)) return [];
    return [{ step, seconds: byHand ? step.expiry : least, byHand, after, status: late.status, ...saved(facts, step) }];
  });
}

/** Return the steps whose expiry can be tried out: answered, with an expiry, and not closed by a failure. */
export const adjustableSteps = (facts) => (facts.running ? [] : facts.steps.filter(adjustable));

function adjustable(step) {
  return step.answeredAt !== null && step.expiry !== null && step.answer !== "unsent" &&
    (!step.left || step.left.outcome === "expired" || step.left.outcome === "advanced") && (step.left || step.metAt !== null);
}

/** Return the range of expiries for a step's slider: {least, most} in seconds, with the interesting moments inside. */
export function range(step) {
  const moments = step.statuses.map(({ at }) => (at - step.answeredAt) / 1000);
  const most = Math.ceil(Math.max(2 * step.expiry, ...moments.map((moment) => moment * 1.25)));
  return { least: SHORTEST, most: Math.min(LONGEST, most) };
}

/**
 * Return what would have happened with another expiry of one step, all else as it was.
 *
 * @param facts workflow.js, `read`
 * @param step the step
 * @param expiry seconds
 * @returns {step, seconds, outcome, after, status, notSent, change, then, shift, until}:
 *   outcome "met": its condition is met in time, `after` ms; `notSent` and `change` as in a suggestion.
 *   outcome "failed": a status says within the expiry that the message failed, after `after` ms.
 *   outcome "expired": the step `then` follows; `shift`: ms later than it did (negative: earlier), null if it was not sent
 *     at all; `after` and `status`: of the status that comes too late, or null.
 *   outcome "unknown": the timeline does not reach so far. `until`: ms from the step's answer to the last known moment. */
export function whatIf(facts, step, expiry) {
  const result = { step, seconds: expiry, after: null, status: null, notSent: [], change: [], then: null, shift: null, until: null };
  const limit = expiry * 1000;
  const met = meeting(step);
  const failed = failure(step);
  const since = (status) => status.at - step.answeredAt;
  if (failed && (!met || failed.sequence < met.sequence) && since(failed) < limit) {
    return { ...result, outcome: "failed", after: since(failed), status: failed.status };
  }
  const afterExpiry = !met?.late && step.metAt !== null && expiry >= step.expiry; // while the next step waited to be sent
  if (met && (since(met) < limit || afterExpiry)) {
    const gain = step.left ? saved(facts, step) : {};
    return { ...result, outcome: "met", after: since(met), status: met.status, ...gain };
  }
  const then = facts.steps[step.number + 1] ?? null;
  const until = facts.now - step.answeredAt;
  if (!met && until < limit) return { ...result, outcome: "unknown", until };
  const wait = step.left?.outcome === "expired" ? step.expiry * 1000 : step.left ? step.left.at - step.answeredAt : null;
  const shift = wait === null || then?.claimedAt == null ? null : limit - wait;
  return { ...result, outcome: "expired", then, shift, after: met ? since(met) : null, status: met ? met.status : null };
}

/** What would not have been sent if a step had been met in time: the later messages that were sent, and what they cost. */
function saved(facts, step) {
  const notSent = facts.steps.slice(step.number + 1).filter((later) => isOut(later) || later.price);
  const spared = new Set(notSent);
  const all = sum(facts.steps.map(({ price }) => price));
  const rest = sum(facts.steps.map((other) => (spared.has(other) ? null : other.price)));
  return { notSent, change: difference(rest, all) };
}
