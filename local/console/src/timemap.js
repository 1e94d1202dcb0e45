/**
 * The time axis of a picture: a scale whose long gaps are folded, its ticks, and labels that do not collide. Pure. Times
 * are ms, lengths px.
 */

import { clock, duration, seconds } from "./times.js";

export const FOLD = 24; // px of a folded gap
export const SHORTEST_BAR = 5; // px
const FOLD_FROM = 60_000; // ms: no shorter gap is folded
const LIVE_SHARE = 0.45; // of the width, for a folded gap that time is passing through now
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

/** Return the gap (ms) from which gaps between these moments are folded: more than 60 s and 10 times the median gap. */
export function foldFrom(moments) {
  const gaps = moments.slice(1).map((moment, index) => moment - moments[index]).filter((gap) => gap > 0).sort((a, b) => a - b);
  return Math.max(FOLD_FROM, 10 * (gaps[Math.floor((gaps.length - 1) / 2)] ?? 0));
}

/**
 * Return the scale of a picture.
 *
 * @param marks the moments that matter, ms, in any order
 * @param width px from the first moment to the last
 * @param now a moment (or null); the gap it is in does not shrink to a fold, since time is passing there
 * @param unfolded the keys of gaps that the reader has unfolded, or "all"
 * @param fold px of a folded gap
 * @returns {from, to, x: a function from ms to px (beyond both ends at the scale of the nearest segment),
 *   segments: [{key, from, to, start, end, kind: "plain", "live" or "fold"}]}; `key` is what onUnfold gets */
export function timemap({ marks, width, now = null, unfolded = [], fold = FOLD }) {
  const moments = [...new Set(marks)].sort((a, b) => a - b);
  if (moments.length < 2) moments.push((moments[0] ?? 0) + 1000);
  const limit = foldFrom(moments);
  const segments = [];
  for (let index = 1; index < moments.length; index++) {
    const [from, to] = [moments[index - 1], moments[index]];
    const long = to - from > limit && unfolded !== "all" && !unfolded.includes(String(from));
    const kind = !long ? "plain" : now !== null && now >= from && now < to ? "live" : "fold";
    const before = segments.at(-1);
    if (kind === "plain" && before?.kind === "plain") before.to = to;
    else segments.push({ key: String(from), from, to, kind });
  }
  spread(segments, width, fold);
  return { from: moments[0], to: moments.at(-1), segments, x: (at) => position(segments, at), long: limit };
}

function spread(segments, width, fold) {
  const of = (kind) => segments.filter((segment) => segment.kind === kind);
  const plain = of("plain").reduce((total, { from, to }) => total + to - from, 0);
  const live = of("live").length ? width * (plain ? LIVE_SHARE : 1) : 0;
  const folds = of("fold").length;
  const each = plain || live ? Math.min(fold, (width * 0.5) / Math.max(1, folds)) : width / folds;
  const rest = Math.max(0, width - live - each * folds);
  let x = 0;
  for (const segment of segments) {
    segment.start = x;
    x += segment.kind === "plain" ? (rest * (segment.to - segment.from)) / plain : segment.kind === "live" ? live : each;
    segment.end = x;
  }
}

function position(segments, at) {
  const segment = segments.find(({ to }) => at <= to) ?? segments.at(-1);
  const outside = at < segments[0].from || at > segments.at(-1).to;
  const scale = outside ? rate(segments) : (segment.end - segment.start) / (segment.to - segment.from);
  return at > segment.to ? segment.end + (at - segment.to) * scale : segment.start + (at - segment.from) * scale;
}

/** px per ms outside the marks: that of the plain segments. */
function rate(segments) {
  const plain = segments.find(({ kind }) => kind === "plain") ?? segments[0];
  return (plain.end - plain.start) / (plain.to - plain.from);
}

/**
 * Return the ticks of a scale: [{at, x, label}], in order. The first is the start, as a clock time with its zone; the
 * others count from it, or are clock times where that would be long.
 *
 * apart: the least px between two ticks. until: the last px. zone: `local` or `utc`.
 */
