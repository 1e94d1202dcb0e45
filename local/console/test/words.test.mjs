import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { layout } from "../src/picture/layout.js";
import * as words from "../src/words.js";
import { chain, read } from "../src/workflow.js";
import * as workflows from "./workflows.mjs";

const { schemas } = JSON.parse(readFileSync(new URL("../../../layers/failover/failover/openapi.json", import.meta.url))).components;
const utc = { zone: "utc" };
const said = (name, seconds) => {
  const { strong, rest } = words.sentence(workflows[name], workflows.at(seconds), utc);
  return rest ? `${strong} | ${rest}` : strong;
};
const texts = (name) => {
  const facts = read(workflows[name], workflows.at(100));
  return facts.entries.map((entry) => words.entry(entry, facts, utc)).map(({ text, note }) => (note ? `${text} (${note})` : text));
};

const SENTENCES = {
  "accepted 0.3": "Accepted. | A Messenger message goes to sim-phone-anna now.",
  "sending 1.5": "Sending a Messenger message to sim-phone-anna.",
  "sending 4.5": "Sending a Messenger message to sim-phone-anna. | For 3 s so far.",
  "waiting 12.3": "Waiting for “read” on Messenger. | 5 s left, then an SMS goes to 447700900950.",
  "waiting 17.2": "Waiting for “read” on Messenger. | The wait of 15 s is over: an SMS goes to 447700900950 any moment.",
  "unknown 24": "It is unknown whether the Messenger message was accepted. | 8 s left for a status, then an SMS goes to 447700900950.",
  "unknownLast 30": "It is unknown whether the SMS was accepted. | Waiting for a status until 4 Mar 2026, 07:26 UTC. It is never sent twice.",
  "sendingLast 18.5": "Sending an SMS to 447700900950. | The Messenger message was delivered but not read within 15 s.",
  "lastStep 25": "Waiting for “delivered” on SMS. | Last step: no timer. Without an answer it ends as unconfirmed on 4 Mar 2026, 07:26 UTC.",
  "twins 21": "Waiting for “delivered” of the second SMS. | Last step: no timer.",
  "advancedNow 9.3": "The wait for the Messenger message was ended by hand after 7 s of 15 s (delivered, not read). | An SMS goes to 447700900950 now.",
  "first 20": "Reached by Messenger after 6.6 s. | The SMS was not needed.",
  "completed 20": "Reached by SMS after 19.3 s. | The Messenger message was delivered but not read within 15 s.",
  "forgotten 20": "Reached by SMS after 5.1 s.",
  "late 30": "Reached twice: by SMS after 19.3 s and by Messenger after 22.7 s. | The Messenger message was delivered but not read within 15 s.",
  "afterAll 30": "Reached twice: by Messenger after 22.7 s and by SMS after 24.1 s. | The Messenger message was delivered but not read within 15 s.",
  "failed 30": "Failed: the SMS was undeliverable (1300 Not part of the provider network). | The Messenger message was delivered but not read within 15 s.",
  "unconfirmed 300000": "Failed: no status decided the SMS within 3 d.",
  "refused 99": "Failed: the SMS could not be handed to the Messages API (429 Too many requests). | The Messages API refused the Messenger message (Invalid params: to is not a Messenger id).",
  "cancelled 30": "Cancelled: the Messenger message is out, the SMS never goes out.",
  "cancelledInFlight 30": "Cancelled: the Messenger message may be out, the SMS never goes out.",
  "cancelledAtOnce 30": "Cancelled: nothing was sent, the Messenger message and the SMS never go out.",
  "cancelledThenRead 60": "Cancelled: the Messenger message is out, the SMS never goes out. | The Messenger message was read 40 s after the end.",
  "queuedFirst 5": "Accepted. | A Messenger message to sim-phone-anna has been waiting for its turn at the vendor since 07:26:04 UTC.",
  "queued 40": "Waiting for “read” on Messenger. | The wait of 15 s is over. An SMS to 447700900950 has been waiting for its turn at the vendor since 07:26:20 UTC.",
  "postponed 7": "Accepted. | The Messenger message to sim-phone-anna will be sent again, because the vendor said “too many requests”. It has been waiting since 07:26:04 UTC.",
  "postponedOften 14": "The Messenger message was rejected. | The SMS to 447700900950 will be sent again, because the vendor did not take it (Connection refused). It has been waiting since 07:26:06 UTC.",
  "sendingAgain 8.5": "Sending a Messenger message to sim-phone-anna.",
  "again 12": "Waiting for “read” on Messenger. | 12 s left, then an SMS goes to 447700900950.",
  "noTurn 905": "Waiting for “delivered” on SMS. | Last step: no timer.",
  "notTaken 999": "Failed: the vendor did not take the SMS within 15 min (HTTP 429).",
  "givenUp 910": "Failed: the vendor did not take the SMS within 15 min (Connection refused). | The Messenger message was rejected.",
  "cancelledQueued 30": "Cancelled: nothing was sent, the Messenger message and the SMS never go out.",
  "day 15000": "Waiting for “read” on WhatsApp. | 19 h 50 min left, then an SMS goes to 447700900950.",
};

