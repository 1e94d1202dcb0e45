/** The server's clock: countdowns must not depend on how right this machine's clock is. */
import { useEffect, useState } from "./html.js";
import { store } from "./store.js";

/** Milliseconds that the server's clock is ahead of this machine's. */
export const offset = store(0);

/** The server's time now, in ms since the epoch. */
export function now() {
  return Date.now() + offset.get();
}

/** Note the server's time `asOf` in an answer to a call that began at `began` and took `took` ms. */
export function answered(asOf, began, took) {
  const seen = asOf - (began + took / 2);
  if (Math.abs(seen - offset.get()) > took / 2 + 50) offset.set(Math.round(seen));
}

const SECOND = 1000;

/** The server's time in ms, renewed each second while `ticking`. */
export function useNow(ticking = true) {
  const [time, setTime] = useState(now());
  useEffect(() => {
    setTime(now());
    if (!ticking) return undefined;
    const timer = setInterval(() => document.visibilityState === "visible" && setTime(now()), SECOND);
    return () => clearInterval(timer);
  }, [ticking]);
  return time;
}
