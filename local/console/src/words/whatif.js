/** The words of what would have been with another expiry (whatif.js). */

import { duration, seconds } from "../times.js";
import { change } from "./entries.js";
import { a, channel, label, list, the } from "./names.js";

/**
 * Return the words of a suggestion as {before, strong, after}, to be joined: "With 21 s instead of 15 s the Messenger
 * message would have been read in time (read after 20.6 s): no SMS, 0.0333 EUR less."
 */
export function suggestionWords({ step, seconds: least, byHand, status, after, notSent, change: less }) {
  const then = `${the(step)} would have been ${status} in time (${status} after ${duration(after)})${savings(notSent, less)}.`;
  if (byHand) return { before: "With ", strong: `the full ${seconds(least)}`, after: `, not ended by hand, ${then}` };
  return { before: "With ", strong: seconds(least), after: ` instead of ${seconds(step.expiry)} ${then}` };
}

/** Return the words of a result of `whatIf`, as one text. */
export function whatIfWords({ step, seconds: expiry, outcome, after, status, notSent, change: less, then, shift, until }) {
  const time = seconds(expiry);
  if (outcome === "unknown") {
    return `With ${time}: unknown. What is known of ${the(step)} ends ${duration(until)} after it was accepted.`;
  }
  if (outcome === "failed") return `With ${time} it would have been the same: ${the(step)} was ${status} after ${duration(after)}.`;
  if (outcome === "met" && step.metAt !== null) return `With ${time} it would have been the same: ${the(step)} was ${status} after ${duration(after)}.`;
  if (outcome === "met") return `With ${time} ${the(step)} would have been ${status} in time, after ${duration(after)}${savings(notSent, less)}.`;
  const late = after === null ? "" : ` (it was ${status} after ${duration(after)})`;
  const missed = `With ${time} ${the(step)} would not have been ${step.condition} in time${late}`;
  if (!then) return `${missed}.`;
  const follows = `${a(then)} would have ${then.waits.length ? "been due" : "gone out"} after ${time}`;
  if (shift === null) return `${missed}: ${follows}, at a price that is not known.`;
  const waited = then.waits.length ? `; it then waited ${duration(then.claimedAt - then.begunAt)} to be sent` : "";
  return `${missed}: ${follows}, ${shift ? `${duration(Math.abs(shift))} ${shift < 0 ? "earlier" : "later"}` : `as it ${waited ? "was" : "did"}`}${waited}.`;
}

/** ": no SMS, 0.0333 EUR less", or "" if nothing would have been saved. */
function savings(notSent, less) {
  const saved = [...(notSent.length ? [spared(notSent)] : []), ...(less.length ? [change(less)] : [])];
  return saved.length ? `: ${saved.join(", ")}` : "";
}

function spared(steps) {
  if (steps.length > 2) return `${steps.length} messages fewer`;
  return `no ${list(steps.map((step) => (step.twin ? label(step) : channel(step.channel).noun)))}`;
}
