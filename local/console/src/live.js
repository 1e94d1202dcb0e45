/**
 * Polling: one loop for each key, shared by all parts that follow it.
 *
 * A loop never calls again before ten times the time that the last answer took. Nothing is called while the tab is
 * hidden or paused; on return every loop calls at once. Without input for ten minutes the pauses are four times as
 * long. After a failure the last answer stays, and the pauses double up to a minute. For some seconds after the reader
 * has changed something, every loop looks at what comes of it, whatever is left of the budget.
 */
import { countCalls, NoAnswer } from "./api.js";
import { bucket } from "./budget.js";
import { now } from "./clock.js";
import { useEffect, useRef, useState } from "./html.js";
import { session } from "./session.js";
import { store } from "./store.js";

const SECOND = 1000;
const IDLE_AFTER = 600 * SECOND;
const IDLE_FACTOR = 4;
const LOOKS_AFTER_ACT = [0.7 * SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND];
const LONGEST_BACKOFF = 60 * SECOND;
const LONGEST_PAUSE = 3600 * SECOND; // a browser takes much longer ones for none
const NAME = "workflows-console-calls";

/**
 * What the top bar shows: `{paused, every, failed}`. `every` is the shortest pause in ms among the loops; `failed` is
 * null or `{since, error, next}`, `since` the time of the last answer, `next` that of the next call (this machine's clock).
 */
export const live = store({ paused: false, every: null, failed: null });

const loops = new Map();
let lastInput = Date.now();
const calls = bucket(Date.now(), storedCalls());

let lastAct = -Infinity;

countCalls((act) => {
  calls.take(Date.now());
  if (act) {
    lastAct = Date.now();
    for (const pause of LOOKS_AFTER_ACT) setTimeout(() => wake(), pause);
  }
  try {
    sessionStorage.setItem(NAME, JSON.stringify(calls.state()));
  } catch {
    // not kept across a reload
  }
});

for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, () => {
    const idle = Date.now() - lastInput > IDLE_AFTER;
    lastInput = Date.now();
    if (idle) wake();
  }, { passive: true, capture: true });
}
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());
addEventListener("online", () => wake());
session.follow(() => session.get() && wake()); // a 401 has stopped the loops

/** Return true for an error that may be over at the next try: the strip under the top bar says so, a page need not. */
export const isPassing = (error) => error instanceof NoAnswer || error.status >= 500 || error.status === 429;

/** Pause or go on. */
export function pause(paused = !live.get().paused) {
  live.set({ ...live.get(), paused });
  if (!paused) wake();
}

/** Call every loop at once, such as after the reader has changed something. asked: by the reader, so even when paused. */
export function wake(asked = false) {
  for (const loop of loops.values()) loop.soon(0, asked);
}

/**
 * Follow a resource.
 *
 * @template T
 * @param {string | null} key one loop for each; null follows nothing
 * @param {(signal: AbortSignal) => Promise<{data: T, took: number}>} load
 * @param {(data: T, now: number) => number | null} every the pause after an answer in ms; null stops
 * @returns {{data: T | undefined, error: Error | undefined, at: number | undefined, again: () => void}} `at`: when
 *   `data` was answered (server's time in ms)
 */
export function useLive(key, load, every) {
  const [, setTurn] = useState(0);
  const latest = useRef({ load, every });
  latest.current = { load, every };
  useEffect(() => {
    if (key === null) return undefined;
    const loop = loops.get(key) ?? new Loop(key, latest);
    loops.set(key, loop);
    loop.latest = latest;
    return loop.follow(() => setTurn((turn) => turn + 1));
  }, [key]);
  const loop = key === null ? undefined : loops.get(key);
  return { data: loop?.data, error: loop?.error, at: loop?.at, again: () => loop?.soon(0, true) };
}

class Loop {
  constructor(key, latest) {
    this.key = key;
    this.latest = latest;
    this.listeners = new Set();
    this.failures = 0;
  }

  follow(listener) {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.soon(0);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.stop();
    };
  }

  stop() {
    clearTimeout(this.timer);
    this.abort?.abort();
    loops.delete(this.key);
    shown();
  }

  soon(pauseBefore, asked = false) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.turn(asked), Math.min(pauseBefore, LONGEST_PAUSE));
  }

  /** What the reader asks for, such as a page that was not shown yet, is neither paused nor kept for later. */
  async turn(asked) {
    if (this.abort || document.visibilityState !== "visible" || !session.get()) return;
    if (!asked && !(this.at === undefined && this.failures === 0)) {
      if (live.get().paused) return;
      const acted = Date.now() - lastAct <= LOOKS_AFTER_ACT.at(-1) + SECOND;
      const wait = Math.max(acted ? 0 : calls.wait(Date.now()), this.error?.retryAfter ? this.next - Date.now() : 0);
      if (wait > 0) {
        this.every = wait;
        shown();
        return this.soon(wait);
      }
    }
    this.abort = new AbortController();
    let pauseAfter;
    try {
      const { data, took } = await this.latest.current.load(this.abort.signal);
      Object.assign(this, { data, error: undefined, at: now(), failures: 0 });
      const wanted = this.latest.current.every(data, now());
      pauseAfter = wanted === null ? null : Math.max(wanted, Math.min(10 * took, 5 * LONGEST_BACKOFF));
    } catch (error) {
      if (this.abort.signal.aborted) return;
      pauseAfter = this.failed(error);
    } finally {
      this.abort = undefined;
    }
    if (pauseAfter !== null && Date.now() - lastInput > IDLE_AFTER) pauseAfter *= IDLE_FACTOR;
    this.every = pauseAfter;
    this.next = Date.now() + pauseAfter;
    shown();
    for (const listener of [...this.listeners]) listener();
    if (pauseAfter !== null && this.listeners.size) this.soon(pauseAfter);
  }

  /** Returns the pause after a failure in ms; null if the same call would fail again. */
  failed(error) {
    this.error = error;
    this.failures += 1;
    if (!isPassing(error)) return null;
    return Math.max(error.retryAfter * SECOND || 0, Math.min(2 ** this.failures * SECOND, LONGEST_BACKOFF));
  }
}

function shown() {
  const running = [...loops.values()].filter((loop) => loop.every != null);
  const failing = running.filter((loop) => loop.failures > 0);
  live.set({
    ...live.get(),
    every: running.length ? Math.min(...running.map((loop) => loop.every)) : null,
    failed: failing.length ? { since: failing[0].at, error: failing[0].error, next: failing[0].next } : null,
  });
}

function storedCalls() {
  try {
    return JSON.parse(sessionStorage.getItem(NAME)) ?? undefined;
  } catch {
    return undefined;
  }
}
