import { html } from "../html.js";
import { seconds as inWords } from "../times.js";
import { percent, within } from "../summary.js";

const HEIGHT = 190;
const MARGIN = { left: 44, right: 16, top: 26, bottom: 30 };
const TICKS = [1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 43200, 86400];
const LEAST = 0.5;

/**
 * The share of a channel's messages that had met their condition within a time, as a stepped curve over a logarithmic
 * axis, with each expiry in use as a line.
 *
 * @param {{times: object, width: number, label: string}} props `times`: an entry of the summary's `times`
 */
export function Curve({ times, width, label }) {
  const most = Math.max(10, times.curve.at(-1)?.seconds ?? 0, ...times.expiry_times.map(({ seconds }) => seconds)) * 1.3;
  const inner = width - MARGIN.left - MARGIN.right;
  const x = (seconds) => MARGIN.left + (inner * Math.log(Math.max(seconds, LEAST) / LEAST)) / Math.log(most / LEAST);
  const y = (steps) => HEIGHT - MARGIN.bottom - ((HEIGHT - MARGIN.top - MARGIN.bottom) * steps) / Math.max(times.sent, 1);
  let path = `M${x(LEAST)},${y(0)}`;
  for (const { seconds, steps } of times.curve) path += `H${x(seconds)}V${y(steps)}`;
  path += `H${x(most)}`;
  const spaced = TICKS.filter((tick) => tick < most && tick >= LEAST);
  const every = Math.max(1, Math.ceil((spaced.length * 58) / inner));
  const ticks = spaced.filter((_, number) => number % every === 0);
  return html`<svg class="curve" width=${width} height=${HEIGHT} role="img" aria-label=${label}>
    ${[0, 0.5, 1].map((share) => html`<g><line class="grid" x1=${MARGIN.left} x2=${width - MARGIN.right} y1=${y(share * times.sent)} y2=${y(share * times.sent)} />
      <text class="axis" x=${MARGIN.left - 6} y=${y(share * times.sent) + 4} text-anchor="end">${share * 100} %</text></g>`)}
    ${ticks.map((tick) => html`<text class="axis" x=${x(tick)} y=${HEIGHT - 10} text-anchor="middle">${inWords(tick)}</text>`)}
    <path class="area" d=${`${path}V${y(0)}H${x(LEAST)}Z`} />
    <path class="line" d=${path} />
    ${lines(times, x, width).map(({ at, anchor, dx, row, words }) => html`<g>
      <line class="expiry" x1=${at} x2=${at} y1=${MARGIN.top - 10} y2=${y(0)} />
      <text class="expiry-label" x=${at + dx} y=${12 + 13 * row} text-anchor=${anchor}>${words}</text></g>`)}
  </svg>`;
}

/** At most three expiries, those most in use; a label at the right edge is set to the left of its line. */
function lines(times, x, width) {
  const used = times.expiry_times.toSorted((one, other) => other.steps - one.steps).slice(0, 3);
  return used.sort((one, other) => one.seconds - other.seconds).map(({ seconds }, number) => {
    const at = x(seconds);
    const left = at > width * 0.6;
    const words = `${inWords(seconds)}: ${percent(within(times.curve, seconds), times.sent)}`;
    return { at, words, row: number % 2, anchor: left ? "end" : "start", dx: left ? -5 : 5 };
  });
}
