/** Where everything in the picture is: a pure function from the facts to shapes. Lengths are px, times ms. */

import { ticks, timemap } from "../timemap.js";
import { END, NOW, SCALE, foldWords, laneTitle, laneWords, word as unknown } from "../words.js";
import { spelled } from "../visible.js";
import { lane } from "./lane.js";
import { measure, shortened } from "./measure.js";

export const NARROW = 560; // px: below it, titles are above their lanes
const TITLES = 148; // px of the titles beside their lanes
const AXIS = 30; // height
const FOOT = 26; // height of the row below the lanes
const TITLE = 22; // height of a title above its lane
const EDGE = 2; // px free at both ends
const LEAST = 5000; // ms that a picture shows while a workflow runs

/**
 * Return the picture of a workflow.
 *
 * @param facts workflow.js, `read`
 * @param options {now, width, unfolded: keys of unfolded gaps, marked: a sequence or null, zone}
 * @returns {width, height, shapes: [{kind: "rect", "line", "path", "text", "dot" or "fold", cls, …}],
 *   folds: how many gaps are folded, keys: their keys} */
export function layout(facts, { now, width, unfolded = [], marked = null, zone = "local" }) {
  const narrow = width < NARROW;
  const left = narrow ? EDGE : TITLES;
  const right = Math.max(left + 80, width - EDGE);
  const present = facts.running ? Math.max(now, facts.entries.at(-1)?.at ?? now) : now;
  const map = timemap({ ...moments(facts, present), width: right - left - room(facts, right - left, present, zone), unfolded });
  const frame = { facts, now: present, zone, left, right, x: (at) => left + map.x(at), folds: foldsOf(map, left) };
  const lanes = stack(facts.steps, frame, narrow);
  const bottom = lanes.at(-1).top + lanes.at(-1).height;
  const axis = axisShapes(map, frame, bottom, zone, narrow);
  const height = bottom + FOOT;
  const keys = map.segments.filter(({ kind }) => kind === "fold").map(({ key }) => key);
  return {
    width, height, keys, folds: keys.length,
    shapes: [
      ...axis.lines, ...marks(facts, marked, frame, bottom), ...lanes.flatMap(({ shapes }) => shapes), ...axis.folds,
      ...line(facts, frame, bottom), ...arrows(lanes), ...lanes.flatMap(({ title, over }) => [...title, ...over]), ...axis.labels,
    ],
  };
}

/** The moments that the scale must show: {marks, now (for a wait that time passes through)}. */
function moments(facts, now) {
  const last = Math.max(facts.createdAt, ...facts.entries.map(({ at }) => at));
  const marks = [facts.createdAt, ...facts.entries.map(({ at }) => at)];
  for (const { expiresAt } of facts.steps) if (expiresAt !== null && expiresAt <= last) marks.push(expiresAt);
  if (!facts.running) return { marks, now: null };
  if (now - facts.createdAt < LEAST) marks.push(facts.createdAt + LEAST);
  const waits = facts.current?.expiresAt ?? null;
  if (waits === null || now >= waits) return { marks: [...marks, now, ...(waits === null ? [] : [waits])], now: null };
  return { marks: [...marks, waits], now };
}

/** The px that are kept free after the last moment, for what may come and for words. */
function room(facts, width, now, zone) {
  const pending = facts.steps.filter(({ phase }) => phase === "pending");
  const words = pending.map((step) => measure(laneWords(step, facts, now, { zone })) + 20);
  return pending.length ? Math.min(Math.max(width * 0.2, ...words), width * 0.34) : Math.max(width * 0.14, Math.min(150, width * 0.22));
}

function stack(steps, frame, narrow) {
  const lanes = [];
  let top = AXIS;
  for (const step of steps) {
    const start = narrow ? top + TITLE : top;
    const made = lane(step, { ...frame, top: start });
    lanes.push({ ...made, top: start, step, title: titles(step, top, frame, narrow) });
    top = start + made.height + (narrow ? 4 : 0);
  }
  return lanes;
}

