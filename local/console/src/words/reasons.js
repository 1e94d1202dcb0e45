/** Why a step was left, in words (docs/api.md, "How a workflow proceeds"). */

import { duration, seconds } from "../times.js";
import { spelled } from "../visible.js";
import { capital, label, list, the } from "./names.js";

/** One home for each outcome: clause (in a sentence), short (in the picture), verb (in a list of several steps). */
export const OUTCOMES = {
  met: { clause: (step) => `${the(step)} was ${step.condition}`, short: (step) => step.condition, verb: "completed it" },
  expired: { clause: expired, short: (step) => `${progress(step)} in ${seconds(step.expiry)}`, verb: "expired" },
  advanced: { clause: advanced, short: (step) => `ended by hand${afterPart(step)}`, verb: "was ended by hand" },
  rejected: { clause: (step) => `${the(step)} was rejected${because(step)}`, short: short("rejected"), verb: "was rejected" },
  undeliverable: {
    clause: (step) => `${the(step)} was undeliverable${because(step)}`, short: short("undeliverable"), verb: "was undeliverable",
  },
  refused: {
    clause: (step) => `the Messages API refused ${the(step)}${because(step)}`, short: short("refused"), verb: "was refused",
  },
  unsendable: { clause: unsendable, short: (step) => patience(step)?.short ?? short("could not be sent")(step), verb: "could not be sent" },
  unconfirmed: { clause: unconfirmed, short: () => "unconfirmed: no status decided it", verb: "was never confirmed" },
};

/** Return why a step was left, as a clause: "the Messenger message was delivered but not read within 15 s". */
export function why(step) {
  const known = OUTCOMES[step.left.outcome];
  return known ? known.clause(step) : `${the(step)} was left (${spelled(step.left.reason || step.left.outcome)})`;
}

/** Return why a step was left, short enough for a bar: "delivered, not read in 15 s". */
export function whyShort(step) {
  const known = OUTCOMES[step.left.outcome];
  return known ? known.short(step) : spelled(step.left.reason || step.left.outcome);
}

/** Return the reasons of several left steps: up to two in full sentences, more as a list of what happened to each. */
export function whyAll(steps) {
  if (steps.length < 3) return steps.map((step) => `${capital(why(step))}.`).join(" ");
  const verb = (step) => `${label(step)} ${OUTCOMES[step.left.outcome]?.verb ?? "was left"}`;
  return `Before that, ${list(steps.map(verb))}.`;
}

/** Return what the vendor or the API said about a failure: the reason without the outcome before it, or "". */
export function detail({ outcome, reason }) {
  return spelled(reason.startsWith(`${outcome}:`) ? reason.slice(outcome.length + 1).trim() : reason === outcome ? "" : reason);
}

function because(step) {
  const said = detail(step.left);
  return said ? ` (${said})` : "";
}

function short(word) {
  return (step) => {
    const said = detail(step.left);
    return said ? `${word}: ${said}` : word;
  };
}

/** "delivered, not read", "no status". */
function progress({ left, condition }) {
  return left.status ? `${left.status}, not ${condition}` : "no status";
}

function expired(step) {
  const within = `within ${seconds(step.expiry)}`;
  if (step.left.status) return `${the(step)} was ${step.left.status} but not ${step.condition} ${within}`;
  if (step.answer === "unknown") return `it stayed unknown whether ${the(step)} was accepted: no status came ${within}`;
  return `no status of ${the(step)} came ${within}`;
}

/** " after 7 s of 15 s", or "" if the clock of the step had not started. */
function afterPart({ left, answeredAt, expiry }) {
  return answeredAt === null ? "" : ` after ${duration(Math.floor((left.at - answeredAt) / 1000) * 1000)} of ${seconds(expiry)}`;
}

function advanced(step) {
  return `the wait for ${the(step)} was ended by hand${afterPart(step)} (${progress(step)})`;
}

function unsendable(step) {
  const ended = patience(step);
  if (ended) return ended.clause;
  if (step.claimedAt === null) return `the send of ${the(step)} never began`;
  return `${the(step)} could not be handed to the Messages API${because(step)}`;
}

/** Return {clause, short} of a step that has waited to be sent for as long as it may, or null. */
function patience(step) {
  const [, turn, taken, last] = /^(?:no turn within (\d+) s|not taken for (\d+) s: (.+))$/s.exec(detail(step.left)) ?? [];
  if (turn) return { clause: `${the(step)} had no turn at the vendor within ${seconds(turn)}`, short: `no turn within ${seconds(turn)}` };
  if (!taken) return null;
  const within = `within ${seconds(taken)}`;
  return { clause: `the vendor did not take ${the(step)} ${within} (${last})`, short: `not taken ${within}: ${last}` };
}

/** Return why a message was not taken, as a clause about `it`: "the vendor said “too many requests”". */
export function notTaken(reason) {
  if (/\b429\b/.test(reason)) return "the vendor said “too many requests”";
  return `the vendor did not take it${reason ? ` (${spelled(reason)})` : ""}`;
}

function unconfirmed(step) {
  const since = step.answeredAt ?? step.claimedAt;
  return `no status decided ${the(step)}${since === null ? "" : ` within ${duration(step.left.at - since)}`}`;
}
