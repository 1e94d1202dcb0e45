/** The sentence above a workflow: what it waits for and what comes next, or how it ended. */

import { clock, countdown, dateTime, duration, seconds } from "../times.js";
import { spelled } from "../visible.js";
import { isOut, mayBeOut, meeting, read } from "../workflow.js";
import { a, capital, label, list, the, to, word } from "./names.js";
import { notTaken, why, whyAll } from "./reasons.js";

/**
 * Return the sentence of a workflow as {strong, rest}: both end with a full stop, `rest` may be "".
 *
 * workflow: the API's resource, or its facts (workflow.js, `read`). now: the server's time, ms. zone: `local` or `utc`.
 */
export function sentence(workflow, now, { zone = "local" } = {}) {
  const facts = workflow.createdAt === undefined ? read(workflow, now) : workflow;
  const { strong, rest = [] } = (SENTENCES[facts.status] ?? other)(facts, now, zone);
  return { strong, rest: rest.filter(Boolean).join(" ") };
}

/** Return both parts of the sentence as one text, for titles and accessible names. */
export function sentenceText(workflow, now, options) {
  const { strong, rest } = sentence(workflow, now, options);
  return rest ? `${strong} ${rest}` : strong;
}

const SENTENCES = { running, completed, error, cancelled };

const other = ({ status }) => ({ strong: `This workflow is ${word(status)}.` });

const LONG_WAIT = 60_000; // ms that a message may take to go out, before the sentence says that it has not

function running({ createdAt, steps, current, next, unconfirmedAt }, now, zone) {
  if (!current) {
    const left = steps.findLast((step) => step.left);
    const waited = now - steps.reduce((latest, { left }) => Math.max(latest, left?.at ?? 0), createdAt);
    const soon = !next ? "" : next.waitingSince !== null ? queued(next, now, zone) : waited < LONG_WAIT ? `${capital(a(next))} goes${to(next) || " out"} now.`
      : `${capital(a(next))}${to(next)} has not gone out for ${duration(Math.floor(waited / 1000) * 1000)}.`;
    return left ? { strong: `${capital(why(left))}.`, rest: [soon] } : { strong: "Accepted.", rest: [soon] };
  }
  if (current.phase === "sending") return sending(current, steps, now);
  const unsure = current.answer === "unknown" && !current.statuses.length;
  const strong = unsure
    ? `It is unknown whether ${the(current)} was accepted.`
    : `Waiting for “${current.condition}” ${current.twin ? `of ${the(current)}` : `on ${label(current)}`}.`;
  if (current.expiresAt === null) {
    const until = unconfirmedAt === null ? "" : dateTime(unconfirmedAt, { zone });
    if (unsure) return { strong, rest: [until ? `Waiting for a status until ${until}.` : "Waiting for a status.", "It is never sent twice."] };
    return { strong, rest: [until ? `Last step: no timer. Without an answer it ends as unconfirmed on ${until}.` : "Last step: no timer."] };
  }
  const then = next ? `${a(next)} goes${to(next) || " out"}` : "the workflow ends";
  const remaining = current.expiresAt - now;
  if (remaining <= 0 && next?.waitingSince != null) return { strong, rest: [`The wait of ${seconds(current.expiry)} is over.`, queued(next, now, zone)] };
  if (remaining <= 0) return { strong, rest: [`The wait of ${seconds(current.expiry)} is over: ${then} any moment.`] };
  return { strong, rest: [`${countdown(remaining)} left${unsure ? " for a status" : ""}, then ${then}.`] };
}

/** Why a step waits to be sent, and since when. */
function queued(step, now, zone) {
  const since = `since ${clock(step.waitingSince, { milliseconds: false, near: now, zone })}`;
  if (step.postponed === null) return `${capital(a(step))}${to(step)} has been waiting for its turn at the vendor ${since}.`;
  return `${capital(the(step))}${to(step)} will be sent again, because ${notTaken(step.postponed)}. It has been waiting ${since}.`;
}

function sending(step, steps, now) {
  const since = now - step.claimedAt;
  const before = steps[step.number - 1];
  return {
    strong: `Sending ${a(step)}${to(step)}.`,
    rest: [since >= 1000 ? `For ${duration(Math.floor(since / 1000) * 1000)} so far.` : "", before?.left ? `${capital(why(before))}.` : ""],
  };
}

function completed(facts) {
  const { by, createdAt, endedAt, steps, afterAll, metTwice } = facts;
  if (!by) return { strong: "Completed." };
  const reached = (step, at) => `by ${step.twin ? the(step) : label(step)} after ${duration(at - createdAt)}`;
  const times = [[by, endedAt], ...metTwice.map((step) => [step, meeting(step).at])].sort(([, one], [, two]) => one - two);
  const strong = metTwice.length
    ? `Reached ${metTwice.length === 1 ? "twice" : `${times.length} times`}: ${list(times.map(([step, at]) => reached(step, at)))}.`
    : `Reached ${afterAll ? "after all, " : ""}${reached(by, endedAt)}.`;
  return { strong, rest: [whyAll(steps.filter(({ left }) => left)), unneeded(steps)] };
}

function error(facts) {
  const failed = facts.steps.findLast(({ left }) => left);
  if (!failed) return { strong: `Failed: ${spelled(facts.reason ?? "the reason is not known")}.` };
  const earlier = facts.steps.filter((step) => step.left && step !== failed);
  return { strong: `Failed: ${why(failed)}.`, rest: [whyAll(earlier), afterEnd(facts)] };
}

function cancelled(facts) {
  const said = fates({
    out: facts.steps.filter(isOut),
    maybe: facts.steps.filter(mayBeOut),
    never: facts.steps.filter(({ phase }) => phase === "never"),
  });
  return { strong: `Cancelled: ${said}.`, rest: [whyAll(facts.steps.filter(({ left }) => left)), afterEnd(facts)] };
}

/**
 * Return what has happened to the messages of a cancelled workflow: "the Messenger message is out, the SMS never goes out".
 * Takes three lists of steps.
 */
export function fates({ out, maybe, never }) {
  const clause = (steps, one, many) => (steps.length ? `${list(steps.map(the))} ${steps.length > 1 ? many : one}` : "");
  const clauses = [
    out.length || maybe.length ? clause(out, "is out", "are out") : "nothing was sent",
    clause(maybe, "may be out", "may be out"),
    clause(never, "never goes out", "never go out"),
  ];
  return clauses.filter(Boolean).join(", ");
}

/** Steps that a completed workflow did not need. */
function unneeded(steps) {
  const never = steps.filter(({ phase }) => phase === "never");
  if (!never.length) return "";
  if (never.length > 3) return `${never.length} more steps were not needed.`;
  return `${capital(list(never.map(the)))} ${never.length > 1 ? "were" : "was"} not needed.`;
}

/** Messages that got through after the workflow had ended without success. */
function afterEnd({ steps, endedAt }) {
  const through = steps.filter((step) => meeting(step)?.late && meeting(step).at >= endedAt);
  return through.map((step) => `${capital(the(step))} was ${meeting(step).status} ${duration(meeting(step).at - endedAt)} after the end.`).join(" ");
}
