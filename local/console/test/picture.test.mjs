import assert from "node:assert/strict";
import test from "node:test";
import { layout } from "../src/picture/layout.js";
import { measure } from "../src/picture/measure.js";
import { plan } from "../src/picture/plan.js";
import { read } from "../src/workflow.js";
import * as workflows from "./workflows.mjs";

const WIDTHS = [272, 320, 460, 640, 900, 1240];
const MOMENTS = [0.3, 5, 12.3, 16.9, 33, 200, 15000];
const all = Object.entries(workflows).filter(([, value]) => value.timeline);

/** Every picture of every workflow, while it runs at several moments. */
function* pictures() {
  for (const [name, resource] of all) {
    const last = (Date.parse(resource.timeline.at(-1).at) - workflows.START) / 1000;
    const moments = resource.status === "running" ? MOMENTS.filter((moment) => moment >= last) : [last + 3];
    for (const moment of moments) {
      for (const width of WIDTHS) {
        const now = workflows.at(moment);
        const facts = read(resource, now);
        const drawn = layout(facts, { now, width, zone: "utc" });
        yield { name: `${name} after ${moment} s, ${width} px`, width, drawn };
        if (drawn.folds) yield { name: `${name} unfolded, ${width} px`, width, drawn: layout(facts, { now, width, unfolded: drawn.keys, zone: "utc" }) };
      }
    }
  }
}

const SIZES = { "picture-title": 14, "picture-tick": 11.5, "picture-gap": 11.5, "picture-pill-word": 11.5 };

function box({ x, y, text, anchor, bold, cls }) {
  const size = SIZES[cls.split(" ")[0]] ?? 12;
  const width = measure(text, size, bold);
  const from = anchor === "end" ? x - width : anchor === "middle" ? x - width / 2 : x;
  return { text, from, to: from + width, top: y - size * 0.75, bottom: y + size * 0.2 };
}

const overlap = (a, b) => a.from < b.to - 0.5 && b.from < a.to - 0.5 && a.top < b.bottom && b.top < a.bottom;

function clashes({ shapes }) {
  const texts = shapes.filter(({ kind, text }) => kind === "text" && text).map(box);
  const dots = shapes.filter(({ kind }) => kind === "dot").map(({ x, y }) => ({ text: "●", from: x - 5, to: x + 5, top: y - 5, bottom: y + 5 }));
  return texts.flatMap((one, index) => [...texts.slice(index + 1), ...dots].filter((other) => overlap(one, other)).map((other) => `${one.text} / ${other.text}`));
}

test("no text covers another text or a status, in any picture at any width", () => {
  for (const { name, drawn } of pictures()) assert.deepEqual(clashes(drawn), [], name);
});

const outside = ({ shapes, width, height }) =>
  shapes.filter(({ kind, text }) => kind === "text" && text).map(box).filter(({ from, to, bottom }) => from < -1 || to > width + 1 || bottom > height);

test("all text is inside the picture", () => {
  for (const { name, drawn } of pictures()) assert.deepEqual(outside(drawn), [], name);
});

test("no status lies on a bar", () => {
  for (const { name, drawn } of pictures()) {
    const bars = drawn.shapes.filter(({ kind, cls }) => kind === "rect" && /^picture-(bar|pending)/.test(cls));
    const dots = drawn.shapes.filter(({ kind, sequence }) => kind === "dot" && sequence);
    const on = dots.filter(({ x, y }) => bars.some((bar) => x + 6 > bar.x && x - 6 < bar.x + bar.w && y + 6 > bar.y && y - 6 < bar.y + bar.h));
    assert.deepEqual(on, [], name);
  }
});

