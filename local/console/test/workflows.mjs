/** Workflows for the tests, as the API returns them. Times are given as seconds after START. */

import { parse } from "../src/times.js";

export const START = parse("2026-03-01T07:26:03.205Z");
export const at = (seconds) => START + Math.round(seconds * 1000);
const iso = (seconds) => new Date(at(seconds)).toISOString();

const EUR = (price) => ({ price, currency: "EUR" });
const NUMBERED = { sms: "447700900950", mms: "447700900951", viber_service_msg: "447700900952", whatsapp: "447700900953", rcs: "447700900954" };

/** Return a step of the resource: a channel, its expiry and condition (without them the last one), and other fields. */
export function step(channel, expiry, condition, fields = {}) {
  const to = channel === "messenger" ? { type: channel, id: "sim-phone-anna" } : { type: channel, number: NUMBERED[channel] };
  return { channel, state: "pending", to, ...(expiry ? { expiry_time: expiry, condition_status: condition } : {}), ...fields };
}

/**
 * Return a resource. events: a list of [seconds, event, step, further fields]; `timestamp` in the fields is in seconds.
 * The status, the end and the expiries follow from the events, the states of the steps are given.
 */
export function workflow(steps, events, fields = {}) {
  const timeline = events.map(([seconds, event, number, more = {}], index) => ({
    sequence: index + 1, at: iso(seconds), event, ...(number == null ? {} : { step: number }), ...more,
    ...(more.timestamp === undefined ? {} : { timestamp: iso(more.timestamp) }),
  }));
  const end = timeline.find(({ event }) => ["completed", "error", "cancelled"].includes(event));
  return {
    workflow_uuid: "37e32606-bd7f-4065-85ea-49b3bf3effa0", template: "failover", client_ref: "table-12",
    status: end?.event ?? "running", created_at: iso(0), ...(end ? { ended_at: end.at } : {}),
    steps: steps.map((own, index) => {
      const answer = timeline.find(({ event, step }) => step === index && ["sent", "unsent", "unknown"].includes(event));
      const expires = answer && own.expiry_time ? { expires_at: new Date(parse(answer.at) + own.expiry_time * 1000).toISOString() } : {};
      return { step: index, ...own, ...expires };
    }),
    timeline, ...fields,
  };
}

const messenger = (fields) => step("messenger", 15, "read", fields);
const sms = (fields) => step("sms", 0, "", fields);
const begun = [[0, "accepted"], [1.161, "sending", 0], [2.101, "sent", 0, { message_uuid: "m-1" }]];
const delivered = [
  ...begun,
  [4.456, "status", 0, { status: "submitted", timestamp: 2.1 }],
  [4.542, "status", 0, { status: "delivered", timestamp: 3.1, usage: EUR("0.0333") }],
];
const EXPIRED = { outcome: "expired", reason: "expired after 15 s: last status delivered, wanted read" };
const expired = [...delivered, [18.133, "left", 0, EXPIRED], [18.133, "sending", 1]];
const smsSent = [...expired, [18.205, "sent", 1, { message_uuid: "m-2" }]];
const smsDelivered = [
  ...smsSent,
  [18.236, "status", 1, { status: "submitted" }],
  [19.342, "status", 1, { status: "delivered", usage: EUR("0.0333") }],
  [19.342, "completed", 1, { usage: EUR("0.0666") }],
];

export const accepted = workflow([messenger(), sms()], begun.slice(0, 1));
export const sending = workflow([messenger({ state: "claimed" }), sms()], begun.slice(0, 2));
export const waiting = workflow([messenger({ state: "sent", status: "delivered" }), sms()], delivered, { usage: EUR("0.0333") });
export const completed = workflow([messenger({ state: "expired" }), sms({ state: "met" })], smsDelivered, { usage: EUR("0.0666") });
/** The README's example, with Messenger read late, 20.6 s after it was sent, and a report that is not sent again. */
export const late = workflow([messenger({ state: "expired", status: "read" }), sms({ state: "met", status: "delivered" })], [
  ...smsDelivered, [22.7, "status", 0, { status: "read", late: true, timestamp: 22.1 }]], { usage: EUR("0.0666") });
export const lastStep = workflow([messenger({ state: "expired" }), sms({ state: "sent", unconfirmed_at: iso(18.205 + 72 * 3600) })], smsSent);
export const sendingLast = workflow([messenger({ state: "expired" }), sms({ state: "claimed" })], expired);
export const first = workflow([messenger({ state: "met" }), sms()], [
  ...delivered, [6.6, "status", 0, { status: "read", timestamp: 6.2 }], [6.6, "completed", 0, { usage: EUR("0.0333") }]]);
