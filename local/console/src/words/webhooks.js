/** The words of webhooks and their attempts (docs/api.md, "Attempts and redelivery"). */

import { countdown, duration, parse } from "../times.js";
import { word } from "./names.js";

/** The kinds of webhooks. */
export const KINDS = { message_status: "status", final_report: "final report" };

/** The states of a webhook. */
export const WEBHOOKS = {
  no_url: { word: "no URL", shape: "–", tone: "" },
  pending: { word: "pending", shape: "…", tone: "wait" },
  delivered: { word: "delivered", shape: "✓", tone: "ok" },
  failed: { word: "failed", shape: "✕", tone: "bad" },
};

/** Return {word, shape, tone} of a webhook's state. */
export const webhook = (state) => WEBHOOKS[state] ?? { word: word(state), shape: "?", tone: "" };

/** Return what an attempt has brought: the HTTP status, or why there was none. */
export const attempt = ({ answer, error }) => word(answer ?? error ?? "no answer");

/** Return the answers of all attempts, the last four at most: "2 attempts: 503 → 200", "1 attempt: timeout", "no attempt yet". */
export function attempts(row) {
  if (!row.attempts.length) return row.state === "no_url" ? "no attempt" : "no attempt yet";
  const answers = row.attempts.map(({ answer, error }) => attempt({ answer, error }));
  const shown = answers.length > 4 ? ["…", ...answers.slice(-3)] : answers;
  return `${answers.length} ${answers.length === 1 ? "attempt" : "attempts"}: ${shown.join(" → ")}`;
}

/** Return how long the last attempt took, or "". */
export const lastDuration = (row) => (row.attempts.length ? duration(row.attempts.at(-1).milliseconds) : "");

/** Return "next attempt in 38 s", "next attempt due", or "" if none is due. now: the server's time, ms. */
export function nextAttempt(row, now) {
  const at = parse(row.next_attempt_at);
  if (at === null) return "";
  return at > now ? `next attempt in ${countdown(at - now)}` : "next attempt due";
}

/** Return why a webhook cannot be sent again now, or "". most: the number of attempts from which it cannot (1000). */
export function notRedeliverable(row, most = 1000) {
  if (row.state === "no_url") return "There is no URL to send it to.";
  return row.attempts.length >= most ? `It has had ${most} attempts, and can have no more.` : "";
}
