/** What a player can do next, in words. Pure. */
import { isByHand } from "./compose.js";
import { nameOf, statusOf, waits } from "./sandbox_phones.js";
import { isolated } from "./visible.js";
import { a, capital, label, the } from "./words.js";

/**
 * @param {object} facts of the workflow (workflow.js, `read`)
 * @param {object[]} messages of the workflow, as on the phones
 * @returns {{text: string, rings: string | null}} `rings`: the message to answer
 */
export function move(facts, messages) {
  const { current, next } = facts;
  if (!facts.running) return { text: ended(facts), rings: null };
  if (!current) return { text: next?.waitingSince != null ? "The next message is waiting for its turn." : "The next message is on its way.", rings: null };
  const message = messages.findLast(({ step }) => step === current.number);
  if (!message) {
    const onItsWay = current.phase === "sending" || isByHand(String(current.recipient));
    return { text: onItsWay ? `${capital(the(current))} is being sent: watch the phone.` : "This step's recipient is not answered by hand.", rings: null };
  }
  const name = nameOf(message.recipient);
  const phone = name === message.recipient ? `the phone ${isolated(name)}` : `${isolated(name)}’s phone`;
  const able = message.answers.includes(current.condition);
  const then = next ? `, or wait and see ${a(next)} go out.` : ".";
  if (waits(message)) return { text: `${capital(a(current))} is on ${phone}. Press ${button(current)}${then}`, rings: message.message_uuid };
  if (able) return { text: `${capital(the(current))} is ${statusOf(message)}. Press ${button(current)}${then}`, rings: message.message_uuid };
  return { text: "Reported. The callback is on its way into the workflow.", rings: null };
}

const button = ({ condition }) => (condition === "read" ? "Read" : "Deliver");

function ended({ status, by, steps, late }) {
  if (status === "cancelled") return "Cancelled.";
  if (!by) return "Over: no step has met its condition.";
  const done = `Done, by ${label(by)}.`;
  if (by.number === 0 && steps.length > 1) return `${done} Play again and leave it unanswered: then ${a(steps[1])} goes out.`;
  const earlier = steps.some((step) => step.number < by.number && step.answer === "sent");
  return earlier && !late.length ? `${done} You can still read the earlier message: it comes in as late.` : done;
}
