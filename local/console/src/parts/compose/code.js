import { html, useState } from "../../html.js";
import { Copy } from "../copy.js";
import { curl } from "../curl.js";

/** The request as JSON, which can be edited, and as a curl command. */
export function Code({ json, request, fault, onWrite, onLeave, onDiscard }) {
  const [shown, setShown] = useState("json");
  const chip = (name, words) => html`<button class="chip" aria-pressed=${shown === name} onClick=${() => setShown(name)}>${words}</button>`;
  const command = curl(request);
  return html`<section class="code-box" aria-label="Code">
    <div class="row spread">
      <div class="row">${chip("json", "JSON")}${chip("curl", "curl")}</div>
      ${shown === "json" ? html`<${Copy} key="json" text=${json} what="JSON" label="copy JSON" />` : html`<${Copy} key="curl" text=${command} what="curl command" label="copy curl" />`}
    </div>
    ${shown === "json"
      ? html`<textarea class="code" aria-label="The request as JSON" dir="ltr" spellcheck="false" autocomplete="off" value=${json}
          aria-invalid=${fault ? "true" : undefined} aria-describedby="json-fault" onInput=${(event) => onWrite(event.target.value)} onBlur=${onLeave}></textarea>
        ${fault && html`<p class="fault" id="json-fault">${fault} The form waits until it can be read. <button class="quiet" onClick=${onDiscard}>Discard this text</button></p>`}`
      : html`<pre tabindex="0" aria-label="curl command">${command}</pre>
        <p class="muted small">With the variables of <code>.local/credentials.env</code>, or your own. The secret is never written into the command.</p>`}
  </section>`;
}
