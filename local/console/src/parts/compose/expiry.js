import { fromUnit, inUnit, unitOf, UNITS } from "../../compose_expiry.js";
import { shown } from "../../compose_fields.js";
import { html, useState } from "../../html.js";
import { seconds } from "../../times.js";
import { attributes, Faults } from "./field.js";

/** When the step is left, as a sentence: "If it is not [read] within [10] [minutes] = 600 s, …". */
export function Expiry({ fields, path, edit, conditions, then }) {
  const value = edit.value([...path, "expiry_time"]);
  const condition = shown(edit.value([...path, "condition_status"]));
  const [unit, setUnit] = useState(unitOf(value));
  const [draft, setDraft] = useState(null);
  const write = (text, size) => edit.change({ path: [...path, "expiry_time"], id: fields.expiry, required: true }, fromUnit(text, size));
  const whole = Number(shown(value));
  const same = Number.isInteger(whole) && whole > 0 ? (unit === 1 ? (whole >= 60 ? `= ${seconds(whole)}` : "") : `= ${whole} s`) : "";
  const own = attributes(fields.expiry, edit);
  const words = conditions.includes(condition) || !condition ? conditions : [...conditions, condition];
  return html`<div class="expiry">
    <p class="row">
      <span>If it is not</span>
      <select ...${attributes(fields.condition, edit)} aria-label="Condition status" value=${condition}
        onChange=${(event) => edit.change({ path: [...path, "condition_status"], id: fields.condition, required: true }, event.target.value)}>
        ${!condition && html`<option value="">choose…</option>`}
        ${words.map((word) => html`<option key=${word} value=${word}>${word}</option>`)}
      </select>
      <span>within</span>
      <input ...${own} class="short" inputmode="decimal" autocomplete="off" aria-label="Expiry" value=${draft ?? inUnit(value, unit)}
        onInput=${(event) => { setDraft(event.target.value); write(event.target.value, unit); }}
        onBlur=${() => { own.onBlur(); setDraft(null); }} />
      <select aria-label="Unit of the expiry" value=${unit} onChange=${(event) => setUnit(Number(event.target.value))}>
        ${UNITS.map(([size, name]) => html`<option key=${size} value=${size}>${name}</option>`)}
      </select>
      ${same && html`<span class="muted">${same}</span>`}
      <span>${then}</span>
    </p>
    <${Faults} id=${fields.condition} reasons=${edit.faults(fields.condition)} />
    <${Faults} id=${fields.expiry} reasons=${edit.faults(fields.expiry)} />
  </div>`;
}
