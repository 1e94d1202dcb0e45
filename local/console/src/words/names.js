/** The names of channels, statuses and states: a word, a shape that says the same without colour, and a tone. */

import { isolated, spelled } from "../visible.js";

/** label: in lists and lanes; noun and article: "a Messenger message", "an SMS". */
export const CHANNELS = {
  messenger: { label: "Messenger", noun: "Messenger message", article: "a" },
  viber_service_msg: { label: "Viber", noun: "Viber message", article: "a" },
  sms: { label: "SMS", noun: "SMS", article: "an" },
  mms: { label: "MMS", noun: "MMS", article: "an" },
  whatsapp: { label: "WhatsApp", noun: "WhatsApp message", article: "a" },
  rcs: { label: "RCS", noun: "RCS message", article: "an" },
};

/** The statuses of a message (docs/api.md, "The workflow"). tone: "", "ok" or "bad". */
export const STATUSES = {
  submitted: { word: "submitted", shape: "○", tone: "" },
  delivered: { word: "delivered", shape: "◐", tone: "" },
  read: { word: "read", shape: "●", tone: "" },
  rejected: { word: "rejected", shape: "✕", tone: "bad" },
  undeliverable: { word: "undeliverable", shape: "✕", tone: "bad" },
};

/** The statuses of a workflow. */
export const WORKFLOWS = {
  running: { word: "running", shape: "▸", tone: "wait" },
  completed: { word: "completed", shape: "✓", tone: "ok" },
  error: { word: "error", shape: "✕", tone: "bad" },
  cancelled: { word: "cancelled", shape: "–", tone: "" },
};

/** The states of a step. over: the word once the workflow is over, if it is another one. */
export const STATES = {
  pending: { word: "not sent yet", over: "never sent", shape: "·", tone: "" },
  claimed: { word: "sending", over: "in flight", shape: "…", tone: "wait" },
  sent: { word: "waiting", over: "sent", shape: "○", tone: "wait" },
  unknown: { word: "unknown whether accepted", shape: "?", tone: "wait" },
  unsent: { word: "not accepted", shape: "✕", tone: "bad" },
  met: { word: "completed", shape: "✓", tone: "ok" },
  rejected: { word: "rejected", shape: "✕", tone: "bad" },
  undeliverable: { word: "undeliverable", shape: "✕", tone: "bad" },
  refused: { word: "refused", shape: "✕", tone: "bad" },
  unsendable: { word: "could not be sent", shape: "✕", tone: "bad" },
  expired: { word: "expired", shape: "✕", tone: "late" },
  unconfirmed: { word: "unconfirmed", shape: "✕", tone: "bad" },
  advanced: { word: "ended by hand", shape: "✕", tone: "late" },
};

/** A word that this page does not know, as it came. */
export const word = (name) => spelled(String(name), { strict: true });

/** Return {label, noun, article} of a channel, also of one that this page does not know. */
export const channel = (name) => CHANNELS[name] ?? { label: word(name), noun: `${word(name)} message`, article: "a" };

/** Return {word, shape, tone} of a status. The vendor's other words have the shape `?`. */
export const status = (name) => STATUSES[name] ?? { word: `“${word(name)}”`, shape: "?", tone: "" };

/** Return {word, shape, tone} of a workflow's status. */
export const workflow = (name) => WORKFLOWS[name] ?? { word: word(name), shape: "?", tone: "" };

/** Return {word, shape, tone} of a step's state. over: whether the workflow is over. */
export function state(name, over = false) {
  const known = STATES[name] ?? { word: word(name), shape: "?", tone: "" };
  return { word: (over && known.over) || known.word, shape: known.shape, tone: over && known.tone === "wait" ? "" : known.tone };
}

/** The state of a step that waits to be sent. */
const QUEUED = { word: "waiting to be sent", shape: "…", tone: "wait" };

/** Return {word, shape, tone} of a step in a row's chain: its status while it waits, its outcome once that is known. */
export function link({ state: name, status: reached, queued = false }, over = false) {
  if (queued) return QUEUED;
  const known = state(name, over);
  if (name === "met" || name === "sent" || name === "unknown") {
    const { shape, word } = reached ? status(reached) : known;
    return { word, shape, tone: known.tone };
  }
  return known;
}

/** Return "SMS", or "second SMS" if the workflow has several steps on this channel. */
export const label = (step) => (step.twin ? `${ordinal(step.twin)} ${channel(step.channel).label}` : channel(step.channel).label);

/** Return "the SMS", "the Messenger message", "the second SMS". */
export const the = (step) => `the ${step.twin ? `${ordinal(step.twin)} ` : ""}${channel(step.channel).noun}`;

/** Return "an SMS", "a Messenger message", "the second SMS". */
export const a = (step) => (step.twin > 1 ? the(step) : `${channel(step.channel).article} ${channel(step.channel).noun}`);

/** Return " to 447700900950", or "" once the recipient has been forgotten. */
export const to = (step) => (step.recipient ? ` to ${isolated(step.recipient)}` : "");

/** Return a text with its first letter in upper case. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Return "a", "a and b", "a, b and c". */
export function list(items) {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

const ORDINALS = ["", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
const ordinal = (number) => ORDINALS[number] ?? `${number}th`;