test("the sentence says what a workflow waits for and what comes next, or how it ended", () => {
  for (const [key, expected] of Object.entries(SENTENCES)) {
    const [name, seconds] = key.split(" ");
    assert.equal(said(name, Number(seconds)), expected, key);
  }
});

test("a late status that completes a running workflow is reached after all", () => {
  const { timeline, ...rest } = workflows.afterAll;
  const before = { ...rest, timeline: timeline.slice(0, -2) };
  assert.equal(words.sentence(before, workflows.at(30), utc).strong, "Reached after all, by Messenger after 22.7 s.");
});

test("every channel has its name and its article", () => {
  const sentences = schemas.Channel.enum.map((channel) => words.a({ channel, twin: 0 }));
  assert.deepEqual(sentences, ["a Messenger message", "a Viber message", "an SMS", "an MMS", "a WhatsApp message", "an RCS message"]);
});

test("every event, state, status, kind and outcome of the API has words", () => {
  const sets = [
    [schemas.Channel, words.CHANNELS], [schemas.MessageStatus, words.STATUSES], [schemas.ConditionStatus, words.STATUSES],
    [schemas.WorkflowStatus, words.WORKFLOWS], [schemas.StepState, words.STATES], [schemas.EntryEvent, words.EVENTS],
    [schemas.WebhookKind, words.KINDS], [schemas.WebhookState, words.WEBHOOKS],
    [schemas.FinalStatus, words.END],
  ];
  for (const [{ enum: names }, known] of sets) assert.deepEqual(names.filter((name) => !(name in known)), []);
  const phases = ["pending", "claimed", "sent", "unknown", "unsent"];
  assert.deepEqual(schemas.StepState.enum.filter((name) => !phases.includes(name) && !(name in words.OUTCOMES)), []);
});

test("every status and state has a shape besides its tone", () => {
  for (const set of [words.STATUSES, words.WORKFLOWS, words.STATES, words.WEBHOOKS]) {
    for (const [name, { word, shape }] of Object.entries(set)) assert.ok(word && shape, name);
  }
});

test("the list says what happened, with price, the vendor's clock and what a late status changed", () => {
  assert.deepEqual(texts("late"), [
    "Accepted.",
    "Messenger: sending to sim-phone-anna.",
    "Messenger: accepted by the Messages API. It expires in 15 s.",
    "Messenger: submitted. (vendor’s clock 05.305, 2.4 s earlier)",
    "Messenger: delivered, 0.0333 EUR. (vendor’s clock 06.305, 1.4 s earlier)",
    "Messenger: left. It expired after 15 s: delivered, but not read.",
    "SMS: sending to 447700900950.",
    "SMS: accepted by the Messages API. No timer: it is the last step.",
    "SMS: submitted.",
    "SMS: delivered, 0.0333 EUR.",
    "Completed by SMS. 0.0666 EUR in all.",
    "Messenger: read — late: the step had been left, so this changes nothing.",
  ]);
});

test("a late status that completes the workflow, or has the report sent again, says so", () => {
  assert.deepEqual(texts("afterAll").slice(-4), [
    "Messenger: read — late: the step had been left, yet it completes the workflow after all.",
    "Completed by Messenger after all.",
    "SMS: delivered, 0.0333 EUR — late: the workflow was over, so only the final report is sent again.",
    "The final report is sent again: the recipient was reached twice. 0.0666 EUR in all.",
  ]);
});

test("a wait for a turn, a request that was not taken and the next one are told in order", () => {
  assert.deepEqual(texts("again"), [
    "Accepted.",
    "Messenger: waiting for its turn at the vendor.",
    "Messenger: sending to sim-phone-anna.",
    "Messenger: the vendor said “too many requests”. It will be sent again.",
    "Messenger: sending again to sim-phone-anna.",
    "Messenger: accepted by the Messages API. It expires in 15 s.",
  ]);
  assert.ok(texts("postponedOften").includes("SMS: the vendor did not take it (Connection refused). It will be sent again."));
  assert.ok(texts("noTurn").includes("Messenger: left. It could not be sent (no turn within 900 s)."));
});

test("the picture says that a step waits for its turn, not that its time runs", () => {
  const said = (name, seconds, number) => {
    const facts = read(workflows[name], workflows.at(seconds));
    return words.laneWords(facts.steps[number], facts, facts.now, utc);
  };
  assert.equal(said("queued", 40, 0), "time is up, SMS is waiting");
  assert.equal(said("queued", 40, 1), "waiting for its turn since 07:26:20");
  assert.equal(said("queuedFirst", 5, 1), "only after Messenger");
  assert.equal(said("postponed", 7, 0), "waiting to be sent again since 07:26:04");
  assert.equal(said("noTurn", 905, 0), "no turn within 15 min");
  assert.equal(said("notTaken", 999, 0), "not taken within 15 min: HTTP 429");
});

