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

test("facts: a step that waits to be sent is not claimed, and each claim and each wait is known", () => {
  const [first] = facts("again", 12).steps;
  const after = (moment) => (moment === null ? null : (moment - workflows.START) / 1000);
  assert.deepEqual(first.sends.map(({ from, to, postponed }) => [after(from), after(to), postponed]), [[6.2, 6.5, "HTTP 429"], [8.1, 8.4, null]]);
  assert.deepEqual(first.waits.map(({ from, to }) => [after(from), after(to)]), [[0.9, 6.2], [6.5, 8.1]]);
  assert.deepEqual([after(first.claimedAt), after(first.begunAt), first.waitingSince], [8.1, 0.9, null]);
  const { current, next } = facts("queued", 40);
  assert.deepEqual([current.number, next.number, after(next.waitingSince), next.phase], [0, 1, 17.2, "pending"]);
  const often = facts("postponedOften", 14);
  assert.deepEqual([often.current, after(often.next.waitingSince), often.next.claimedAt], [null, 3.6, null]);
  assert.deepEqual([facts("givenUp", 910).steps[1].claimedAt, after(facts("givenUp", 910).steps[1].waits.at(-1).from)], [null, 11.4]);
  for (const name of ["givenUp", "cancelledQueued", "readMeanwhile"]) assert.ok(facts(name).steps.every(({ waitingSince }) => waitingSince === null), name);
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

test("what if: a message that waited for its turn would have been due, and one that was read meanwhile was in time", () => {
  const says = (name, seconds) => whatIfWords(whatIf(facts(name), facts(name).steps[0], seconds));
  assert.match(says("turnedLate", 30), /an SMS would have been due after 30 s, 15 s later; it then waited 1 min to be sent\.$/);
  assert.match(says("readMeanwhile", 15), /^With 15 s it would have been the same/);
});

test("the slider of a step reaches the late status", () => {
  const [step] = adjustableSteps(facts("late"));
  assert.deepEqual(range(step), { least: 15, most: 30 });
  assert.deepEqual(adjustableSteps(facts("waiting")), []);
});