export function ticks(map, { apart = 76, until = map.x(map.to), zone = "local" } = {}) {
  const origin = map.from;
  const found = [{ at: origin, x: map.x(origin), label: clock(origin, { milliseconds: false, zone }) }];
  const lastIndex = map.segments.length - 1;
  for (const [index, { from, to, start, end, kind }] of map.segments.entries()) {
    if (kind === "fold") continue;
    const scale = (end - start) / (to - from);
    const step = tickStep(scale, apart, from - origin >= 60_000 ? 1 : 0);
    const end_ = index === lastIndex ? to + Math.max(0, until - end) / scale : to;
    for (let at = origin + Math.ceil((from - origin) / step) * step; at <= end_; at += step) {
      const x = start + (at - from) * scale;
      if (x - found.at(-1).x >= apart) found.push({ at, x, label: tickLabel(at, origin, step, zone) });
    }
  }
  return found;
}

/** Return the least sensible step (ms) whose ticks are at least so far apart. scale: px per ms. least: seconds. */
export function tickStep(scale, apart, least = 0) {
  const step = STEPS.find((step) => step >= least && step * 1000 * scale >= apart);
  return (step ?? Math.ceil(apart / scale / 604_800_000) * 604_800) * 1000;
}

function tickLabel(at, origin, step, zone) {
  const offset = (at - origin) / 1000;
  if (offset >= 3600 && step < 60_000) return clock(at, { milliseconds: false, named: false, near: origin, zone });
  return step < 1000 ? `+${duration(at - origin)}` : `+${seconds(offset)}`;
}

/**
 * Place labels beside their points so that none covers another label or a point.
 *
 * @param items [{x, radius, width}] in order of x: the point, and the width of its label, px; 0 if it has none
 * @param taken [{rows, from, to}] further px that are taken in the first so many rows
 * @param left, right the px between which labels must be
 * @returns [{row, x: where the label starts, beside: whether it is in the row of the point (0)}], one for each item, and
 *   `rows`: how many rows there are */
export function placed(items, { taken = [], left, right, gap = 4 }) {
  const rows = [items.map(({ x, radius }) => [x - radius, x + radius])];
  const row = (number) => (rows[number] ??= []);
  const free = (number, from, to) => from >= left && to <= right && !row(number).some(([a, b]) => from < b + gap && a - gap < to) &&
    !taken.some((other) => number < other.rows && from < other.to + 2 && other.from - 2 < to);
  const labels = items.map((item) => {
    const { x, radius, width } = item;
    if (!width) return { row: 0, x, beside: true };
    const beside = [[x + radius + gap, x + radius + gap + width], [x - radius - gap - width, x - radius - gap]];
    const own = rows[0].indexOf(rows[0].find(([a, b]) => a === x - radius && b === x + radius));
    const mine = rows[0].splice(own, 1)[0];
    for (const [from, to] of beside) {
      if (free(0, from, to)) {
        rows[0].push(mine, [from, to]);
        return { row: 0, x: from, beside: true };
      }
    }
    rows[0].push(mine);
    for (let number = 1; ; number++) {
      const starts = [x - 4, x - width + 4, Math.min(Math.max(left, x - width / 2), right - width)];
      for (const from of starts) {
        const last = number >= 40; // it never comes so far, unless a label is wider than the picture
        if (free(number, from, from + width) || last) {
          row(number).push([from, from + width]);
          for (let above = 1; above < number; above++) row(above).push([x - 1, x + 1]);
          return { row: number, x: last ? Math.max(left, right - width) : from, beside: false };
        }
      }
    }
  });
  return { labels, rows: Math.max(1, ...labels.map(({ row }) => row + 1)) };
}

/** Return points moved to the right, as far as needed, so that they are at least `apart` px from each other; in order. */
export function nudged(xs, apart, right = Infinity) {
  const moved = [];
  for (const x of xs) moved.push(moved.length ? Math.max(x, moved.at(-1) + apart) : x);
  for (let index = moved.length - 1, most = right; index >= 0; index--, most -= apart) {
    if (moved[index] > most) moved[index] = most;
  }
  return moved;
}
