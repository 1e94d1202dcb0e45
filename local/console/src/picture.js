/** The picture of a workflow: lanes on a time axis, drawn as SVG. Its shapes come from picture/layout.js. */

import { html, useId } from "./html.js";
import { read } from "./workflow.js";
import { foldsButton, planSentence, sentenceText } from "./words.js";
import { layout } from "./picture/layout.js";
import { RADIUS } from "./picture/lane.js";
import { plan } from "./picture/plan.js";

/**
 * The picture of a workflow, or of a plan.
 *
 * workflow: the API's resource, or its facts (workflow.js, `read`); null for a plan. now: the server's time, ms.
 * width: px of the picture; nothing is drawn without it. marked: the sequence of the marked entry, or null.
 * onMark: called with the sequence of a status that was clicked. unfolded: keys of unfolded gaps, or "all"; onUnfold: called with
 * the list of them that the reader wants. ghost: the answer of `?dry_run=true`, drawn if there is no workflow.
 * zone: `local` or `utc`.
 */
export function Picture({ workflow, now, width, marked = null, onMark, unfolded = [], onUnfold, ghost, zone = "local" }) {
  const id = useId();
  if (!(width > 0) || !(workflow || ghost)) return html`<div class="picture"></div>`;
  const facts = workflow && (workflow.createdAt === undefined ? read(workflow, now) : workflow);
  const drawn = facts ? layout(facts, { now, width, unfolded, marked, zone }) : plan(ghost, { width, zone });
  const name = facts ? sentenceText(facts, now, { zone }) : planSentence(drawn.steps);
  const button = onUnfold && foldsButton(drawn.folds, unfolded.length > 0);
  const context = { hatch: `${id}-hatch`, marked, onMark, unfold: onUnfold && ((key) => onUnfold([...unfolded, key])) };
  return html`<div class="picture">
    <svg role="img" aria-label=${name} width=${drawn.width} height=${drawn.height} class="picture-svg">
      <defs>
        <pattern id=${context.hatch} width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line class="picture-hatch" x1="0" y1="0" x2="0" y2="7" />
        </pattern>
      </defs>
      ${drawn.shapes.map((shape) => KINDS[shape.kind](shape, context))}
    </svg>
    ${button && html`<button type="button" class="picture-unfold" onClick=${() => onUnfold(drawn.folds ? [...unfolded, ...drawn.keys] : [])}>${button}</button>`}
  </div>`;
}

const KINDS = { rect, line, path, text, dot, fold };

function rect({ cls, x, y, w, h: height, r = 0 }, { hatch }) {
  const fill = cls.startsWith("picture-pending") ? `url(#${hatch})` : undefined;
  return html`<rect class=${cls} x=${round(x)} y=${y} width=${round(Math.max(0, w))} height=${height} rx=${r} fill=${fill} />`;
}

function line({ cls, x1, y1, x2, y2 }) {
  return html`<line class=${cls} x1=${round(x1)} y1=${y1} x2=${round(x2)} y2=${y2} />`;
}

function path({ cls, d }) {
  return html`<path class=${cls} d=${d.replace(/\d+\.\d+/g, (number) => String(round(Number(number))))} />`;
}

function text({ cls, x, y, text: words, anchor, title, sequence }, context) {
  const mark = marking(sequence, context);
  return html`<text class="picture-text ${cls} ${mark.cls}" x=${round(x)} y=${y} text-anchor=${anchor} onClick=${mark.onClick}>${words}${title && html`<title>${title}</title>`}</text>`;
}

/** A status by its shape: submitted empty, delivered half, read full, a failure crossed, another word a question mark. */
function dot({ status, cls = "", x, y, sequence, title }, context) {
  const mark = marking(sequence, context);
  return html`<g class="picture-dot ${status in SHAPES ? status : "other"} ${cls} ${mark.cls}" transform="translate(${round(x)} ${y})" onClick=${mark.onClick}>
    ${title && html`<title>${title}</title>`}
    <circle class="picture-reach" r=${2 * RADIUS} />
    ${mark.cls && html`<circle class="picture-ring" r=${RADIUS + 4} />`}
    <circle class="picture-disc" r=${RADIUS} />
    ${(SHAPES[status] ?? SHAPES.other)()}
  </g>`;
}

const R = RADIUS;
const cross = () => html`<path class="picture-cross" d="M-2.4 -2.4L2.4 2.4M2.4 -2.4L-2.4 2.4" />`;
const SHAPES = {
  submitted: () => null,
  delivered: () => html`<path class="picture-fill" d="M0 ${-R}A${R} ${R} 0 0 0 0 ${R}Z" />`,
  read: () => html`<circle class="picture-fill" r=${R} />`,
  rejected: cross,
  undeliverable: cross,
  other: () => html`<text class="picture-mystery" y="3.4" text-anchor="middle">?</text>`,
};

function marking(sequence, { marked, onMark }) {
  if (sequence === undefined) return { cls: "" };
  return { cls: sequence === marked ? "marked" : "", onClick: onMark && (() => onMark(sequence)) };
}

/** A folded gap: two torn edges, and a click that unfolds it. A change of scale is one edge, without a key. */
function fold({ x, w, y, h: height, key, title }, { unfold }) {
  return html`<g class="picture-fold ${key ? "folded" : ""}" onClick=${key && unfold && (() => unfold(key))}>
    <title>${title}</title>
    <rect class="picture-tear" x=${round(x)} y=${y} width=${round(w)} height=${height} />
    <path class="picture-zigzag" d="${zigzag(x, y, height)}${w ? zigzag(x + w, y, height) : ""}" />
  </g>`;
}

function zigzag(x, y, height) {
  let d = `M${round(x)} ${y}`;
  for (let at = 0, side = 1; at + 5 <= height; at += 5, side = -side) d += `l${2.5 * side} 5`;
  return d;
}

const round = (px) => Math.round(px * 10) / 10;