test("no coordinate is missing, and no bar is less than 5 px wide", () => {
  for (const { name, drawn } of pictures()) {
    for (const shape of drawn.shapes) {
      for (const value of Object.values(shape)) assert.ok(typeof value !== "number" || Number.isFinite(value), `${name}: ${JSON.stringify(shape)}`);
      if (shape.kind === "rect") assert.ok(shape.w >= 4.99, `${name}: ${JSON.stringify(shape)}`);
      assert.doesNotMatch(String(shape.d ?? ""), /NaN|undefined|null/, name);
    }
  }
});

test("every recorded status has its dot, and only a late one is drawn as late", () => {
  for (const [name, resource] of all) {
    const facts = read(resource, workflows.at(20000));
    const dots = layout(facts, { now: facts.now, width: 900 }).shapes.filter(({ kind, sequence }) => kind === "dot" && sequence);
    const statuses = facts.steps.flatMap(({ statuses }) => statuses);
    assert.deepEqual(dots.map(({ sequence, late }) => [sequence, late]).sort(), statuses.map(({ sequence, late }) => [sequence, late]).sort(), name);
  }
});

test("a step that waits to be sent is dotted until it is claimed, with its requests that were not taken, and has no expiry", () => {
  const drawn = (name, seconds) => layout(read(workflows[name], workflows.at(seconds)), { now: workflows.at(seconds), width: 900 }).shapes;
  const of = (shapes, cls) => shapes.filter((shape) => shape.cls?.startsWith(cls));
  const again = drawn("again", 12);
  const [waits, [taken, ...others]] = [of(again, "picture-queue"), of(again, "picture-send ").filter(({ cls }) => !cls.includes("postponed"))];
  assert.deepEqual([waits.length, of(again, "picture-send postponed").length, others.length], [2, 1, 0]);
  assert.ok(waits.every(({ x1, x2 }) => x1 < x2 && x2 <= taken.x));
  const now = of(drawn("queued", 40), "picture-line")[0].x1;
  assert.ok(of(drawn("queued", 40), "picture-pending").every(({ x }) => x >= now), "it cannot be sent before now");
  assert.deepEqual(of(drawn("queuedFirst", 5), "picture-window"), []);
});

test("unfolding all folds leaves none", () => {
  const facts = read(workflows.hours, workflows.at(20000));
  const { keys, folds } = layout(facts, { now: facts.now, width: 900 });
  assert.equal(folds, 2);
  assert.equal(layout(facts, { now: facts.now, width: 900, unfolded: keys }).folds, 0);
});

test("a vendor's clock more than a second away has a tail to its moment", () => {
  const drawn = layout(read(workflows.waiting, workflows.at(12.3)), { now: workflows.at(12.3), width: 900 });
  assert.equal(drawn.shapes.filter(({ cls }) => cls?.startsWith("picture-tail")).length, 2);
});

test("a plan's texts do not cover each other either, and its last step has room", () => {
  for (const steps of [[["sms"]], [["messenger", 15], ["sms"]], [["messenger", 15], ["whatsapp", 86400], ["rcs", 600], ["sms"]]]) {
    let at = 0;
    const shown = steps.map(([channel, expiry], step) => {
      const latest = new Date(workflows.at(at + 30)).toISOString();
      at += (expiry ?? 0) + 69;
      return { step, channel, to: { type: channel, number: "447700900950" }, earliest_send: new Date(workflows.START).toISOString(), latest_send: latest,
        ...(expiry ? { expiry_time: expiry, condition_status: "delivered" } : {}) };
    });
    for (const width of WIDTHS) {
      const drawn = plan({ steps: shown }, { width, zone: "utc" });
      assert.deepEqual([...clashes(drawn), ...outside(drawn)], [], `${steps.length} steps, ${width} px`);
      for (const { kind, x, w } of drawn.shapes) assert.ok(kind !== "rect" || x + w <= width, `${steps.length} steps, ${width} px`);
      const last = drawn.shapes.findLast(({ kind }) => kind === "rect");
      assert.ok(steps.length === 1 || width < 320 || last.w > 100, `the last step of ${steps.length} has ${last.w} px of ${width}`);
    }
  }
});
