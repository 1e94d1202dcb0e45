import { get, post } from "../api.js";
import { now } from "../clock.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { overviewPace } from "../pace.js";
import { href } from "../route.js";
import { SPANS } from "../summary.js";
import { attempt, KINDS, word } from "../words.js";
import { ProblemNote } from "./problem.js";
import { Time } from "./time.js";

const SHOWN = 20;

/** The failed webhooks of the account, the newest first, and one button that sends them again. */
export function FailedWebhooks({ span }) {
  const path = () => `webhooks?state=failed&limit=${SHOWN}&since=${since(span)}`;
  const { data, error, again } = useLive(`failed/${span}`, (signal) => get(path(), { signal }), overviewPace);
  const [result, setResult] = useState({});
  const send = async () => {
    setResult({ busy: true });
    try {
      setResult({ words: await sentAgain(since(span)) });
    } catch (problem) {
      setResult({ error: problem });
    }
    again();
  };
  const failed = data?.webhooks ?? [];
  return html`<section class="card">
    <div class="row spread"><h2>Failed webhooks</h2>
      ${failed.length > 0 && html`<button disabled=${result.busy} onClick=${send}>Send all of this span again</button>`}</div>
    <${ProblemNote} error=${error ?? result.error} what="Failed webhooks:" />
    <p role="status">${result.words}</p>
    ${data && failed.length === 0 && html`<p class="muted">None in this span.</p>`}
    ${failed.length > 0 && html`<div class="scroll"><table>
      <thead><tr><th>Failed</th><th>Workflow</th><th>Webhook</th><th>Last answer</th></tr></thead>
      <tbody>${failed.map((one) => html`<${Row} key=${id(one) + one.sequence} webhook=${one} />`)}</tbody></table></div>`}
    ${data?.cursor && html`<p class="muted small">The newest ${failed.length}; there are more.</p>`}
  </section>`;
}

function Row({ webhook }) {
  return html`<tr><td><${Time} at=${Date.parse(webhook.failed_at)} milliseconds=${false} /></td>
    <td><a href=${href("w", [id(webhook), "webhooks"])}>${id(webhook).slice(0, 8)}</a></td>
    <td>${webhook.sequence}, ${KINDS[webhook.kind] ?? word(webhook.kind)}</td><td>${attempt(webhook.last_attempt)}</td></tr>`;
}

/** Page by page, until the API says that there are no more; the pages of one call are of one span. */
async function sentAgain(from) {
  const until = new Date(now()).toISOString();
  let [redelivered, skipped, cursor] = [0, 0, undefined];
  do {
    const { data } = await post("webhooks/redeliver", { since: from, until, cursor });
    redelivered += data.redelivered;
    skipped += data.skipped;
    cursor = data.cursor;
  } while (cursor);
  return `${redelivered} queued again${skipped ? `, ${skipped} cannot be sent any more` : ""}.`;
}

const id = (webhook) => webhook.workflow_uuid ?? webhook.dispatch_uuid;
const since = (span) => new Date(now() - SPANS[span]).toISOString();
