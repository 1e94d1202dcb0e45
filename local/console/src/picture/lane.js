/** One lane of the picture: the shapes of a step. Pure. Lengths are px, times ms. */

import { SHORTEST_BAR, nudged, placed } from "../timemap.js";
import { dotWords, entry, laneWords } from "../words.js";
import { measure, shortened } from "./measure.js";
import { queued, tries } from "./queue.js";

export const BAR = 26; // height
export const RADIUS = 5.5; // of a status
const ABOVE = 8; // from the lane's top to its bar
const BELOW = 18; // from the bar to the statuses
const LEAST = 62; // height of a lane whose step was sent
const LINE = 16; // between two rows of labels
const APART = 12; // between two statuses
const CLOCKS = 1000; // ms between two clocks from which both are drawn
const TEXT = 12; // font size
const LONGEST = 190; // of a status's label

/** The colours of a bar, by how its step was left. */
const FILLS = { expired: "late", advanced: "late", rejected: "bad", undeliverable: "bad", unconfirmed: "bad", refused: "bad", unsendable: "bad" };

/**
 * Return the lane of a step: {height, shapes, over: the shapes that cover the lines across all lanes, from: where the arrow
 * to the next lane begins ({x, y}) or null, to: where an arrow to this lane ends}.
 *
 * frame: {facts, now, zone, x: function from ms to px, left, right: the px of the plot, folds: [[from, to] in px], top}
 */
export function lane(step, frame) {
  const { top } = frame;
  const bar = { top: top + ABOVE, middle: top + ABOVE + BAR / 2, bottom: top + ABOVE + BAR };
  if (step.waitingSince !== null) return queued(step, frame, bar);
  if (step.phase === "pending" || step.phase === "never") return idle(step, frame, bar);
  const extent = span(step, frame);
  const arrow = step.left && frame.facts.steps[step.number + 1] ? frame.x(step.left.at) : null;
  const words = barWords(step, frame, bar, extent);
  const below = statuses(step, frame, bar, arrow, words.below);
  return {
    height: Math.max(LEAST, below.height),
    shapes: [...tries(step, frame, bar), ...bars(step, frame, bar, extent), ...below.shapes],
    over: [...below.over, ...words.shapes],
    from: arrow === null ? null : { x: arrow, y: bar.bottom },
    to: { x: frame.x(begun(step, frame)), y: bar.top - 1 },
  };
}

/** When a step began to be sent, after the one before it was left: that may be only when it was claimed. */
function begun({ number, begunAt, sends, left }, { facts, now }) {
  const before = facts.steps[number - 1]?.left?.at ?? 0;
  return begunAt !== null && begunAt >= before ? begunAt : sends[0]?.from ?? left?.at ?? now;
}

/** The px of a step's bar: {claim, start, fill (its end), outline: [from, to] or null, tone, sent: whether it has a bar}. */
function span(step, { x, facts, now, right }) {
  const claim = x(step.claimedAt ?? step.left?.at ?? facts.createdAt);
  const answer = step.answeredAt ?? (step.phase === "sending" ? now : step.statuses[0]?.at ?? step.claimedAt);
  const end = step.left?.at ?? step.metAt ?? facts.endedAt ?? now;
  const start = answer === null ? claim : Math.max(x(answer), claim);
  const known = step.answeredAt !== null || step.statuses.length > 0 || step.left !== null;
  const sent = step.phase !== "sending" && step.answer !== "unsent" && step.claimedAt !== null && known;
  const until = step.phase === "waiting" && step.expiresAt !== null ? Math.min(end, step.expiresAt) : end;
  const tone = step.left ? FILLS[step.left.outcome] ?? "bad" : step.phase === "met" ? "ok" : step.phase === "stopped" ? "plain" : "wait";
  const rest = step.left?.outcome === "advanced" && step.window && x(step.window.to) <= right;
  const outlined = step.window && (step.phase === "waiting" || step.left?.outcome === "expired" || rest);
  return {
    claim, start, sent, tone,
    fill: Math.max(x(until), start + SHORTEST_BAR),
    outline: outlined ? [start, Math.min(right, Math.max(x(step.window.to), start + SHORTEST_BAR))] : null,
    open: step.phase === "waiting" && step.expiresAt === null,
    cut: outlined && x(step.window.to) > right,
  };
}