export const rejected = workflow([messenger({ state: "rejected" }), sms({ state: "sent" })], [
  ...begun, [3.2, "status", 0, { status: "rejected", error: { code: 1340, reason: "Outside Allowed Window" } }],
  [3.2, "left", 0, { outcome: "rejected", reason: "rejected: 1340 Outside Allowed Window" }],
  [3.31, "sending", 1], [3.4, "sent", 1], [3.9, "status", 1, { status: "submitted" }]]);
export const unknown = workflow([messenger({ state: "unknown" }), sms()], [
  ...begun.slice(0, 2), [16.2, "unknown", 0, { reason: "read timeout" }]]);
export const unknownLast = workflow([sms({ state: "unknown", unconfirmed_at: iso(16.2 + 72 * 3600) })], [
  ...begun.slice(0, 2), [16.2, "unknown", 0, { reason: "read timeout" }]]);
const advancedLeft = [
  ...delivered, [9.2, "left", 0, { outcome: "advanced", reason: "advanced after 7 s of 15 s: last status delivered, wanted read" }]];
const advancedSent = [
  ...advancedLeft, [9.4, "sending", 1], [9.6, "sent", 1], [9.9, "status", 1, { status: "submitted" }]];
export const advancedNow = workflow([messenger({ state: "advanced" }), sms()], advancedLeft);
export const advanced = workflow([messenger({ state: "advanced" }), sms({ state: "sent" })], advancedSent);
export const advancedLate = workflow([messenger({ state: "advanced" }), sms({ state: "met" })], [
  ...advancedSent, [11.1, "status", 1, { status: "delivered", usage: EUR("0.0333") }], [11.1, "completed", 1],
  [14.6, "status", 0, { status: "read", late: true }]]);
export const afterAll = workflow([messenger({ state: "met" }), sms({ state: "sent" })], [
  ...smsSent, [18.236, "status", 1, { status: "submitted" }],
  [22.7, "status", 0, { status: "read", late: true, timestamp: 22.1 }], [22.7, "completed", 0],
  [24.1, "status", 1, { status: "delivered", late: true, usage: EUR("0.0333") }], [24.1, "amended", null, { usage: EUR("0.0666") }]]);
export const failed = workflow([messenger({ state: "expired" }), sms({ state: "undeliverable" })], [
  ...smsSent, [20.1, "status", 1, { status: "undeliverable", error: { code: 1300, reason: "Not part of the provider network" } }],
  [20.1, "left", 1, { outcome: "undeliverable", reason: "undeliverable: 1300 Not part of the provider network" }],
  [20.1, "error", 1, { reason: "undeliverable: 1300 Not part of the provider network", usage: EUR("0.0333") }]],
  { reason: "undeliverable: 1300 Not part of the provider network" });
export const unconfirmed = workflow([sms({ state: "unconfirmed" })], [
  ...begun, [3.1, "status", 0, { status: "submitted" }], [2.101 + 72 * 3600, "left", 0, { outcome: "unconfirmed", reason: "unconfirmed" }],
  [2.101 + 72 * 3600, "error", 0, { reason: "unconfirmed" }]], { reason: "unconfirmed" });
export const refused = workflow([messenger({ state: "refused" }), sms({ state: "unsendable" })], [
  ...begun.slice(0, 2), [1.4, "unsent", 0, { reason: "refused: Invalid params: to is not a Messenger id" }],
  [1.4, "left", 0, { outcome: "refused", reason: "refused: Invalid params: to is not a Messenger id" }], [1.5, "sending", 1],
  [61.6, "unsent", 1, { reason: "unsendable: 429 Too many requests" }], [61.6, "left", 1, { outcome: "unsendable", reason: "unsendable: 429 Too many requests" }],
  [61.6, "error", 1, { reason: "unsendable: 429 Too many requests" }]]);
export const neverBegan = workflow([messenger({ state: "unsendable" }), sms({ state: "sent" })], [
  [0, "accepted"], [15.1, "left", 0, { outcome: "unsendable", reason: "unsendable: the send never began" }], [15.1, "sending", 1], [15.3, "sent", 1]]);
export const cancelled = workflow([messenger({ state: "sent", status: "delivered" }), sms()], [
  ...delivered, [8.4, "cancelled", null, { usage: EUR("0.0333") }]], { usage: EUR("0.0333") });
export const cancelledInFlight = workflow([messenger({ state: "claimed" }), sms()], [...begun.slice(0, 2), [1.5, "cancelled"]]);
export const cancelledAtOnce = workflow([messenger(), sms()], [[0, "accepted"], [0.4, "cancelled"]]);
export const cancelledThenRead = workflow([messenger({ state: "sent", status: "read" }), sms()], [
  ...delivered, [8.4, "cancelled"], [48.4, "status", 0, { status: "read", late: true }]]);