function titles(step, top, { right }, narrow) {
  const name = laneTitle(step);
  const whom = step.recipient ? spelled(step.recipient, { strict: true }) : "";
  const idle = (step.phase === "pending" && step.waitingSince === null) || step.phase === "never" ? "idle" : "";
  const beside = measure(name, 14, true) + 10;
  const room = narrow ? right - beside : TITLES - 14;
  const shown = shortened(whom, room, 12);
  const title = { kind: "text", cls: `picture-title ${idle}`, x: 2, y: top + (narrow ? 17 : 21), text: name, anchor: "start", size: 14, bold: true };
  const second = { kind: "text", cls: "picture-whom", x: narrow ? beside : 2, y: top + (narrow ? 17 : 38), text: shown, anchor: "start", title: shown === whom ? null : whom };
  return shown ? [title, second] : [title];
}

const foldsOf = (map, left) => map.segments.filter(({ kind }) => kind === "fold").map(({ start, end }) => [left + start, left + end]);

function axisShapes(map, { left, right }, bottom, zone, narrow) {
  const found = ticks(map, { apart: narrow ? 66 : 84, until: right - left, zone });
  const labels = [];
  const busy = [];
  const free = (from, to) => from >= -1 && to <= right + 1 && !busy.some(([a, b]) => from < b + 8 && a - 8 < to);
  const put = (x, text, cls, anchor = "middle") => {
    const width = measure(text, 11.5);
    const from = anchor === "start" ? x : x - width / 2;
    if (!free(from, from + width)) return false;
    busy.push([from, from + width]);
    labels.push({ kind: "text", cls, x, y: 17, text, anchor });
    return true;
  };
  put(left, found[0].label, "picture-tick", "start");
  const folds = map.segments.filter(({ kind }) => kind === "fold").map((segment) => {
    const { label, title } = foldWords(segment.to - segment.from);
    put(left + (segment.start + segment.end) / 2, label, "picture-gap");
    return { kind: "fold", x: left + segment.start, w: segment.end - segment.start, y: AXIS - 4, h: bottom - AXIS + 4, key: segment.key, title };
  });
  const changes = map.segments.filter(({ kind, start }) => kind === "live" && start > 0)
    .map(({ start }) => ({ kind: "fold", x: left + start, w: 0, y: AXIS - 4, h: bottom - AXIS + 4, title: SCALE }));
  const lines = found.map(({ x }, index) => {
    if (index) put(left + x, found[index].label, "picture-tick");
    return { kind: "line", cls: "picture-grid", x1: left + x, y1: AXIS - 6, x2: left + x, y2: bottom };
  });
  return { lines, folds: [...folds, ...changes], labels };
}

/** The line of the present, or of the end, with its word below the lanes. */
function line(facts, { x, now, right }, bottom) {
  const at = x(facts.running ? now : facts.endedAt);
  const word = facts.running ? NOW : END[facts.status] ?? unknown(facts.status);
  const cls = facts.running ? "now" : `end ${facts.status}`;
  const half = measure(word, 11.5, true) / 2 + 7;
  const middle = Math.min(Math.max(at, half), right - half);
  return [
    { kind: "line", cls: `picture-line ${cls}`, x1: at, y1: AXIS - 6, x2: at, y2: bottom + 4 },
    { kind: "rect", cls: `picture-pill ${cls}`, x: middle - half, y: bottom + 4, w: 2 * half, h: 18, r: 9 },
    { kind: "text", cls: `picture-pill-word ${cls}`, x: middle, y: bottom + 17, text: word, anchor: "middle", bold: true },
  ];
}

function arrows(lanes) {
  return lanes.flatMap(({ from }, index) => {
    const to = lanes[index + 1]?.to;
    if (!from || !to) return [];
    const [bend, y] = [to.y - 18, to.y];
    const way = Math.abs(from.x - to.x) < 2 ? `V${y}` : `V${bend}C${from.x} ${y - 8} ${to.x} ${bend} ${to.x} ${y - 6}V${y}`;
    return [{ kind: "path", cls: "picture-arrow", d: `M${from.x} ${from.y}${way}M${to.x - 4} ${to.y - 5}L${to.x} ${to.y}L${to.x + 4} ${to.y - 5}` }];
  });
}

/** The marked entry: a line through the lanes at its moment. */
function marks(facts, marked, { x }, bottom) {
  const entry = facts.entries.find(({ sequence }) => sequence === marked);
  return entry ? [{ kind: "line", cls: "picture-mark", x1: x(entry.at), y1: AXIS - 6, x2: x(entry.at), y2: bottom }] : [];
}