function bars(step, { now, x }, bar, { claim, start, fill, outline, tone, sent, open, cut }) {
  const shapes = [];
  if (step.claimedAt !== null) {
    const state = step.phase === "sending" ? "sending" : step.answer === "unsent" ? "bad" : step.answer === "unknown" ? "unsure" : "";
    const end = Math.max(step.phase === "sending" ? x(now) : sent ? start : fill, claim + SHORTEST_BAR);
    shapes.push({ kind: "rect", cls: `picture-send ${state}`, x: claim, y: bar.middle - 4, w: end - claim, h: 8, r: 4 });
  } else {
    shapes.push({ kind: "dot", status: "rejected", x: claim, y: bar.middle, cls: "bad" });
  }
  if (!sent) return shapes;
  if (outline) {
    const [from, to] = outline;
    const edge = cut ? `M${to} ${bar.top}H${from}V${bar.bottom}H${to}` : `M${from} ${bar.top}H${to}V${bar.bottom}H${from}Z`;
    shapes.push({ kind: "path", cls: "picture-window", d: edge });
  }
  shapes.push({ kind: "rect", cls: `picture-bar ${tone}${open ? " open" : ""}`, x: start, y: bar.top, w: fill - start, h: BAR, r: 3 });
  if (outline) shapes.push({ kind: "path", cls: `picture-edge ${tone}`, d: edgeOf(outline, bar, cut) });
  return shapes;
}

const edgeOf = ([from, to], { top, bottom }, cut) =>
  cut ? `M${to} ${top}H${from}V${bottom}H${to}` : `M${from} ${top}H${to}V${bottom}H${from}Z`;

/** The words of a bar: inside it, beside it, or if there is no room as a label below it. */
function barWords(step, frame, bar, { claim, start, fill, outline, tone, sent }) {
  const text = laneWords(step, frame.facts, frame.now, frame);
  if (!text) return { shapes: [], below: null };
  const { left, right } = frame;
  const width = measure(text, TEXT, true);
  const end = outline ? Math.max(fill, outline[1]) : sent ? fill : Math.max(fill, claim + SHORTEST_BAR);
  const head = sent ? start : claim;
  const first = Math.min(step.claimedAt === null ? claim - RADIUS : Math.min(claim, head), step.begunAt === null ? claim : frame.x(step.begunAt));
  const places = [
    ...(outline && step.phase === "waiting" ? [[fill + 8, outline[1] - 8, "end"]] : []),
    ...(sent && outline && outline[1] < fill ? [[head + 8, outline[1] - 8, "end"]] : []),
    ...(sent ? [[head + 8, fill - 8, "end"]] : []),
    [end + 9, right, "start"],
    ...(sent && outline ? [[head + 8, outline[1] - 8, "end"]] : []),
    [left, first - 9, "end"],
  ].flatMap(([from, to, anchor]) => pieces(from, to, frame.folds, anchor));
  const place = places.find(([from, to]) => to - from >= width);
  const cls = `picture-words ${step.phase === "waiting" || step.phase === "sending" ? "wait" : tone}`;
  const shape = ([from, to, anchor], shown) => ({
    kind: "text", cls: to <= end && from >= head ? `${cls} inside` : cls, x: anchor === "end" ? to : from, y: bar.middle + 4.3, text: shown, anchor, bold: true,
    title: shown === text ? null : text,
  });
  if (place) return { shapes: [shape(place, text)], below: null };
  if (width <= right - left) return { shapes: [], below: { text, cls, width, x: sent ? (start + fill) / 2 : claim } };
  const widest = places.reduce((best, other) => (other[1] - other[0] > best[1] - best[0] ? other : best), places[0]);
  const room = Math.max(widest[1] - widest[0], 0);
  const fitting = shortened(text, room, TEXT, true);
  if (room > (right - left) * 0.6 && fitting) return { shapes: [shape(widest, fitting)], below: null };
  const shown = shortened(text, right - left, TEXT, true);
  return { shapes: [], below: { text: shown, full: text, cls, width: measure(shown, TEXT, true), x: start } };
}

/** The part of a span that no fold covers and that is nearest to its anchor. */
function pieces(from, to, folds, anchor) {
  const found = [];
  let start = from;
  for (const [a, b] of folds) {
    if (b <= start || a >= to) continue;
    if (a - 4 > start) found.push([start, a - 4, anchor]);
    start = b + 4;
  }
  if (to > start) found.push([start, to, anchor]);
  return anchor === "end" ? found.reverse() : found;
}