/** Five channels, each left for another reason. */
export const five = workflow([
  step("messenger", 15, "read", { state: "expired" }), step("viber_service_msg", 20, "read", { state: "rejected" }),
  step("whatsapp", 30, "delivered", { state: "refused" }), step("rcs", 20, "read", { state: "sent" }), sms()], [
  ...delivered, [18.1, "left", 0, EXPIRED], [18.1, "sending", 1], [18.4, "sent", 1],
  [19.2, "status", 1, { status: "rejected", error: { code: 1320, reason: "Unknown recipient" } }],
  [19.2, "left", 1, { outcome: "rejected", reason: "rejected: 1320 Unknown recipient" }], [19.3, "sending", 2],
  [19.9, "unsent", 2, { reason: "refused: 1120 Illegal sender" }], [19.9, "left", 2, { outcome: "refused", reason: "refused: 1120 Illegal sender" }],
  [20.0, "sending", 3], [20.6, "sent", 3], [21.5, "status", 3, { status: "submitted" }], [24.9, "status", 3, { status: "delivered", usage: EUR("0.0412") }]]);

const FIRST_NOTHING = { outcome: "expired", reason: "expired after 600 s: last status none, wanted read" };
/** Ten minutes of silence, then an SMS, and a `read` four hours later. */
export const hours = workflow([step("messenger", 600, "read", { state: "expired", status: "read" }), sms({ state: "met" })], [
  ...begun, [602.3, "left", 0, FIRST_NOTHING], [602.3, "sending", 1], [602.6, "sent", 1], [603.1, "status", 1, { status: "submitted" }],
  [604.2, "status", 1, { status: "delivered", usage: EUR("0.0333") }], [604.2, "completed", 1],
  [604.2 + 15120, "status", 0, { status: "read", late: true, usage: EUR("0.0333") }], [604.2 + 15120, "amended"]]);
export const tenMinutes = workflow([step("messenger", 600, "read", { state: "sent" }), sms()], delivered);
export const day = workflow([step("whatsapp", 86400, "read", { state: "sent" }), sms()], [
  ...delivered, [400, "status", 0, { status: "delivered", usage: EUR("0.0400") }]]);
/** A message with every kind of status entry: repeated, with a word of the vendor's, with prices. */
export const many = workflow([step("whatsapp", 60, "read", { state: "sent" }), sms()], [
  ...begun, [2.6, "status", 0, { status: "submitted", timestamp: 2.2 }], [2.9, "status", 0, { status: "queued_by_carrier" }],
  [3.1, "status", 0, { status: "submitted", usage: EUR("0.0100") }], [3.3, "status", 0, { status: "delivered", usage: EUR("0.0333"), timestamp: 3.2 }],
  [3.4, "status", 0, { status: "delivered", usage: EUR("0.0400") }], [9.8, "status", 0, { status: "clicked" }]]);
/** The same channel twice. */
export const twins = workflow([step("sms", 15, "delivered", { state: "expired" }), sms({ state: "sent" })], [
  ...begun, [3, "status", 0, { status: "submitted" }], [17.2, "left", 0, { outcome: "expired", reason: "expired after 15 s: last status submitted, wanted delivered" }],
  [17.2, "sending", 1], [17.5, "sent", 1]]);
/** Content and recipients have been dropped; one status only, of the last step. */
export const forgotten = workflow([sms({ state: "met", to: undefined })], [
  ...begun, [5.1, "status", 0, { status: "delivered", usage: EUR("0.0333") }], [5.1, "completed", 0]]);
/** Ten steps, the longest names and reasons that the API accepts, and two hidden characters in a recipient. */
const LONG = `${"Recipient-with-a-very-long-identifier-of-50-chars".slice(0, 46)}\u202e\u00a0xx`;
const WORDS = "The vendor's words, title and detail, which may be up to two hundred characters long; they are cut in the picture and shown in full in the list below it, and in the tooltip.";
export const ten = workflow([
  step("rcs", 3600, "read", { state: "rejected", to: { type: "rcs", number: LONG } }), ...["viber_service_msg", "whatsapp", "messenger", "mms"].map((name) => step(name, 86400, "delivered", { state: name === "viber_service_msg" ? "sent" : "pending" })),
  ...["sms", "mms", "rcs", "whatsapp"].map((name) => step(name, 600, "delivered")), sms()], [
  ...begun, [2.2, "status", 0, { status: "rejected", error: { code: 1340, reason: WORDS } }], [2.2, "left", 0, { outcome: "rejected", reason: `rejected: 1340 ${WORDS}` }],
  [2.3, "sending", 1], [2.6, "sent", 1],
  ...["submitted", "a_word_of_the_vendor_that_has_40_letters", "submitted", "another_word", "third_word", "fourth_word", "delivered", "delivered", "submitted", "undeliverable", "rejected", "rejected"]
    .map((status, index) => [2.7 + index / 10, "status", 1, { status, timestamp: 1 + index / 10, usage: EUR(`0.${index + 1}`) }])]);
