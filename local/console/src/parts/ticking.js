/** What counts the seconds: only while it is in view, and without drawing anything around it again. */
import { now } from "../clock.js";
import { useEffect, useRef, useState } from "../html.js";

const followers = new Set();
const watched = new WeakMap();
let timer;

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) watched.get(target)?.(isIntersecting);
}, { rootMargin: "50px" });

const coming = new Map();
const ahead = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) arrived(target);
}, { rootMargin: "400px" });

/** Call `show` once, as soon as an element is nearly in view, or is about to be printed. Returns what stops the waiting. */
export function whenNear(element, show) {
  coming.set(element, show);
  ahead.observe(element);
  return () => {
    coming.delete(element);
    ahead.unobserve(element);
  };
}

function arrived(element) {
  const show = coming.get(element);
  coming.delete(element);
  ahead.unobserve(element);
  show?.();
}

addEventListener("beforeprint", () => {
  for (const element of [...coming.keys()]) arrived(element);
});

/**
 * Return a value of the time, renewed each second while its element is in view; the component is drawn again only if
 * the value is another one.
 *
 * @template T a text or a number
 * @param {(now: number) => T} read of the server's time in ms
 * @param {boolean} [ticking]
 * @returns {[T, object]} the value, and the `ref` of the element
 */
export function useTick(read, ticking = true) {
  const ref = useRef();
  const latest = useRef();
  latest.current = read;
  const [, setSeen] = useState();
  useEffect(() => {
    if (!ticking) return undefined;
    const element = ref.current;
    const renew = () => setSeen(latest.current(now()));
    watched.set(element, (inView) => {
      if (inView) renew();
      follow(renew, inView);
    });
    observer.observe(element);
    return () => {
      observer.unobserve(element);
      follow(renew, false);
    };
  }, [ticking]);
  return [read(now()), ref];
}

function follow(renew, on) {
  if (on) followers.add(renew);
  else followers.delete(renew);
  if (followers.size && !timer) timer = setInterval(tick, 1000);
  if (!followers.size && timer) timer = clearInterval(timer);
}

function tick() {
  if (document.visibilityState === "visible") for (const renew of [...followers]) renew();
}
