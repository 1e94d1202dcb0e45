import assert from "node:assert/strict";
import { test } from "node:test";

import { answerable, byChannel, nameOf, ofWorkflow, pace, ringing, stillReporting, unseen, waits } from "../src/sandbox_phones.js";
import { move } from "../src/play_move.js";

const NOW = Date.parse("2026-03-01T09:10:00.000Z");
const message = (id, more = {}) => ({
  message_uuid: id, at: "2026-03-01T09:09:30.000Z", channel: "messenger", workflow_uuid: "w1", step: 0,
  statuses: [{ status: "submitted", at: "2026-03-01T09:09:30.000Z" }], answers: ["delivered", "read", "rejected", "undeliverable"], ...more,
});
const delivered = { statuses: [{ status: "submitted" }, { status: "delivered" }], answers: ["read"] };
const read = { statuses: [{ status: "submitted" }, { status: "read" }], answers: [] };

test("a message waits until the first status is reported", () => {
  assert.deepEqual([message("a"), message("a", { statuses: [] }), message("a", delivered), message("a", read)].map(waits), [true, true, false, false]);
});

test("the phone with the newest message without an answer rings", () => {
  const phones = [
    { recipient: "447700900950", messages: [message("b", { at: "2026-03-01T09:09:40.000Z" }), message("c", { at: "2026-03-01T09:09:50.000Z", ...read })] },
    { recipient: "sim-phone-anna", messages: [message("a")] },
  ];
  assert.equal(ringing(phones).message_uuid, "b");
  assert.equal(ringing([{ recipient: "x", messages: [message("c", read)] }]), null);
});

test("the keys answer the newest message that waits, else the newest that can be answered at all", () => {
  assert.equal(answerable({ messages: [message("a"), message("b", delivered), message("c", read)] }).message_uuid, "a");
  assert.equal(answerable({ messages: [message("a", delivered), message("c", read)] }).message_uuid, "a");
  assert.equal(answerable({ messages: [message("c", read)] }), null);
});

test("a phone has a tab for each channel, the one of the newest message first", () => {
  const phone = { messages: [message("a"), message("b", { channel: "sms" }), message("c", { channel: "sms" })] };
  assert.deepEqual(byChannel(phone).map(({ channel, messages }) => [channel, messages.length]), [["sms", 2], ["messenger", 1]]);
});

test("a game shows its own messages only, the phones in the order in which they rang", () => {
  const phones = [
    { recipient: "447700900950", messages: [message("b", { at: "2026-03-01T09:09:40.000Z" }), message("x", { workflow_uuid: "w2" })] },
    { recipient: "sim-phone-ben", messages: [message("y", { workflow_uuid: "w2" })] },
    { recipient: "sim-phone-anna", messages: [message("a")] },
  ];
  assert.deepEqual(ofWorkflow(phones, "w1").map(({ recipient, messages }) => [recipient, messages.length]), [["sim-phone-anna", 1], ["447700900950", 1]]);
});

test("messages are unread until they are seen; those of before the first look are no news", () => {
  const phones = [{ recipient: "x", messages: [message("old", { at: "2026-03-01T08:00:00.000Z" }), message("new")] }];
  assert.deepEqual(unseen(phones, null, NOW), ["new"]);
  assert.deepEqual(unseen(phones, new Set(["new"]), NOW), ["old"]);
});

test("a report is on its way until the list has the status", () => {
  const phones = [{ recipient: "x", messages: [message("a"), message("b", delivered)] }];
  const open = { a: "read", b: "delivered" };
  assert.deepEqual(stillReporting(open, phones), { a: "read" });
  const same = { a: "read" };
  assert.equal(stillReporting(same, phones), same);
});

test("two seconds while a report is on its way, four while a message waits, else ten; half a minute while no phone is shown", () => {
  const at = (one, more) => pace({ phones: [{ recipient: "x", messages: [one] }] }, NOW, { shown: true, reporting: {}, ...more });
  assert.deepEqual([at(message("a")), at(message("a", read)), at(message("a", read), { reporting: { b: "read" } }), at(message("a"), { shown: false })], [4000, 10_000, 2000, 30_000]);
  assert.equal(at(message("a", { at: "2026-03-01T08:00:00.000Z" })), 10_000);
});

test("an id of a phone is called by its name, a number by itself", () => {
  assert.deepEqual(["sim-phone-anna", "447700900950", "sim-read"].map(nameOf), ["Anna", "447700900950", "sim-read"]);
});

const messenger = { number: 0, channel: "messenger", condition: "read", twin: 0, recipient: "sim-phone-anna", phase: "waiting", answer: "sent" };
const sms = { number: 1, channel: "sms", condition: "delivered", twin: 0, recipient: "447700900950", phase: "pending", answer: null };
const facts = (more) => ({ running: true, status: "running", steps: [messenger, sms], current: messenger, next: sms, by: null, late: [], ...more });
const on = (one) => ({ ...one, recipient: "sim-phone-anna" });

test("the player reads which button comes next, and what waiting would bring", () => {
  const here = move(facts(), [on(message("a"))]);
  assert.equal(here.text, "A Messenger message is on Anna’s phone. Press Read, or wait and see an SMS go out.");
  assert.equal(here.rings, "a");
  assert.match(move(facts(), [on(message("a", delivered))]).text, /is delivered\. Press Read/);
  const last = move(facts({ current: { ...sms, phase: "waiting" }, next: null }), [on(message("a", delivered)), { ...message("b", { step: 1, answers: ["delivered"] }), recipient: "447700900950" }]);
  assert.equal(last.text, "An SMS is on the phone 447700900950. Press Deliver.");
  assert.equal(last.rings, "b");
});

test("after an answer, and while a message is on its way, nothing rings", () => {
  assert.equal(move(facts(), [on(message("a", read))]).rings, null);
  assert.match(move(facts({ current: { ...messenger, phase: "sending" } }), []).text, /^The Messenger message is being sent/);
  assert.match(move(facts({ current: { ...messenger, recipient: "sim-phone-anna" } }), []).text, /is being sent: watch the phone/);
  assert.match(move(facts({ current: { ...messenger, recipient: "sim-unread" } }), []).text, /not answered by hand/);
});

test("at the end the player reads what did it", () => {
  const done = facts({ running: false, status: "completed", current: null, next: null, by: sms });
  assert.match(move(done, []).text, /^Done, by SMS\. You can still read/);
  assert.equal(move(facts({ running: false, status: "completed", by: messenger }), []).text, "Done, by Messenger. Play again and leave it unanswered: then an SMS goes out.");
  assert.match(move(facts({ running: false, status: "error" }), []).text, /no step/);
});
