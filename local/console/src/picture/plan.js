/** A plan, the answer of `?dry_run=true`, as a picture: what goes out when, if every step expires. Pure. */

import { parse } from "../times.js";
import { ticks, timemap } from "../timemap.js";
import { laneTitle, planWords } from "../words.js";
import { spelled } from "../visible.js";
import { BAR } from "./lane.js";
import { NARROW } from "./layout.js";
import { measure, shortened } from "./measure.js";

const TITLES = 148;
const TOP = 30;
const LANE = 64;
const FOLD = 110; // px: a folded expiry still has room for its words

/** Return {width, height, shapes, folds: 0, keys: [], steps: [{number, channel, expiry, condition, latest}]}. */
export function plan(answer, { width, zone = "local" }) {
  const start = parse(answer.steps[0].earliest_send);
  const narrow = width < NARROW;
  const [left, right] = [narrow ? 2 : TITLES, width - 2];
  let at = start;
  const steps = answer.steps.map((shown) => {
    const from = at;
    at += (shown.expiry_time ?? 0) * 1000;
    return {
      number: shown.step, channel: shown.channel, expiry: shown.expiry_time ?? null, condition: shown.condition_status ?? "delivered",
      recipient: String(shown.to.number ?? shown.to.id), latest: parse(shown.latest_send), from, to: at,
    };
  });
  const last = planWords(steps.at(-1), start, { zone });
  const words = Math.max(measure(last.bar, 12, true) + 20, measure(last.below) + 4);
  const plotted = steps.length > 1 ? Math.max((right - left) * 0.4, right - left - words) : (right - left) * 0.2;
  const map = timemap({ marks: steps.flatMap(({ from, to }) => [from, to]), width: plotted, fold: Math.min(FOLD, plotted / steps.length) });
  const x = (ms) => left + map.x(ms);
  const height = LANE + (narrow ? 22 : 0);
  const bottom = TOP + height * steps.length;
  const grid = steps.length < 2 ? [] : ticks(map, { apart: narrow ? 66 : 84, until: right - left, zone }).slice(1);
  const shapes = grid.flatMap((tick) => [
    { kind: "line", cls: "picture-grid", x1: left + tick.x, y1: TOP - 6, x2: left + tick.x, y2: bottom },
    ...(left + tick.x + measure(tick.label, 11.5) / 2 < right && tick.x > 40
      ? [{ kind: "text", cls: "picture-tick", x: left + tick.x, y: 17, text: tick.label, anchor: "middle" }] : []),
  ]);
  for (const step of steps) {
    const top = TOP + height * step.number + (narrow ? 22 : 0);
    const end = step.expiry === null ? right : x(step.to);
    const { bar, below: text } = planWords(step, start, { zone });
    const [from, wide] = [x(step.from), measure(bar, 12, true)];
    const inside = end - from - 16 >= wide;
    const after = right - end - 9 >= wide;
    const name = laneTitle(step);
    const beside = measure(name, 14, true) + 10;
    shapes.push(
      { kind: "text", cls: "picture-title", x: 2, y: narrow ? top - 5 : top + 21, text: name, anchor: "start", bold: true, size: 14 },
      { kind: "text", cls: "picture-whom", x: narrow ? beside : 2, y: narrow ? top - 5 : top + 38,
        text: shortened(spelled(step.recipient, { strict: true }), narrow ? right - beside : TITLES - 14), anchor: "start" },
      { kind: "rect", cls: "picture-pending planned", x: from, y: top + 8, w: Math.max(5, end - from), h: BAR, r: 3 },
      { kind: "text", cls: "picture-words planned", x: inside ? from + 9 : after ? end + 9 : right - 6, y: top + 25.3,
        text: bar, anchor: inside || after ? "start" : "end", bold: true },
      { kind: "text", cls: "picture-label", ...below(text, from, left, right), y: top + 8 + BAR + 16, text },
    );
    if (step.number) {
      const above = TOP + height * (step.number - 1) + (narrow ? 22 : 0) + 8 + BAR;
      shapes.push({ kind: "path", cls: "picture-arrow planned", d: `M${from} ${above}V${top + 7}M${from - 4} ${top + 2}L${from} ${top + 7}L${from + 4} ${top + 2}` });
    }
  }
  shapes.sort((one, other) => (one.kind === "text") - (other.kind === "text")); // words are above lines
  return { width, height: bottom, shapes, folds: 0, keys: [], steps };
}

const below = (text, from, left, right) =>
  from + measure(text) <= right ? { x: Math.max(left, from), anchor: "start" } : { x: right, anchor: "end" };


