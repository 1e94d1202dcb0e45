/**
 * What is known of a workflow, from the API's resource (docs/api.md, "The workflow" and "Timeline"). Pure: the time is an
 * argument. All times are ms, expiries are seconds, prices are {price, currency}, totals lists of them (money.js).
 */

import { counting, sum, total } from "./money.js";
import { parse } from "./times.js";
import { spelled } from "./visible.js";

const REACHED = ["delivered", "read"];
const FAILURES = ["rejected", "undeliverable"];
const RANK = { submitted: 1, delivered: 2, read: 3 };

/**
 * Return the facts of a workflow.
 *
 * @param resource the answer of `GET /workflows/{id}`
 * @param now the server's time, ms
 * @returns {
 *   id, word ("workflow" or "dispatch"), ref (its client_ref or null), status, running, reason (or null),
 *   createdAt, endedAt (or null), now, steps: a list of steps as below, entries: its timeline with `at` in ms,
 *   current: the step that waits or is being sent, or null; next: the step that would be sent after it, or null;
 *   by: the step that completed it, or null; afterAll: whether a late status of that step did;
 *   late: its late statuses as below, in order; cost: total so far;
 *   reachedTwice: whether the messages of two steps were delivered or read;
 *   metTwice: the steps other than `by` whose own condition was met as well, too late;
 *   unconfirmedAt: when the last step ends without a status (or null) }
 *
 * A step is {
 *   number (from 0), channel, twin: its number (from 1) among several steps of this channel, or 0 if it is the only one,
 *   recipient, sender (text or null), last, state, condition ("delivered" on the last step), expiry (seconds or null),
 *   sends: a list of {sequence, from, to (or null), postponed: why the request was not taken, or null}, one for each claim,
 *   waits: a list of {from, to (or null)}, the times in which it waited to be sent, begunAt: the first moment of both,
 *   waitingSince: since when it waits to be sent now (or null), postponed: why its last request was not taken, while it waits (or null),
 *   claimedAt: the claim that holds, answeredAt, answer: "sent", "unsent", "unknown" or null, answerReason, expiresAt: all null until known,
 *   window: {from, to} from its answer to its expiry (or null), statuses: a list as below, status (the highest, or null),
 *   left: {at, outcome, reason, sequence, status: the highest status by then} or null,
 *   metAt: when it completed the workflow (or null), price (or null), messageUuid (or null),
 *   phase: "pending", "sending", "waiting", "left", "met", "stopped" (sent, and the workflow ended otherwise) or "never" }
 *
 * A status is {sequence, step, status, known: whether it is one of the five, at, vendorAt (or null), late, price (or null),
 *   error (or null), again: whether the same status had come before,
 *   effect: null, or of a late one "nothing", "completed" (the workflow, after all) or "amended" (the report is sent again),
 *   afterLeft: whether a late one came after its step had been left } */
export function read(resource, now) {
  const entries = resource.timeline.map((entry) => ({ ...entry, at: parse(entry.at), vendorAt: parse(entry.timestamp) }));
  const running = resource.status === "running";
  const steps = resource.steps.map((shown, index) => step(shown, index, resource, entries, running));
  const final = entries.find(({ event }) => event === "completed");
  const by = final ? steps[final.step] : null;
  const late = steps.flatMap(({ statuses }) => statuses.filter((status) => status.late));
  late.sort((one, other) => one.sequence - other.sequence);
  const last = steps.at(-1);
  return {
    id: resource.workflow_uuid ?? resource.dispatch_uuid,
    word: resource.dispatch_uuid ? "dispatch" : "workflow",
    ref: resource.client_ref ?? null,
    status: resource.status,
    running,
    reason: resource.reason ?? null,
    createdAt: parse(resource.created_at),
    endedAt: parse(resource.ended_at),
    now,
    steps,
    entries,
    current: current(steps, running),
    next: next(steps, running),
    by,
    afterAll: Boolean(final && late.some(({ effect }) => effect === "completed")),
    late,
    cost: resource.usage ? total(resource.usage) : sum(steps.map(({ price }) => price)),
    reachedTwice: steps.filter(({ statuses }) => statuses.some(({ status }) => REACHED.includes(status))).length > 1,
    metTwice: by ? steps.filter((other) => other !== by && meets(other.statuses, other.condition)) : [],
    unconfirmedAt: parse(resource.unconfirmed_at ?? resource.steps.at(-1)?.unconfirmed_at) ?? last?.unconfirmedAt ?? null,
  };
}

