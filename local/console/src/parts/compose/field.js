import { characters } from "../../compose.js";
import { shown } from "../../compose_fields.js";
import { parse, stringify } from "../../exact.js";
import { html } from "../../html.js";

const LONG = 200;

/**
 * One field of the form: label, control, what is wanted, and the API's faults.
 *
 * @param {{field: object, edit: import("../../pages/new.js").Edit, control?: object, beside?: object}} properties
 *   `control`: another control instead of the kind's own, which must have the field's id; `beside`: further ones
 */
export function Field({ field, edit, control, beside, wide = false }) {
  const { id, label, required, about } = field;
  const faults = edit.faults(id);
  const count = field.longest && (field.kind === "string" || field.kind === "url") ? characters(shown(edit.value(field.path))) : 0;
  const counted = field.kind === "string" && field.longest > 1;
  const notes = [about, hint(field)].filter(Boolean).join("; ");
  return html`<div class=${`field ${wide || isLong(field) ? "wide" : ""}`}>
    <div class="line"><label for=${id}>${label}${!required && html` <span class="muted">optional</span>`}</label>
      ${counted && html`<${Count} id=${`${id} count`} count=${count} most=${field.longest} />`}</div>
    ${control ?? html`<${Control} field=${field} edit=${edit} />`}
    ${beside}
    ${notes && html`<p class="muted small" id=${noted(id)}>${notes}</p>`}
    <${Faults} id=${id} reasons=${faults} />
  </div>`;
}

/** What is wrong with a field, for the eye and, by `aria-describedby`, for screen readers. */
export function Faults({ id, reasons }) {
  return reasons.length > 0 && html`<p class="fault" id=${faulty(id)}>${reasons.join(". ")}</p>`;
}

/** The attributes that a control of a field needs. */
export function attributes(id, edit) {
  const wrong = edit.faults(id).length > 0;
  return { id, "aria-invalid": wrong ? "true" : undefined, "aria-describedby": `${noted(id)} ${faulty(id)}`, onBlur: () => edit.touch(id) };
}

const noted = (id) => `${id}-note`;
const faulty = (id) => `${id}-fault`;
const isLong = ({ kind, longest }) => kind === "json" || kind === "url" || (kind === "string" && longest >= LONG);

function Count({ count, most }) {
  const over = count - most;
  return html`<span class=${`count small ${over > 0 ? "bad" : "muted"}`}>${over > 0 && `${over} too many · `}${count} of ${most}</span>`;
}

function hint({ kind, lowest, highest, unit, wanted, what, fewest, most }) {
  if (kind === "whole") return `${lowest} to ${highest}${unit ? ` ${unit}` : ""}`;
  if (what) return `a JSON array of ${fewest && most ? `${fewest} to ${most} ` : ""}${what}`;
  if (kind === "json") return `JSON: ${wanted}`;
  return kind === "matching" ? wanted : "";
}

function Control({ field, edit }) {
  const value = edit.value(field.path);
  const own = attributes(field.id, edit);
  const change = (event) => edit.change(field, event.target.value);
  if (field.kind === "json") return html`<${Json} field=${field} edit=${edit} own=${own} value=${value} />`;
  if (field.kind === "word" || field.kind === "flag") {
    const words = field.kind === "flag" ? ["true", "false"] : field.words;
    return html`<${Choice} own=${own} words=${words} value=${shown(value)} none=${field.required ? "choose…" : "not set"} onChange=${change} />`;
  }
  if (field.kind === "one_of" || field.kind === "tagged") {
    return html`<${Choice} own=${own} words=${field.words} value=${shown(field.chosen)} none="choose…" onChange=${change} />`;
  }
  if (field.kind === "string" && field.longest >= LONG) {
    return html`<textarea ...${own} rows="2" dir="auto" value=${shown(value)} onInput=${change}></textarea>`;
  }
  const text = field.kind === "string";
  return html`<input ...${own} dir=${text ? "auto" : "ltr"} inputmode=${{ whole: "numeric", url: "url" }[field.kind]}
    spellcheck=${text} autocomplete="off" value=${shown(value)} onInput=${change} />`;
}

function Choice({ own, words, value, none, onChange }) {
  const unknown = value !== "" && !words.includes(value);
  return html`<select ...${own} value=${value} onChange=${onChange}>
    ${(value === "" || none === "not set") && html`<option value="">${none}</option>`}
    ${unknown && html`<option value=${value}>${value}</option>`}
    ${words.map((word) => html`<option key=${word} value=${word}>${word}</option>`)}
  </select>`;
}

/** A value that has no field of its own, as the text that was written: its numbers stay exact. */
function Json({ field, edit, own, value }) {
  const broken = edit.broken[field.id];
  const write = (event) => {
    const text = event.target.value;
    try {
      const next = text.trim() === "" ? undefined : parse(text);
      edit.change(field, next, { text });
    } catch {
      edit.hold(field.id, text);
    }
  };
  return html`<textarea ...${own} class="code" rows="3" dir="ltr" spellcheck="false" value=${broken?.text ?? (value === undefined ? "" : stringify(value))}
    onInput=${write} onBlur=${() => { own.onBlur(); edit.settle(field.id); }}></textarea>`;
}
