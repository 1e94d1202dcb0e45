import { NoAnswer } from "../api.js";
import { html } from "../html.js";
import { spelled } from "../visible.js";
import { Copy } from "./copy.js";

/** An error of the API, or the lack of an answer, with the trace id that the log has. */
export function ProblemNote({ error, what = "" }) {
  if (!error) return null;
  if (error instanceof NoAnswer) return html`<p class="note bad" role="alert">${what} The server did not answer.</p>`;
  return html`<div class="note bad" role="alert">
    <p><strong>${what} ${spelled(error.title)}.</strong> ${spelled(error.detail)}</p>
    ${error.faults?.length > 0 && html`<ul>${error.faults.map(({ name, reason }) => html`<li><code>${spelled(name)}</code> ${spelled(reason)}</li>`)}</ul>`}
    ${error.trace && html`<p class="small">Trace id <code>${error.trace}</code> <${Copy} text=${error.trace} what="trace id" /></p>`}
  </div>`;
}
