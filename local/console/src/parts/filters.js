import { config } from "../config.js";
import { html, useLayoutEffect, useState } from "../html.js";
import { named, narrows, STATUSES } from "../list.js";
import { channel, CHANNELS, workflow } from "../words.js";
import { Shape } from "./shape.js";

const SPANS = [["", "any time"], ["1h", "last hour"], ["24h", "last 24 hours"], ["7d", "last 7 days"]];

/** The filters above the list. All of them are in the address. */
export function Filters({ filter, onChange }) {
  const names = config.channels.length ? config.channels.map(({ name }) => name) : Object.keys(CHANNELS);
  return html`<div class="filters no-print">
    <div class="chips" role="group" aria-label="Status">
      ${["", ...STATUSES].map((status) => html`<button key=${status} class="chip" aria-pressed=${filter.status === status} onClick=${() => onChange({ status })}>
        ${status && html`<${Shape} shape=${workflow(status).shape} />`}${status ? workflow(status).word : "all"}</button>`)}
    </div>
    <div class="chips" role="group" aria-label="Among the loaded ones">
      <button class="chip" aria-pressed=${filter.waiting} onClick=${() => onChange({ waiting: !filter.waiting })}>waiting</button>
      <button class="chip" aria-pressed=${filter.twice} onClick=${() => onChange({ twice: !filter.twice })}>reached twice</button>
    </div>
    <label class="inline"><span class="visually-hidden">Channel</span>
      <select value=${filter.channel} onChange=${(event) => onChange({ channel: event.target.value })}>
        <option value="">any channel</option>
        ${names.map((name) => html`<option key=${name} value=${name}>${channel(name).label}</option>`)}
      </select></label>
    <label class="inline"><span class="visually-hidden">Created</span>
      <select value=${filter.since} onChange=${(event) => onChange({ since: event.target.value })}>
        ${SPANS.map(([value, words]) => html`<option key=${value} value=${value}>${words}</option>`)}
      </select></label>
    ${narrows(filter) && html`<button class="quiet" onClick=${() => onChange(CLEAR)}>clear</button>`}
  </div>`;
}

/** What takes all filters away. */
export const CLEAR = { status: "", channel: "", ref: "", since: "", waiting: false, twice: false };

/**
 * The box: a UUID opens its workflow, everything else is looked for as a `client_ref`.
 *
 * @param {{ref_: string, onChange: (changes: object) => void, onOpen: (id: string) => void, onDown: () => void}} props
 *   onDown: the reader goes on to the list
 */
export function Search({ ref_: ref, onChange, onOpen, onDown }) {
  const [text, setText] = useState(ref);
  useLayoutEffect(() => setText(ref), [ref]); // before the reader can type
  const find = (value) => {
    const id = named(value);
    if (!id) return onChange({ ref: value.trim() });
    setText(ref);
    return onOpen(id);
  };
  const typed = ({ target }) => {
    setText(target.value);
    if (!target.value && ref) onChange({ ref: "" });
  };
  const pasted = (event) => {
    const id = named(event.clipboardData.getData("text"));
    if (!id || text) return;
    event.preventDefault();
    onOpen(id);
  };
  const pressed = (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    onDown();
  };
  return html`<form class="search no-print" role="search" onSubmit=${(event) => { event.preventDefault(); find(text); }}>
    <input id="search" type="search" value=${text} onInput=${typed} onPaste=${pasted} onKeyDown=${pressed} autocomplete="off" spellcheck="false"
      dir="auto" aria-label="Find by workflow id or by exact client_ref" placeholder="Workflow id, or whole client_ref" />
    <button>Find</button>
  </form>`;
}
