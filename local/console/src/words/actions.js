/** The words before and after a cancel, and before and after a wait is ended by hand. */

import { isOut, mayBeOut } from "../workflow.js";
import { a, capital, label, list, the, to } from "./names.js";
import { fates } from "./sentence.js";

/** Return the question before a cancel as {strong, rest, yes, no}: what is out already, and what would never go out. */
export function cancelQuestion(facts) {
  const out = facts.steps.filter(isOut);
  const maybe = facts.steps.filter(mayBeOut);
  const never = facts.steps.filter(({ phase }) => phase === "pending");
  const rest = [
    out.length ? `${capital(list(out.map(the)))} ${out.length > 1 ? "are" : "is"} out and cannot be called back.` : "",
    maybe.length ? `${capital(list(maybe.map(the)))} may be on ${maybe.length > 1 ? "their" : "its"} way already.` : "",
    never.length ? `${capital(list(never.map(the)))} would never go out.` : "",
  ];
  return { strong: "Cancel this workflow?", rest: rest.filter(Boolean).join(" "), yes: "Cancel the workflow", no: "Keep it running" };
}

/** Return what a cancel has done, from its answer: "Cancelled. The Messenger message is out, the SMS never goes out." */
export function cancelAnswer(answer, facts) {
  const of = (state) => answer.steps.filter((step) => step.state === state).map(({ step }) => facts.steps[step]);
  return `Cancelled. ${capital(fates({ out: of("sent"), maybe: of("in_flight"), never: of("never_sent") }))}.`;
}

/** Return the question before a wait is ended by hand, as {strong, rest, yes, no}; null if there is no such wait. */
export function advanceQuestion({ current, next }) {
  if (!current || !next || current.phase !== "waiting" || next.waitingSince !== null) return null;
  return {
    strong: `End the wait for ${the(current)} now?`,
    rest: `${capital(a(next))} goes${to(next) || " out"} at once. A late “${current.condition}” still completes the workflow.`,
    yes: `Go on to ${label(next)}`,
    no: "Keep waiting",
  };
}

/** Return what ending the wait has done, from the answer of `advance`. */
export function advanceAnswer(answer, facts) {
  const next = facts.steps[answer.next.step];
  return `The wait was ended. ${capital(a(next))} goes${to(next) || " out"} now.`;
}