/** The statuses below a bar, with their labels and the vendor's clock; and what did not fit into the bar. */
function statuses(step, { x, left, right, folds, top, facts, zone }, bar, arrow, extra) {
  const y = bar.bottom + BELOW;
  const points = step.statuses.map((status) => ({ status, true: x(status.at) }));
  const xs = nudged(points.map(({ true: at }) => at), APART, right - RADIUS);
  const names = points.map(({ status }) => (status.again ? "" : shortened(dotWords(status), Math.min(LONGEST, right - left), TEXT)));
  const items = names.map((name, index) => ({ x: xs[index], radius: RADIUS, width: measure(name, TEXT) }));
  const taken = [...folds.map(([from, to]) => ({ rows: 1, from, to })), ...(arrow === null ? [] : [{ rows: 2, from: arrow - 3, to: arrow + 3 }])];
  if (extra) items.push({ x: Math.min(Math.max(extra.x, left), right), radius: 0, width: extra.width });
  const { labels, rows } = placed(items, { taken, left, right });
  const over = [];
  const shapes = points.flatMap(({ status, true: at }, index) => {
    const label = labels[index];
    const cls = `${status.late ? "late" : ""} ${status.effect === "completed" ? "completed" : ""}`;
    const shown = { kind: "text", cls: `picture-label ${cls}`, x: label.x, y: y + 4.2 + LINE * label.row, text: names[index], anchor: "start", sequence: status.sequence };
    const dot = { kind: "dot", status: status.status, cls, late: status.late, x: xs[index], y, sequence: status.sequence, title: said(status, facts, zone) };
    over.push(dot, ...(status.again ? [] : [shown]));
    const lead = label.row && !status.again ? [{ kind: "line", cls: "picture-lead", x1: xs[index], y1: y, x2: xs[index], y2: y + LINE * label.row - 7 }] : [];
    const stem = at > xs[index] + 0.5 || at < xs[index] - 0.5
      ? [{ kind: "path", cls: `picture-stem ${cls}`, d: `M${at} ${bar.bottom}V${bar.bottom + 3}L${xs[index]} ${y - RADIUS}` }]
      : [{ kind: "line", cls: `picture-stem ${cls}`, x1: at, y1: bar.bottom, x2: at, y2: y - RADIUS }];
    return [...stem, ...lead, ...tail(status, at, x, bar, index, left, right)];
  });
  if (extra) {
    const label = labels.at(-1);
    over.push({ kind: "text", cls: extra.cls, x: label.x, y: y + 4.2 + LINE * label.row, text: extra.text, anchor: "start", bold: true, title: extra.full });
  }
  const used = items.length ? y + 18 + LINE * (rows - 1) : bar.bottom + 14;
  return { shapes, over, height: used - top };
}

/** All that is known of a status, for its tooltip. */
function said({ sequence }, facts, zone) {
  const { text, note } = entry({ sequence }, facts, { zone });
  return note ? `${text} (${note})` : text;
}

/** The way from the moment that we recorded to the vendor's moment, on its own line. */
function tail({ at: ours, vendorAt, late }, at, x, bar, index, left, right) {
  if (vendorAt === null || Math.abs(ours - vendorAt) <= CLOCKS) return [];
  const y = bar.bottom + 4 + 3 * (index % 3);
  const to = Math.min(Math.max(x(vendorAt), left), right);
  const end = to === x(vendorAt) ? `M${to} ${y - 2.5}V${y + 2.5}` : ""; // outside the picture: no end is shown
  return [{ kind: "path", cls: `picture-tail ${late ? "late" : ""}`, d: `M${at} ${y}H${to}${end}` }];
}

/** A step that was not sent: hatched while it may still be, otherwise only words. */
function idle(step, frame, bar) {
  const { x, left, right, facts, now } = frame;
  const text = laneWords(step, facts, now, frame);
  const waits = facts.next?.waitingSince != null;
  const earliest = waits ? now : facts.current?.expiresAt ?? facts.steps.findLast((other) => other.left)?.left.at ?? now;
  const height = BAR + ABOVE + 14;
  if (step.phase === "never") {
    const shapes = [
      { kind: "line", cls: "picture-never", x1: left, y1: bar.middle, x2: right, y2: bar.middle },
    ];
    const over = [{ kind: "text", cls: "picture-idle", x: left, y: bar.middle + 4.2, text, anchor: "start" }];
    return { height, shapes, over, from: null, to: null };
  }
  const start = Math.min(x(earliest), right - 24);
  const brief = laneWords(step, facts, now, { ...frame, brief: true });
  const fitting = [text, brief].find((words) => right - start - 16 >= measure(words, TEXT));
  const shapes = [{ kind: "rect", cls: "picture-pending", x: start, y: bar.top, w: right - start, h: BAR, r: 3 }];
  const over = [{
    kind: "text", cls: "picture-idle", x: fitting ? start + 9 : start - 8, y: bar.middle + 4.2,
    text: fitting ?? shortened(brief, start - 8 - left), anchor: fitting ? "start" : "end", title: fitting === text ? null : text,
  }];
  return { height, shapes, over, from: null, to: { x: Math.max(start, x(earliest)), y: bar.top - 1 } };
}