/** Return true if one of these statuses meets a condition: `read` includes `delivered`. */
export function meets(statuses, condition) {
  return statuses.some(({ status }) => RANK[status] >= RANK[condition]);
}

/** Return the first of a step's statuses that meets its condition, late or not, or null. */
export function meeting(step) {
  return step.statuses.find(({ status }) => RANK[status] >= RANK[step.condition]) ?? null;
}

/** Return the first of a step's statuses that is a failure, or null. */
export const failure = (step) => step.statuses.find(({ status }) => FAILURES.includes(status)) ?? null;

/** Return true if a message of the step is certainly out: the Messages API accepted it, or a status proves that it did. */
export const isOut = (step) => step.answer === "sent" || step.statuses.length > 0;

/** Return true if a message of the step may be out: it was claimed and the answer is not known, or said nothing. */
export const mayBeOut = (step) => !isOut(step) && (step.phase === "sending" || step.answer === "unknown" ||
  (step.claimedAt !== null && step.answer === null));

/**
 * Return the chain of a row of the list, `?expand=steps`: [{channel, expiry, status, state, expiresAt, current, queued}], one
 * for each step. `current` marks the step that a running workflow waits for; it is `queued` if it waits to be sent.
 * Returns null for a row without steps.
 */
export function chain(row) {
  if (!row.steps) return null;
  const begun = ({ state, waiting_since: since }) => state !== "pending" || since !== undefined;
  const open = row.status === "running" ? row.steps.findLast(begun) ?? row.steps[0] : null;
  return row.steps.map((shown) => ({
    number: shown.step,
    channel: shown.channel,
    state: shown.state,
    status: shown.status ?? null,
    condition: spelled(shown.condition_status ?? "delivered"),
    expiry: shown.expiry_time ?? null,
    expiresAt: parse(shown.expires_at),
    current: shown === open,
    queued: shown.waiting_since !== undefined,
    waits: shown === open && ["sent", "unknown"].includes(shown.state),
  }));
}

/** Return true if the messages of two steps of a row were delivered or read. */
export const rowReachedTwice = (row) => (row.steps ?? []).filter(({ status }) => REACHED.includes(status)).length > 1;

function step(shown, index, resource, entries, running) {
  const own = entries.filter((entry) => entry.step === index);
  const of = (...events) => own.find(({ event }) => events.includes(event));
  const answer = of("sent", "unsent", "unknown") ?? restored(shown, entries);
  const last = index === resource.steps.length - 1;
  const statuses = own.filter(({ event }) => event === "status").map((entry, at, all) => status(entry, all.slice(0, at), entries));
  const leave = of("left");
  const met = entries.find(({ event, step }) => event === "completed" && step === index);
  const sends = sendsOf(own, shown.state);
  const claimedAt = sends.at(-1)?.postponed === null ? sends.at(-1).from : answer?.event === "unknown" ? answer.at : null;
  const answeredAt = answer?.at ?? null;
  const expiry = shown.expiry_time ?? null;
  const expiresAt = parse(shown.expires_at) ?? (answeredAt !== null && expiry !== null ? answeredAt + expiry * 1000 : null);
  const left = leave
    ? { at: leave.at, outcome: leave.outcome, reason: leave.reason ?? "", sequence: leave.sequence,
        status: highest(statuses.filter(({ sequence }) => sequence < leave.sequence)) }
    : null;
  const known = { claimedAt, answeredAt, left, metAt: met?.at ?? null };
  const waits = waitsOf(of("waiting"), sends, left);
  const open = running && claimedAt === null && !left;
  const waitingSince = open ? parse(shown.waiting_since) ?? waits[0]?.from ?? null : null;
  return {
    number: index,
    channel: shown.channel,
    twin: twin(resource.steps, index),
    recipient: party(shown.to),
    sender: party(shown.from),
    last,
    state: shown.state,
    condition: spelled(shown.condition_status ?? "delivered"),
    expiry,
    sends,
    waits,
    begunAt: waits[0]?.from ?? sends[0]?.from ?? null,
    waitingSince,
    postponed: waitingSince === null ? null : sends.at(-1)?.postponed ?? null,
    ...known,
    answer: answer?.event ?? null,
    answerReason: answer?.reason ?? null,
    expiresAt,
    window: answeredAt !== null && expiresAt !== null ? { from: expiresAt - expiry * 1000, to: expiresAt } : null,
    statuses,
    status: shown.status ?? highest(statuses),
    price: statuses.reduce((price, { price: later }) => counting(price, later), null),
    messageUuid: shown.message_uuid ?? own.findLast(({ message_uuid: id }) => id)?.message_uuid ?? null,
    unconfirmedAt: parse(shown.unconfirmed_at),
    phase: phase(known, running),
  };
}