/** A status that came before the answer to the send, and a vendor whose clock is an hour fast. */
export const overtaken = workflow([messenger({ state: "sent", status: "delivered" }), sms()], [
  ...begun.slice(0, 2), [1.4, "status", 0, { status: "delivered", timestamp: 3601, message_uuid: "m-1" }], [2.101, "sent", 0, { message_uuid: "m-1" }]]);
/** A send that died: claimed, never answered, expired. */
export const died = workflow([messenger({ state: "expired" }), sms({ state: "sent" })], [
  ...begun.slice(0, 2), [55.2, "left", 0, { outcome: "expired", reason: "expired after 15 s: last status none, wanted read" }], [55.2, "sending", 1], [55.5, "sent", 1]]);

const since = (seconds) => ({ waiting_since: iso(seconds) });
/** A first step that has no turn yet. */
export const queuedFirst = workflow([messenger(since(0.9)), sms()], [[0, "accepted"], [0.9, "waiting", 0]]);
/** The first step has expired, and the second one has no turn yet: a `read` would still complete the workflow. */
export const queued = workflow([messenger({ state: "sent", status: "delivered" }), sms(since(17.2))], [...delivered, [17.2, "waiting", 1]]);
/** As it went on: sent after its turn, the vendor said 429, sent again. */
const turned = [[0, "accepted"], [0.9, "waiting", 0], [6.2, "sending", 0], [6.5, "postponed", 0, { reason: "HTTP 429" }]];
export const postponed = workflow([messenger(since(0.9)), sms()], turned);
export const again = workflow([messenger({ state: "sent" }), sms()], [...turned, [8.1, "sending", 0], [8.4, "sent", 0]]);
export const sendingAgain = workflow([messenger({ state: "claimed" }), sms()], [...turned, [8.1, "sending", 0]]);
/** Rejected, then not taken by the vendor more often than the timeline names. */
const often = [
  ...begun, [3.2, "status", 0, { status: "rejected" }], [3.2, "left", 0, { outcome: "rejected", reason: "rejected" }],
  ...[3.3, 4.6, 6.8].flatMap((from) => [[from, "sending", 1], [from + 0.3, "postponed", 1, { reason: "Connection refused" }]]), [11.4, "sending", 1]];
export const postponedOften = workflow([messenger({ state: "rejected" }), sms(since(3.6))], often);
const TAKEN = "unsendable: not taken for 900 s: Connection refused";
export const givenUp = workflow([messenger({ state: "rejected" }), sms({ state: "unsendable" })], [
  ...often, [903.6, "left", 1, { outcome: "unsendable", reason: TAKEN }], [903.6, "error", 1, { reason: TAKEN }]]);
/** The second step is claimed a minute after the expiry of the first one, whose `read` comes late. */
export const turnedLate = workflow([messenger({ state: "expired" }), sms({ state: "met" })], [
  ...delivered, [17.2, "waiting", 1], [77.4, "left", 0, EXPIRED], [77.4, "sending", 1], [77.6, "sent", 1], [79.2, "status", 1, { status: "delivered" }], [79.2, "completed", 1]]);
/** The first step was read after its expiry, while the second one waited for its turn. */
export const readMeanwhile = workflow([messenger({ state: "met" }), sms()], [
  ...delivered, [17.2, "waiting", 1], [30.1, "status", 0, { status: "read" }], [30.1, "completed", 0]]);
export const noTurn = workflow([messenger({ state: "unsendable" }), sms({ state: "sent" })], [
  [0, "accepted"], [0.9, "waiting", 0], [900.9, "left", 0, { outcome: "unsendable", reason: "unsendable: no turn within 900 s" }], [901.3, "sending", 1], [901.5, "sent", 1]]);
export const notTaken = workflow([sms({ state: "unsendable" })], [
  ...turned, [8.1, "sending", 0], [8.2, "postponed", 0, { reason: "HTTP 429" }],
  [906.5, "left", 0, { outcome: "unsendable", reason: "unsendable: not taken for 900 s: HTTP 429" }], [906.5, "error", 0, { reason: "unsendable: not taken for 900 s: HTTP 429" }]]);
export const cancelledQueued = workflow([messenger(), sms()], [...turned, [9, "cancelled"]]);
