import "./chain.css";
import { html } from "../html.js";
import { folded } from "../list.js";
import { countdown } from "../times.js";
import { chain } from "../workflow.js";
import { channel, link } from "../words.js";
import { Shape } from "./shape.js";
import { useTick } from "./ticking.js";

/**
 * The steps of a row of the list in order, `Messenger ✕ → SMS ◐ 12 s → RCS`: what each of them has come to, the current
 * one ringed. Without `?expand=steps` only the channels are known.
 *
 * @param {{row: object, room?: number}} props room: of how many steps all are shown
 */
export function Chain({ row, room }) {
  const steps = chain(row);
  if (!steps) return html`<span class="chain muted">${(row.channels ?? []).map((name) => channel(name).label).join(", ")}</span>`;
  const over = row.status !== "running";
  return html`<span class="chain">${folded(steps, room).map(({ step, more }) =>
    step ? html`<${Link} key=${step.number} step=${step} over=${over} />` : html`<${More} key="more" steps=${more} over=${over} />`)}</span>`;
}

function Link({ step, over }) {
  const { word, shape, tone } = link(step, over);
  const pending = step.state === "pending" && !step.queued;
  const timed = step.waits && step.expiresAt !== null;
  const kind = step.current && !pending ? "link current" : pending ? "link pending" : `link ${tone}`;
  const title = `${channel(step.channel).label}: ${word}`;
  return html`<span class="hop"><span class=${kind} title=${title}>
    ${timed && html`<${Gauge} step=${step} />`}
    ${channel(step.channel).label}
    ${!pending && html`<${Shape} shape=${shape} />`}
    <span class="visually-hidden"> ${word}${timed ? "," : ";"} </span>
    ${timed && html`<${Left} step=${step} />`}
  </span></span>`;
}

function More({ steps, over }) {
  const names = steps.map((step) => `${channel(step.channel).label}: ${link(step, over).word}`).join(", ");
  return html`<span class="hop"><span class="link pending" title=${names}><span aria-hidden="true">+${steps.length}</span><span class="visually-hidden">${names}; </span></span></span>`;
}

/** The time left of a wait. */
function Left({ step }) {
  const [left, ref] = useTick((now) => countdown(step.expiresAt - now));
  return html`<b ref=${ref} class="left">${left}<span class="visually-hidden"> left; </span></b>`;
}

/** The same as a bar behind the step, which shrinks. */
function Gauge({ step }) {
  const whole = step.expiry * 1000;
  const [share, ref] = useTick((now) => Math.round(1000 * Math.min(1, Math.max(0, (step.expiresAt - now) / whole))) / 10);
  return html`<svg ref=${ref} class="gauge" aria-hidden="true" focusable="false"><rect width="${share}%" height="100%" /></svg>`;
}
