import { BY_HAND } from "../../compose.js";
import { shown } from "../../compose_fields.js";
import { html } from "../../html.js";
import { attributes, Field } from "./field.js";

const MORE = { id: ["sim-phone-ben", "sim-phone-cleo"], number: ["447700900951", "447700900952"] };

/** The recipient of a step; in a sandbox with the choice of who answers: the reader by hand, or a script. */
export function Recipient({ field, edit, kind, sandbox, scripts }) {
  const value = shown(edit.value(field.path));
  const own = attributes(field.id, edit);
  const by = (recipient) => edit.change(field, recipient);
  const control = html`<input ...${own} dir="ltr" spellcheck="false" autocomplete="off" inputmode=${kind === "number" ? "tel" : undefined}
    value=${value} onInput=${(event) => by(event.target.value)} />`;
  return html`<${Field} field=${{ ...field, label: `To (${kind})` }} edit=${edit} control=${control}
    beside=${sandbox && html`<${Menu} kind=${kind} value=${value} scripts=${scripts} onChoose=${by} label=${`Recipients of the sandbox, for ${field.id}`} />`} />`;
}

function Menu({ kind, value, scripts, onChoose, label }) {
  const hands = [BY_HAND[kind], ...MORE[kind]];
  const played = scripts.map((script) => [script[kind], script.summary]);
  const known = hands.includes(value) || played.some(([recipient]) => recipient === value);
  return html`<select class="small" aria-label=${label} value=${known ? value : ""} onChange=${(event) => event.target.value && onChoose(event.target.value)}>
    <option value="">${known ? "another recipient" : "Choose who answers…"}</option>
    <optgroup label="You answer, on the phones">${hands.map((recipient) => html`<option key=${recipient} value=${recipient}>by hand: ${recipient}</option>`)}</optgroup>
    ${played.length > 0 && html`<optgroup label="A script answers">${played.map(([recipient, summary]) =>
      html`<option key=${recipient} value=${recipient}>${recipient}: ${summary}</option>`)}</optgroup>`}
  </select>`;
}
