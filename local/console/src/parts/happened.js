import { html, useRef, useState } from "../html.js";
import { useKeys } from "../keys.js";
import { requery } from "../route.js";
import { useZone } from "../settings.js";
import { elapsed } from "../times.js";
import { entry as words } from "../words.js";
import { Time } from "./time.js";

/** What happened, in words: one line for each entry of the timeline. ↑ and ↓ move, and the picture marks the entry. */
export function Happened({ facts, marked }) {
  const [hidden, setHidden] = useState(false);
  const list = useRef();
  const shown = facts.entries.filter((entry) => !(hidden && entry.event === "status" && entry.status === "submitted"));
  const move = (by) => () => {
    const at = shown.findIndex(({ sequence }) => sequence === marked);
    const to = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(at + by, 0), shown.length - 1)];
    mark(to.sequence);
    list.current?.querySelector(`[data-sequence="${to.sequence}"] button`)?.focus();
  };
  useKeys({ ArrowDown: ["mark the next entry", move(1)], ArrowUp: ["mark the entry before", move(-1)] });
  return html`<section>
    <div class="row spread">
      <h2 id="happened">What happened</h2>
      <label class="inline small no-print"><input type="checkbox" checked=${hidden} onChange=${(event) => setHidden(event.target.checked)} /> without “submitted”</label>
    </div>
    <ol class="happened" ref=${list} aria-labelledby="happened">${shown.map((entry) => html`<${Line} key=${entry.sequence} entry=${entry} facts=${facts} marked=${entry.sequence === marked} />`)}</ol>
  </section>`;
}

function Line({ entry, facts, marked }) {
  const { text, note, tone } = words(entry, facts, { zone: useZone() });
  return html`<li class=${`${marked ? "marked" : ""} ${tone}`} data-sequence=${entry.sequence}>
    <${Time} at=${entry.at} />
    <span class="elapsed">${elapsed(entry.at - facts.createdAt)}</span>
    <span class="words"><button class="entry" aria-pressed=${marked} onClick=${() => mark(marked ? undefined : entry.sequence)}>${text}</button>${note && html` <span class="beside">(${note})</span>`}</span>
  </li>`;
}

function mark(sequence) {
  requery({ at: sequence });
}