test("a step that waits to be sent is current in a row's chain, and no wait of the one before can be ended by hand", () => {
  const steps = [{ step: 0, channel: "messenger", state: "sent", status: "delivered" }, { step: 1, channel: "sms", state: "pending", waiting_since: "2026-03-01T07:26:20.405Z" }];
  const links = chain({ status: "running", steps });
  assert.deepEqual(links.map(({ current }) => current), [false, true]);
  assert.equal(words.link(links[1]).word, "waiting to be sent");
  assert.equal(words.advanceQuestion(read(workflows.queued, workflows.at(40))), null);
});

test("repeated statuses and the vendor's other words are recognized", () => {
  const many = texts("many");
  assert.ok(many.includes("WhatsApp: submitted again, now 0.0100 EUR."));
  assert.ok(many.includes("WhatsApp: “clicked”, a word that decides nothing."));
});

test("a wait that was ended by hand is named so", () => {
  assert.ok(texts("advanced").includes("Messenger: left. Ended by hand after 7 s of 15 s."));
});

test("no words have a gap where a value was missing", () => {
  for (const [name, resource] of Object.entries(workflows).filter(([, value]) => value.timeline)) {
    for (const seconds of [0.5, 12.3, 400, 20000]) {
      for (const text of [said(name, seconds), ...texts(name)]) assert.doesNotMatch(text, /undefined|null|NaN|\( |\(\)| {2}|\.\.| \./, `${name}: ${text}`);
    }
    assert.ok(resource);
  }
});

test("text of the vendor's cannot hide characters in a sentence", () => {
  const resource = structuredClone(workflows.failed);
  resource.timeline.findLast(({ event }) => event === "left").reason = "undeliverable: 1300 \u202egnp.exe";
  assert.match(words.sentence(resource, workflows.at(30), utc).strong, /\[U\+202E\]gnp\.exe/);
});

test("nor can a status that this page does not know, in the sentence and in the picture", () => {
  const facts = read({ ...workflows.cancelled, status: "\u202edetlah" }, workflows.at(30));
  assert.equal(words.sentence(facts, workflows.at(30), utc).strong, "This workflow is [U+202E]detlah.");
  const { shapes } = layout(facts, { now: workflows.at(30), width: 900, zone: "utc" });
  assert.deepEqual(shapes.filter(({ text }) => /detlah/.test(text)).map(({ text }) => text), ["[U+202E]detlah"]);
});

test("cancel names what is out before and after", () => {
  const facts = read(workflows.waiting, workflows.at(9));
  assert.equal(words.cancelQuestion(facts).rest, "The Messenger message is out and cannot be called back. The SMS would never go out.");
  const answer = { steps: [{ step: 0, channel: "messenger", state: "sent" }, { step: 1, channel: "sms", state: "never_sent" }] };
  assert.equal(words.cancelAnswer(answer, facts), "Cancelled. The Messenger message is out, the SMS never goes out.");
  const flying = read(workflows.sending, workflows.at(2));
  assert.equal(words.cancelQuestion(flying).rest, "The Messenger message may be on its way already. The SMS would never go out.");
});

test("ending a wait by hand is offered only while a step waits and another one follows", () => {
  assert.equal(words.advanceQuestion(read(workflows.waiting, workflows.at(9))).rest, "An SMS goes to 447700900950 at once. A late “read” still completes the workflow.");
  for (const name of ["accepted", "sending", "lastStep", "completed", "cancelled"]) assert.equal(words.advanceQuestion(read(workflows[name], workflows.at(9))), null, name);
});

test("a row's chain shows each step by its shape and marks the one that waits", () => {
  const row = { status: "running", steps: [
    { step: 0, channel: "messenger", state: "expired", status: "delivered" }, { step: 1, channel: "sms", state: "sent", status: "submitted" }, { step: 2, channel: "mms", state: "pending" }] };
  const links = chain(row);
  assert.deepEqual(links.map((link) => words.link(link).shape), ["✕", "○", "·"]);
  assert.deepEqual(links.map(({ current }) => current), [false, true, false]);
  assert.equal(chain({ status: "running" }), null);
});

test("a webhook's attempts are counted, with their answers and the next one", () => {
  const row = { state: "pending", attempts: [{ answer: 503, milliseconds: 80 }, { error: "timeout", milliseconds: 15003 }], next_attempt_at: new Date(workflows.at(38)).toISOString() };
  assert.equal(words.attempts(row), "2 attempts: 503 → timeout");
  assert.equal(words.lastDuration(row), "15 s");
  assert.equal(words.nextAttempt(row, workflows.at(0)), "next attempt in 38 s");
  assert.equal(words.nextAttempt(row, workflows.at(40)), "next attempt due");
  assert.equal(words.notRedeliverable({ state: "no_url", attempts: [] }), "There is no URL to send it to.");
});
