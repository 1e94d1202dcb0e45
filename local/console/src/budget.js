/**
 * At most 900 calls in any hour and tab: a bucket of 60 that 840 calls an hour refill.
 *
 * What the reader does, and what follows from it for a few seconds, is never kept waiting: it takes what is left, and
 * leaves a debt of two calls at most. Reloading the page does not fill the bucket.
 */
export const MOST_AN_HOUR = 900;
const BURST = 60;
const MOST_DEBT = 2;
const REFILL = (MOST_AN_HOUR - BURST) / 3600_000;

/**
 * @param {number} now ms
 * @param {{left: number, at: number}} [kept] an earlier state of the bucket; what is not one counts as an empty bucket
 */
export function bucket(now, kept = { left: BURST, at: now }) {
  const readable = Number.isFinite(kept?.left) && Number.isFinite(kept?.at);
  let [left, at] = readable ? [kept.left, kept.at] : [0, now];
  // A clock that is put back does not fill the bucket; neither does it wait until the clock is there again.
  const fill = (time) => {
    left = Math.min(BURST, left + Math.max(0, time - at) * REFILL);
    at = time;
  };
  return {
    /** Count a call. */
    take(time) {
      fill(time);
      left = Math.max(-MOST_DEBT, left - 1);
    },
    /** Milliseconds until a poll may be made; 0 if it may be made now. */
    wait(time) {
      fill(time);
      return left >= 1 ? 0 : Math.ceil((1 - left) / REFILL);
    },
    state: () => ({ left, at }),
  };
}
