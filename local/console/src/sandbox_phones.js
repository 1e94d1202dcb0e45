/**
 * What is on the sandbox phones, from the answer of `GET sandbox/phones` (docs/sandbox.md). Pure: the time is an argument.
 */
const SECOND = 1000;
const FRESH = 60 * SECOND;
const LOOKED_FOR = 3600 * SECOND;

/** The answers in the order of the keys 1 to 4, with what their buttons say. */
export const ANSWERS = [["delivered", "Deliver"], ["read", "Read"], ["rejected", "Reject"], ["undeliverable", "Undeliverable"]];

/** All messages of some phones. */
export const messagesOf = (phones) => phones.flatMap(({ messages }) => messages);

/** The last status of a message, or null. */
export const statusOf = (message) => message.statuses.at(-1)?.status ?? null;

/** Return true while a message has got no answer: accepted, and nothing but `submitted` reported. */
export function waits(message) {
  return message.answers.length > 0 && message.statuses.every(({ status }) => status === "submitted");
}

/** A phone's messages by channel, the channel of the newest message first: `[{channel, messages}]`. */
export function byChannel({ messages }) {
  const channels = [...new Set(messages.toReversed().map(({ channel }) => channel))];
  return channels.map((channel) => ({ channel, messages: messages.filter((message) => message.channel === channel) }));
}

/** The phones with the messages of one workflow alone, in the order in which they rang. */
export function ofWorkflow(phones, id) {
  return phones.map((phone) => ({ ...phone, messages: phone.messages.filter((message) => message.workflow_uuid === id) }))
    .filter(({ messages }) => messages.length > 0)
    .sort((one, other) => one.messages[0].at.localeCompare(other.messages[0].at));
}

/** The newest message without an answer: the phone that rings. Returns null if there is none. */
export function ringing(phones) {
  return messagesOf(phones).filter(waits).reduce((newest, message) => (newest && newest.at > message.at ? newest : message), null);
}

/** The message of a phone that its keys and large buttons answer: the newest that can be answered. Null if there is none. */
export function answerable({ messages }) {
  return messages.findLast(waits) ?? messages.findLast(({ answers }) => answers.length > 0) ?? null;
}

/** The ids of messages that nobody has looked at. At the first look (`seen` is null), older ones are no news. */
export function unseen(phones, seen, now) {
  return messagesOf(phones)
    .filter((message) => (seen ? !seen.has(message.message_uuid) : now - Date.parse(message.at) < FRESH))
    .map((message) => message.message_uuid);
}

/** The reports that the list does not show yet. */
export function stillReporting(reporting, phones) {
  const found = new Map(messagesOf(phones).map((message) => [message.message_uuid, message]));
  const open = Object.entries(reporting).filter(([id, status]) => !found.get(id)?.statuses.some((one) => one.status === status));
  return open.length === Object.keys(reporting).length ? reporting : Object.fromEntries(open);
}

/**
 * The pause between two looks, in ms: two seconds while a report is on its way, four while a message of the last hour
 * waits for an answer, else ten; half a minute while no phone is shown, for the count in the top bar.
 */
export function pace({ phones }, now, { shown, reporting }) {
  if (!shown) return 30 * SECOND;
  const waiting = messagesOf(phones).some((message) => waits(message) && now - Date.parse(message.at) < LOOKED_FOR);
  if (Object.keys(reporting).length > 0) return 2 * SECOND;
  return waiting ? 4 * SECOND : 10 * SECOND;
}

/** What a phone is called: `sim-phone-anna` is Anna's, a number is itself. */
export function nameOf(recipient) {
  const name = /^sim-phone-(.+)$/.exec(recipient)?.[1];
  return name ? name[0].toUpperCase() + name.slice(1) : recipient;
}

const TICKS = { submitted: "✓", delivered: "✓✓", read: "✓✓", rejected: "✕", undeliverable: "✕" };

/** The tick of a status, as phones show it. Always beside the status in words. */
export const tick = (status) => TICKS[status] ?? "·";
