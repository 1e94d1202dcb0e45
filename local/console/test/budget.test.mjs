import assert from "node:assert/strict";
import { test } from "node:test";

import { bucket, MOST_AN_HOUR } from "../src/budget.js";

const HOUR = 3600_000;

/** Numbers between 0 and 1 that are the same at each run. */
function random(seed) {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}

/** The times of the calls of a page that polls every so often, for some hours; each pause is chosen by `pause`. */
function polls(pause, { hours = 6, reload = () => false } = {}) {
  const calls = [];
  let left = bucket(0);
  for (let time = 0; time < hours * HOUR; ) {
    if (reload()) left = bucket(time, JSON.parse(JSON.stringify(left.state())));
    const wait = left.wait(time);
    if (wait > 0) {
      time += wait;
      continue;
    }
    left.take(time);
    calls.push(time);
    time += pause();
  }
  return calls;
}

/** The most calls in any hour. */
function most(calls) {
  let [highest, from] = [0, 0];
  calls.forEach((time, at) => {
    while (calls[from] <= time - HOUR) from += 1;
    highest = Math.max(highest, at - from + 1);
  });
  return highest;
}

test("no hour has more calls than the limit, however often the page would like to look", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const next = random(seed);
    const longest = [1, 50, 500, 2000, 4000, 9000, 600_000][seed % 7];
    const calls = polls(() => next() * longest * (next() < 0.02 ? 300 : 1));
    assert.ok(most(calls) <= MOST_AN_HOUR, `${most(calls)} calls in an hour, seed ${seed}`);
  }
});

test("an hour of rest and then a rush is within the limit as well", () => {
  let turn = 0;
  assert.ok(most(polls(() => ((turn += 1) % 700 === 0 ? HOUR : 1))) <= MOST_AN_HOUR);
});

test("a page that looks all the time may use nearly all of the limit", () => {
  assert.ok(most(polls(() => 1)) >= MOST_AN_HOUR - 1);
});

test("a reload does not fill the bucket", () => {
  const next = random(7);
  assert.ok(most(polls(() => 10, { reload: () => next() < 0.5 })) <= MOST_AN_HOUR);
});

test("the bucket is full at first, and an empty one gives a call every four seconds or so", () => {
  const left = bucket(0);
  for (let call = 0; call < 60; call += 1) {
    assert.equal(left.wait(0), 0);
    left.take(0);
  }
  assert.ok(left.wait(0) > 4000 && left.wait(0) < 4500);
});

test("what the reader does takes what is left, and leaves a debt of two calls at most", () => {
  const left = bucket(0);
  for (let call = 0; call < 80; call += 1) left.take(0);
  assert.ok(left.wait(0) > 12_000 && left.wait(0) < 13_000);
});

test("a clock that is put back gives no calls, and costs none", () => {
  const left = bucket(HOUR);
  for (let call = 0; call < 60; call += 1) left.take(HOUR);
  assert.ok(left.wait(0) > 4000);
  assert.equal(left.wait(5000), 0);
});

test("a stored state that cannot be read is an empty bucket, not an endless one", () => {
  for (const kept of [{}, { left: "60", at: 0 }, { left: null, at: null }, { left: NaN, at: 0 }, "x", null]) {
    const wait = bucket(0, kept).wait(0);
    assert.ok(wait > 4000 && wait < 4500, JSON.stringify(kept));
  }
});
