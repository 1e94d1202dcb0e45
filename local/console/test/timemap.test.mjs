import assert from "node:assert/strict";
import test from "node:test";
import * as map from "../src/timemap.js";
import { read } from "../src/workflow.js";
import * as workflows from "./workflows.mjs";

const facts = (name) => read(workflows[name], workflows.at(100));

test("time is drawn in order: a later moment is never to the left, and the width is used up", () => {
  for (const name of Object.keys(workflows).filter((key) => workflows[key].timeline)) {
    const marks = facts(name).entries.map(({ at }) => at);
    const scale = map.timemap({ marks, width: 700 });
    const xs = [...marks].sort((a, b) => a - b).map(scale.x);
    xs.forEach((x, index) => assert.ok(index === 0 || x >= xs[index - 1], name));
    assert.ok(Math.abs(scale.x(scale.to) - 700) < 0.01, name);
  }
});

test("a gap of more than 60 s and ten times the median is folded to 24 px, and unfolds by its key", () => {
  const marks = [0, 1000, 2000, 3000, 603_000, 604_000];
  const folded = map.timemap({ marks, width: 500 });
  const [fold, ...others] = folded.segments.filter(({ kind }) => kind === "fold");
  assert.deepEqual([fold.from, fold.to, Math.round(fold.end - fold.start), others.length], [3000, 603_000, 24, 0]);
  const open = map.timemap({ marks, width: 500, unfolded: [fold.key] });
  assert.equal(open.segments.length, 1);
  const tens = (last) => map.timemap({ marks: [0, 10_000, 20_000, 30_000, 30_000 + last], width: 500 }).segments.length;
  assert.deepEqual([tens(95_000), tens(105_000)], [1, 2]);
  assert.equal(map.timemap({ marks: [0, 1000, 59_000], width: 500 }).segments.length, 1);
  assert.equal(map.timemap({ marks: [0, 60_000, 120_000, 420_000], width: 500 }).segments.length, 1);
});

test("the gap that time passes through now keeps a width in which the progress can be seen", () => {
  const scale = map.timemap({ marks: [0, 1000, 2000, 602_000], width: 500, now: 300_000 });
  assert.ok(scale.x(300_000) - scale.x(2000) > 100);
});

test("ticks have sensible steps and never stand too close", () => {
  for (const [scale, step] of [[0.05, 2000], [0.01, 10_000], [0.001, 120_000], [0.00002, 7_200_000]]) assert.equal(map.tickStep(scale, 76), step);
  for (const width of [120, 300, 900]) {
    const found = map.ticks(map.timemap({ marks: [workflows.START, workflows.at(2), workflows.at(3), workflows.at(700), workflows.at(703)], width }), { zone: "utc" });
    found.forEach(({ x }, index) => assert.ok(index === 0 || x - found[index - 1].x >= 76));
    assert.equal(found[0].label, "07:26:03 UTC");
    assert.equal(new Set(found.map(({ label }) => label)).size, found.length);
  }
});

test("labels and nudged points do not collide", () => {
  const { labels } = map.placed([{ x: 50, radius: 5, width: 60 }, { x: 60, radius: 5, width: 60 }], { left: 0, right: 130 });
  assert.notDeepEqual(labels[0], labels[1]);
  assert.deepEqual(map.nudged([10, 11, 12, 60], 12), [10, 22, 34, 60]);
  assert.deepEqual(map.nudged([98, 99], 12, 100), [88, 100]);
});
