import assert from "node:assert/strict";
import test from "node:test";
import { suggestionWords, whatIfWords } from "../src/words.js";
import { adjustableSteps, range, suggestions, whatIf } from "../src/whatif.js";
import { read } from "../src/workflow.js";
import * as workflows from "./workflows.mjs";

const EUR = (price) => ({ price, currency: "EUR" });
const facts = (name, seconds = 100) => read(workflows[name], workflows.at(seconds));

test("facts: cost, who was reached, and which step waits follow from the timeline", () => {
  assert.deepEqual(facts("late").cost, [EUR("0.0666")]);
  assert.deepEqual([facts("late").reachedTwice, facts("first").reachedTwice], [true, false]);
  assert.deepEqual(facts("late").metTwice.map(({ number }) => number), [0]);
  assert.deepEqual(facts("completed").metTwice, []);
  assert.deepEqual([facts("waiting").current.number, facts("waiting").next.number], [0, 1]);
  assert.deepEqual([facts("advancedNow").current, facts("advancedNow").next.number], [null, 1]);
  assert.equal(facts("many").steps[0].price.price, "0.0400");
  assert.equal(facts("lastStep").unconfirmedAt, workflows.at(18.205 + 72 * 3600));
  assert.deepEqual(facts("afterAll").late.map(({ effect }) => effect), ["completed", "amended"]);
});

test("with a little more time the late message would have been read: the least expiry and what it saves", () => {
  const [found, ...more] = suggestions(facts("late"));
  assert.equal(Object.values(suggestionWords(found)).join(""),
    "With 21 s instead of 15 s the Messenger message would have been read in time (read after 20.6 s): no SMS, 0.0333 EUR less.");
  assert.deepEqual(more, []);
});

test("the suggested expiry is the least one: a second less would not have been enough", () => {
  const late = facts("late");
  const [{ step, seconds }] = suggestions(late);
  assert.equal(whatIf(late, step, seconds).outcome, "met");
  assert.equal(whatIf(late, step, seconds - 1).outcome, "expired");
});

test("nothing is suggested while a workflow runs, where nothing came late, or where a failure ended the step", () => {
  for (const name of ["waiting", "completed", "first", "failed", "refused", "unconfirmed"]) assert.deepEqual(suggestions(facts(name)), [], name);
});

test("a wait that was ended by hand would have been enough as it was", () => {
  const [found] = suggestions(facts("advancedLate"));
  assert.match(Object.values(suggestionWords(found)).join(""), /^With the full 15 s, not ended by hand, the Messenger message would have been read in time/);
});

test("what if: met saves the later messages, expired moves them, and beyond what is known it is unknown", () => {
  const late = facts("late");
  const says = (of, seconds) => whatIfWords(whatIf(of, of.steps[0], seconds));
  assert.match(says(late, 30), /read in time, after 20\.6 s: no SMS, 0\.0333 EUR less\.$/);
  assert.match(says(late, 18), /an SMS would have gone out after 18 s, 3 s later\.$/);
  assert.match(says(facts("completed", 25), 40), /^With 40 s: unknown\./);
  assert.match(says(facts("completed", 99), 40), /an SMS would have gone out after 40 s, 25 s later\.$/);
  assert.match(says(facts("first"), 30), /^With 30 s it would have been the same/);
  const early = whatIf({ ...facts("hours"), now: Infinity }, facts("hours").steps[0], 300);
  assert.deepEqual([early.outcome, early.shift], ["expired", -300_000]);
});

test("the slider of a step reaches the late status", () => {
  const [step] = adjustableSteps(facts("late"));
  assert.deepEqual(range(step), { least: 15, most: 30 });
  assert.deepEqual(adjustableSteps(facts("waiting")), []);
});
