/** The page's one `role=status`: what a screen reader says, at most every five seconds, and what a sighted reader sees. */
import { store } from "./store.js";

const PAUSE = 5000;
const SHOWN_FOR = 8000;
let last = -PAUSE;
let timer;
let end;

export const said = store("");

/** Say a text; the newest one wins if several come within five seconds. */
export function say(text) {
  clearTimeout(timer);
  const wait = Math.max(0, last + PAUSE - performance.now());
  timer = setTimeout(() => {
    last = performance.now();
    said.set(said.get() === text ? `${text}\u00a0` : text); // another text, so that it is read aloud again
    clearTimeout(end);
    end = setTimeout(hush, SHOWN_FOR);
  }, wait);
}

/** Say no more: what was said is old, or was about another page. */
export function hush() {
  clearTimeout(end);
  said.set("");
}

addEventListener("hashchange", () => {
  clearTimeout(timer);
  hush();
});
