import { html } from "../html.js";
import { OUTCOMES } from "../summary.js";

const HEIGHT = 150;
const BASE = HEIGHT - 24;
const LEFT = 36;

/** Workflows by the hour of their creation, stacked by outcome. `bins` as from `summary.bars`; `name(bin)` in words. */
export function Bars({ bins, width, label, name }) {
  const most = Math.max(1, ...bins.map(total));
  const wide = (width - LEFT) / bins.length;
  const every = Math.ceil((bins.length * 74) / (width - LEFT));
  return html`<svg class="bars" width=${width} height=${HEIGHT} role="img" aria-label=${label}>
    <line class="grid" x1=${LEFT} x2=${width} y1=${BASE} y2=${BASE} />
    <text class="axis" x=${LEFT - 6} y="14" text-anchor="end">${most}</text><text class="axis" x=${LEFT - 6} y=${BASE} text-anchor="end">0</text>
    ${bins.map((bin, number) => html`<g><title>${`${name(bin)}: ${total(bin)}`}</title>
      ${stacked(bin, most).map(({ outcome, from, height }) => html`<rect class=${`fill-${outcome}`} x=${LEFT + number * wide + 1} width=${Math.max(1, wide - 2)} y=${from} height=${height} />`)}
      ${number % every === 0 && LEFT + number * wide < width - 34 && html`<text class="axis" x=${LEFT + number * wide} y=${HEIGHT - 6}>${name(bin)}</text>`}</g>`)}
  </svg>`;
}

const total = (bin) => OUTCOMES.reduce((sum, outcome) => sum + bin[outcome], 0);

function stacked(bin, most) {
  let from = BASE;
  return OUTCOMES.filter((outcome) => bin[outcome]).map((outcome) => {
    const height = (bin[outcome] / most) * (BASE - 8);
    from -= height;
    return { outcome, from, height };
  });
}
