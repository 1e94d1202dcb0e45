/** The words of each entry of the timeline (docs/api.md, "Timeline"). */

import { compare, money } from "../money.js";
import { clockBeside, duration, seconds } from "../times.js";
import { spelled } from "../visible.js";
import { capital, label, status as named, to, word as unknown } from "./names.js";
import { OUTCOMES, detail, notTaken, why } from "./reasons.js";

const APART = 1000; // ms between the vendor's clock and ours from which both are shown

/**
 * Return the words of an entry: {text, note, tone, who}.
 *
 * text: "Messenger: delivered, 0.0333 EUR." note: "vendor's clock 05.305, 2.4 s earlier", or "". tone: "", "ok", "bad",
 * "late" or "wait". who: the label of its step, or "".
 *
 * entry: of the API's timeline, or of the facts. facts: workflow.js, `read`. zone: `local` or `utc`.
 */
export function entry(entry, facts, { zone = "local" } = {}) {
  const known = facts.entries.find(({ sequence }) => sequence === entry.sequence) ?? entry;
  const step = known.step === undefined ? null : facts.steps[known.step];
  const words = EVENTS[known.event] ?? (() => ({ text: unknown(known.event) }));
  const { text, tone = "" } = words(known, step, facts);
  const who = step ? capital(label(step)) : "";
  return { text: step && !FINAL.includes(known.event) ? `${who}: ${text}` : capital(text), note: note(known, zone), tone, who };
}

const FINAL = ["completed", "error"];

/** The words of each event, by its name. */
export const EVENTS = {
  accepted: () => ({ text: "accepted." }),
  waiting: () => ({ text: "waiting for its turn at the vendor.", tone: "wait" }),
  sending: ({ sequence }, step) => ({ text: `sending${sequence > step.sends[0].sequence ? " again" : ""}${to(step)}.` }),
  postponed: ({ reason = "" }) => ({ text: `${notTaken(reason)}. It will be sent again.`, tone: "wait" }),
  sent: (_, step) => ({
    text: `accepted by the Messages API. ${step.expiry === null ? "No timer: it is the last step." : `It expires in ${seconds(step.expiry)}.`}`,
  }),
  unsent: ({ reason = "" }) => ({ text: `not accepted by the Messages API (${spelled(reason)}).`, tone: "bad" }),
  unknown: ({ reason = "" }) => ({
    text: `it is unknown whether the Messages API accepted it (${spelled(reason)}). It is never sent twice.`, tone: "wait",
  }),
  restored: () => ({ text: "restored from an older backup. Its messages may have been sent, so none is sent now.", tone: "wait" }),
  status,
  left,
  completed: (entry, step, facts) => ({
    text: `completed by ${label(step)}${facts.afterAll ? " after all" : ""}.${inAll(entry)}`, tone: "ok",
  }),
  error: (entry, step, facts) => ({
    text: `failed: ${step?.left ? why(step) : spelled(entry.reason ?? facts.reason ?? "")}.${inAll(entry)}`, tone: "bad",
  }),
  cancelled: (entry) => ({ text: `cancelled.${entry.usage ? ` ${money(entry.usage)} until then.` : ""}` }),
  amended,
};

function status(entry, step) {
  const own = step.statuses.find(({ sequence }) => sequence === entry.sequence);
  const { word, tone } = named(entry.status);
  const price = entry.usage ? `, ${own.again ? "now " : ""}${money(entry.usage)}` : "";
  const error = entry.error ? [entry.error.code, entry.error.reason].filter(Boolean).join(" ") : "";
  const said = `${word}${own.again ? " again" : ""}${price}${error ? ` (${spelled(error)})` : ""}`;
  if (!own.late) return own.known ? { text: `${said}.`, tone } : { text: `${said}, a word that decides nothing.` };
  const when = own.afterLeft ? "the step had been left" : step.metAt === null ? "the workflow was over" : "the workflow was complete";
  return { text: `${said} — late: ${when}, ${EFFECTS[own.effect]}.`, tone: own.effect === "completed" ? "ok" : "late" };
}

/** What a late status changed. */
export const EFFECTS = {
  nothing: "so this changes nothing",
  completed: "yet it completes the workflow after all",
  amended: "so only the final report is sent again",
};

function left(entry, step) {
  const tone = entry.outcome === "expired" || entry.outcome === "advanced" ? "late" : "bad";
  if (entry.outcome === "expired") {
    const { status } = step.left;
    return { text: `left. It expired after ${seconds(step.expiry)}: ${status ? `${status}, but not ${step.condition}` : "no status came"}.`, tone };
  }
  if (entry.outcome === "advanced") return { text: `left. ${capital(OUTCOMES.advanced.short(step))}.`, tone };
  if (entry.outcome === "unconfirmed") return { text: "left. No status decided it in time.", tone };
  const said = detail({ outcome: entry.outcome, reason: entry.reason ?? "" });
  return { text: `left. It ${OUTCOMES[entry.outcome]?.verb ?? `was left (${unknown(entry.outcome)})`}${said ? ` (${said})` : ""}.`, tone };
}

function amended(entry, _, facts) {
  const reached = (before) => facts.steps.filter(({ statuses }) =>
    statuses.some(({ sequence, status }) => sequence < before && ["delivered", "read"].includes(status))).length;
  const twice = reached(entry.sequence) > Math.max(1, reached(entry.sequence - 1));
  return { text: `the final report is sent again${twice ? ": the recipient was reached twice" : ": the price has changed"}.${inAll(entry)}`, tone: "late" };
}

const inAll = ({ usage }) => (usage ? ` ${money(usage)} in all.` : "");

function note({ vendorAt, at }, zone) {
  if (vendorAt == null || Math.abs(at - vendorAt) <= APART) return "";
  return `vendor’s clock ${clockBeside(vendorAt, at, { zone })}, ${duration(Math.abs(at - vendorAt))} ${vendorAt < at ? "earlier" : "later"}`;
}

/** Return how a total has changed against another, in words: "0.0333 EUR less", "0.01 USD more". Takes a difference (money.js). */
export function change(totals) {
  return totals.map(({ price, currency }) =>
    compare(price, "0") < 0 ? `${money({ price: price.slice(1), currency })} less` : `${money({ price, currency })} more`).join(", ");
}
