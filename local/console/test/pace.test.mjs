import assert from "node:assert/strict";
import { test } from "node:test";

import { webhooksPace, workflowPace } from "../src/pace.js";

const SECOND = 1000;
const NOW = Date.parse("2026-03-01T09:00:00.000Z");
const at = (seconds) => new Date(NOW + seconds * SECOND).toISOString();
const running = (changed, expires) => ({
  status: "running", timeline: [{ at: at(changed) }], steps: [expires === undefined ? {} : { expires_at: at(expires) }, {}],
});
const over = (ended, changed = ended) => ({ status: "completed", ended_at: at(ended), timeline: [{ at: at(changed) }], steps: [{}] });

test("every two seconds within ten seconds of a change or of an expiry", () => {
  assert.equal(workflowPace(running(-5), NOW), 2 * SECOND);
  assert.equal(workflowPace(running(-15, 15), NOW), 5 * SECOND);
  assert.equal(workflowPace(running(-500, 9), NOW), 2 * SECOND);
  assert.equal(workflowPace(running(-500, -5), NOW), 2 * SECOND);
});

test("else a tenth of the time left, between five seconds and thirty", () => {
  assert.equal(workflowPace(running(-500, 40), NOW), 5 * SECOND);
  assert.equal(workflowPace(running(-500, 200), NOW), 20 * SECOND);
  assert.equal(workflowPace(running(-500, 86400), NOW), 30 * SECOND);
});

test("without a timer, as on the last step, every five seconds", () => {
  assert.equal(workflowPace(running(-500), NOW), 5 * SECOND);
});

test("after the end ever more slowly, then not at all", () => {
  assert.deepEqual([-40, -119, -121, -719, -721].map((ended) => workflowPace(over(ended), NOW)), [10 * SECOND, 10 * SECOND, 60 * SECOND, 60 * SECOND, null]);
});

test("a late status after the end makes it quick again", () => {
  assert.equal(workflowPace(over(-9000, -3), NOW), 2 * SECOND);
});

test("webhooks are polled while one is pending", () => {
  assert.equal(webhooksPace({ webhooks: [{ state: "delivered" }, { state: "pending" }] }), 5 * SECOND);
  assert.equal(webhooksPace({ webhooks: [{ state: "delivered" }] }), null);
});