/** What is known of the send of a step that had not begun, or not ended, when its workflow was restored from a backup. */
function restored({ state }, entries) {
  const entry = entries.findLast(({ event }) => event === "restored");
  return entry && state === "unknown" ? { ...entry, event: "unknown" } : undefined;
}

/** The claims of a step. The timeline names the first few only: without an answer, no claim of a step in these states holds. */
function sendsOf(own, state) {
  const sends = [];
  for (const { sequence, at, event, reason } of own) {
    const last = sends.at(-1);
    if (event === "sending") sends.push({ sequence, from: at, to: null, postponed: null });
    else if (event === "postponed" && last) Object.assign(last, { to: at, postponed: reason ?? "" });
    else if (["sent", "unsent", "unknown"].includes(event) && last) last.to = at;
  }
  const last = sends.at(-1);
  if (["pending", "unsendable"].includes(state) && last?.to === null) Object.assign(last, { to: last.from, postponed: sends.at(-2)?.postponed ?? "" });
  return sends;
}

/** The times in which a step waited to be sent: before its first claim, and after each one that was released. */
function waitsOf(waiting, sends, left) {
  const starts = [...(waiting ? [waiting.at] : []), ...sends.filter(({ postponed }) => postponed !== null).map(({ to }) => to)];
  return starts.map((from) => ({ from, to: sends.find((send) => send.from >= from && send.to !== from)?.from ?? left?.at ?? null }));
}

function phase({ claimedAt, answeredAt, left, metAt }, running) {
  if (metAt !== null) return "met";
  if (left) return "left";
  if (claimedAt === null) return running ? "pending" : "never";
  if (!running) return "stopped";
  return answeredAt === null ? "sending" : "waiting";
}

function status(entry, before, entries) {
  const late = entry.late === true;
  const following = entries.find(({ sequence }) => sequence === entry.sequence + 1);
  const left = entries.find(({ event, step }) => event === "left" && step === entry.step);
  const caused = following?.at === entry.at && ["completed", "amended"].includes(following?.event) ? following.event : "nothing";
  return {
    sequence: entry.sequence,
    step: entry.step,
    status: entry.status,
    known: entry.status in RANK || FAILURES.includes(entry.status),
    at: entry.at,
    vendorAt: entry.vendorAt,
    late,
    price: entry.usage ?? null,
    error: entry.error ?? null,
    again: before.some(({ status: earlier }) => earlier === entry.status),
    effect: late ? caused : null,
    afterLeft: Boolean(late && left && left.sequence < entry.sequence),
  };
}

/** The highest of some statuses. A failure counts only if nothing was delivered before it; what follows it does not. */
function highest(statuses) {
  let reached = null;
  for (const { status } of statuses) {
    if (FAILURES.includes(reached)) break;
    if (FAILURES.includes(status) ? !REACHED.includes(reached) : RANK[status] > (RANK[reached] ?? 0)) reached = status;
  }
  return reached;
}

/** The step that is being sent, or waits: the last one that was claimed, unless it has been left already. */
function current(steps, running) {
  const latest = running ? steps.findLast(({ claimedAt, left }) => claimedAt !== null || left) : null;
  return latest && !latest.left && latest.phase !== "met" ? latest : null;
}

/** The first step that was not claimed and can still be. */
function next(steps, running) {
  if (!running) return null;
  const latest = steps.findLast(({ claimedAt, left }) => claimedAt !== null || left);
  return steps[latest ? latest.number + 1 : 0] ?? null;
}

function twin(steps, index) {
  const same = steps.filter(({ channel }) => channel === steps[index].channel);
  return same.length > 1 ? same.indexOf(steps[index]) + 1 : 0;
}

const party = (shown) => (shown ? String(shown.number ?? shown.id ?? "") || null : null);
