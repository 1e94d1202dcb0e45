/** What comes before the claim that holds: waits for a turn, and requests that were not taken. Pure. Lengths px, times ms. */

import { SHORTEST_BAR } from "../timemap.js";
import { laneWords } from "../words.js";
import { measure, shortened } from "./measure.js";

/** Return the shapes of a step's waits, dotted, and of its requests that were not taken. */
export function tries({ sends, waits }, { x, facts, now }, bar) {
  const end = facts.endedAt ?? now;
  const requests = sends.filter(({ postponed }) => postponed !== null);
  return [
    ...waits.map(({ from, to }) => ({ kind: "line", cls: "picture-queue", x1: x(from), y1: bar.middle, x2: x(to ?? end), y2: bar.middle })),
    ...requests.map(({ from, to }) => (
      { kind: "rect", cls: "picture-send postponed", x: x(from), y: bar.middle - 4, w: Math.max(x(to) - x(from), SHORTEST_BAR), h: 8, r: 4 })),
  ];
}

/** Return the lane of a step that waits to be sent: dotted up to now, then hatched, since nothing says when it is sent. */
export function queued(step, frame, bar) {
  const { x, left, right, facts, now, top } = frame;
  const start = Math.min(x(now), right - 24);
  const long = laneWords(step, facts, now, frame);
  const inside = [long, laneWords(step, facts, now, { ...frame, brief: true })].find((words) => right - start - 16 >= measure(words));
  const text = inside ?? shortened(long, right - left);
  const place = inside ? { x: start + 9, y: bar.middle + 4.2 } : { x: Math.max(left, Math.min(x(step.waitingSince), right - measure(text))), y: bar.bottom + 16 };
  return {
    height: bar.bottom - top + (inside ? 14 : 28),
    shapes: [...tries(step, frame, bar), { kind: "rect", cls: "picture-pending", x: start, y: bar.top, w: right - start, h: bar.bottom - bar.top, r: 3 }],
    over: [{ kind: "text", cls: "picture-idle", ...place, text, anchor: "start", title: text === long ? null : long }],
    from: null,
    to: { x: x(step.waitingSince), y: bar.top - 1 },
  };
}
