import { url } from "../api.js";
import { config } from "../config.js";
import { html } from "../html.js";
import { inWords, narrows } from "../list.js";
import { href } from "../route.js";
import { Copy } from "./copy.js";
import { CLEAR } from "./filters.js";

const CURL = `curl -u "$API_KEY:$API_SECRET" "$API_URL${url("workflows").slice(location.origin.length)}" \\
  -H 'Content-Type: application/json' -d '{
  "template": "failover",
  "workflow": [
    {"from": {"type": "messenger", "id": "107083064136738"},
     "to": {"type": "messenger", "id": "2350375431244470"},
     "message": {"content": {"type": "text", "text": "Your table is ready."}},
     "failover": {"expiry_time": 600, "condition_status": "read"}},
    {"from": {"type": "sms", "number": "ACME"},
     "to": {"type": "sms", "number": "447700900000"},
     "message": {"content": {"type": "text", "text": "Your table is ready."}}}
  ]
}'`;

/** Instead of rows: why there are none, and what to do about it. */
export function Nothing({ list, visible, filter, busy, onChange, onOlder }) {
  if (visible) return null;
  const clear = html`<button onClick=${() => onChange(CLEAR)}>Clear the filter</button>`;
  if (list.rows.length) {
    const words = inWords({ ...CLEAR, waiting: filter.waiting, twice: filter.twice });
    return html`<div class="nothing"><p>None of the ${list.rows.length} loaded is a ${words}.</p>${clear}</div>`;
  }
  if (list.cursor) {
    return html`<div class="nothing"><p role="status">Looked at the newest ${list.looked.toLocaleString("en")}: no ${inWords(filter)} yet.</p>
      <div class="row"><button class="primary" disabled=${busy} onClick=${onOlder}>${busy ? "Looking…" : "Go on"}</button>${narrows(filter) && clear}</div></div>`;
  }
  if (narrows(filter)) return html`<div class="nothing"><p>No ${inWords(filter)}.</p>${clear}</div>`;
  return html`<div class="nothing first">
    <h2>No workflow yet</h2>
    <p>${config.sandbox
      ? "Play the recipient on a sandbox phone: read the message in time, or wait and see the next step go out."
      : "As soon as an application of this account creates one, it is here."}</p>
    ${config.sandbox && html`<p><a class="button primary" href=${href("play")}>Play the example</a></p>`}
    <details open=${!config.sandbox}>
      <summary>From a command line</summary>
      <pre>${CURL}</pre>
      <p class="small muted"><code>$API_URL</code> is <code>${location.origin}</code>. <${Copy} text=${CURL} what="curl" label="copy the command" /></p>
    </details>
  </div>`;
}
