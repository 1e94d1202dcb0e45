/** The words in the picture: short, one line each. */

import { clock, countdown, duration, seconds } from "../times.js";
import { meeting } from "../workflow.js";
import { channel, label, status as named, the } from "./names.js";
import { whyShort } from "./reasons.js";

/** Return the title of a step's lane: "1. Messenger". */
export const laneTitle = ({ number, channel: own }) => `${number + 1}. ${channel(own).label}`;

/**
 * Return the words in a step's bar, or "": "5 s left, then SMS", "delivered, not read in 15 s", "read after 4.5 s".
 *
 * facts: workflow.js, `read`. now: ms. zone: `local` or `utc`. brief: whether there is little room.
 */
export function laneWords(step, facts, now, { zone = "local", brief = false } = {}) {
  if (step.left) return whyShort(step);
  return PHASES[step.phase]?.(step, facts, now, zone, brief) ?? "";
}

const PHASES = {
  pending,
  sending: ({ claimedAt }, _, now) => (now - claimedAt >= 1000 ? `sending for ${duration(Math.floor((now - claimedAt) / 1000) * 1000)}` : "sending"),
  waiting,
  met: (step) => `✓ ${meeting(step)?.status ?? step.status} after ${duration(step.metAt - (step.answeredAt ?? step.claimedAt))}`,
  stopped: ({ answer }) => (answer === "unsent" ? "not accepted" : answer === "sent" ? "out already" : "may be out"),
  never: (_, { status }) => (status === "completed" ? "not needed" : "never sent"),
};

function waiting(step, { next }, now) {
  const unsure = step.answer === "unknown" && !step.statuses.length;
  if (step.expiresAt === null) return unsure ? "unknown whether accepted" : "waiting, no timer";
  const left = step.expiresAt - now;
  const then = next ? `, then ${channel(next.channel).label}` : "";
  const up = next?.waitingSince != null ? `time is up, ${channel(next.channel).label} is waiting` : `time is up${then}`;
  const time = left > 0 ? `${countdown(left)} left${then}` : up;
  return unsure ? `unknown, ${time}` : time;
}

function pending(step, { current, next, steps }, now, zone, brief) {
  if (step.waitingSince !== null) {
    const since = `since ${clock(step.waitingSince, { milliseconds: false, named: false, near: now, zone })}`;
    return `waiting ${brief ? "" : step.postponed === null ? "for its turn " : "to be sent again "}${since}`;
  }
  if (step !== next) return `${brief ? "" : "only "}after ${name(steps[step.number - 1])}`;
  if (!current) return "goes out now";
  if (current.expiresAt === null) return `${seconds(current.expiry)} after ${brief ? name(current) : `${the(current)} is accepted`}`;
  const at = clock(current.expiresAt, { milliseconds: false, named: false, near: current.claimedAt ?? current.expiresAt, zone });
  return brief ? `at ${at}` : `at ${at}, unless ${current.condition} before`;
}

const name = (step) => (step.twin ? laneTitle(step) : label(step));

/** Return the label of a status in the picture: "read (late)". */
export function dotWords({ status, late, effect }) {
  if (!late) return named(status).word;
  return effect === "completed" ? `${named(status).word}, after all` : `${named(status).word} (late)`;
}

/** Return the word at the line that marks the end of a workflow. */
export const END = { completed: "completed", error: "failed", cancelled: "cancelled" };

/** The word at the line that marks the present. */
export const NOW = "now";

/** The tooltip of the place where the scale of time changes. */
export const SCALE = "From here on time is drawn closer together";

/** Return the words of a fold, and what a click on it does. */
export const foldWords = (gap) => ({ label: duration(gap), title: `Show the ${duration(gap)} at full length` });

/** Return the words of the button that unfolds all folds, or folds all again. */
export const foldsButton = (folds, unfolded) => (folds ? `Show ${folds === 1 ? "the folded time" : `${folds} folded times`} at full length` : unfolded ? "Fold long times" : "");

/** Return the words of a step of a plan: in its bar, and below it. */
export function planWords({ expiry, condition, number, latest }, start, { zone = "local" } = {}) {
  return {
    bar: expiry === null ? "last step: no timer" : `${seconds(expiry)} for “${condition}”`,
    below: number === 0 ? "at once" : `at the latest ${clock(latest, { milliseconds: false, near: start, zone })}`,
  };
}

/** Return the accessible name of a plan's picture. */
export function planSentence(steps) {
  const parts = steps.map(({ channel: own, expiry, condition }) =>
    expiry === null ? `${channel(own).label}.` : `${channel(own).label}, ${seconds(expiry)} for “${condition}”, else`);
  return `The plan: ${parts.join(" ")}`;
}


