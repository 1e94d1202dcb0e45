import assert from "node:assert/strict";
import { test } from "node:test";

import { bars, expiries, failovers, percent, quantile, within } from "../src/summary.js";

const HOUR = 3600_000;
const curve = [{ seconds: 2, steps: 1 }, { seconds: 9, steps: 6 }, { seconds: 40, steps: 9 }];
const times = { sent: 10, met: 9, expiry_times: [{ seconds: 20, steps: 10 }], curve };

test("a point of the curve counts from its own second on", () => {
  assert.deepEqual([1.9, 2, 8, 9, 39, 40, 999].map((seconds) => within(curve, seconds)), [0, 1, 1, 6, 6, 9, 9]);
});

test("the expiry in use stands among the usual ones, which end where all have met their condition", () => {
  assert.deepEqual(expiries(times).map(({ seconds }) => seconds), [15, 20, 30, 60]);
  assert.deepEqual(expiries(times)[1], { seconds: 20, met: 6, used: 10 });
});

test("a quantile is of those that met their condition, not of those that were sent", () => {
  assert.equal(quantile(times, 0.5), 9);
  assert.equal(quantile(times, 1), 40);
  assert.equal(quantile({ met: 0, curve: [] }, 0.5), null);
});

test("an hour without workflows is a bar of height 0, and no workflow is lost", () => {
  const hours = [{ from: new Date(2 * HOUR).toISOString(), completed: 3, running: 1, cancelled: 0, error: 2 }];
  const found = bars(hours, 0, 4 * HOUR);
  assert.deepEqual(found.map(({ completed }) => completed), [0, 0, 3, 0, 0]);
  assert.equal(found.reduce((sum, bin) => sum + bin.completed + bin.running + bin.error, 0), 6);
});

test("a week has bars of six hours", () => {
  assert.equal(bars([], 0, 7 * 24 * HOUR).length, 29);
});

test("a share is never rounded to none or to all", () => {
  assert.deepEqual([percent(1, 999), percent(998, 999), percent(0, 9), percent(9, 9), percent(0, 0)],
    ["less than 1 %", "over 99 %", "0 %", "100 %", "–"]);
});

test("failovers are grouped by channel, the most frequent first", () => {
  const found = failovers([
    { channel: "viber_service_msg", outcome: "expired", steps: 1 },
    { channel: "messenger", outcome: "refused", steps: 1 },
    { channel: "messenger", outcome: "expired", steps: 5 },
  ]);
  assert.deepEqual(found.map(({ channel, steps }) => [channel, steps]), [["messenger", 6], ["viber_service_msg", 1]]);
  assert.equal(found[0].reasons[0].outcome, "expired");
});
