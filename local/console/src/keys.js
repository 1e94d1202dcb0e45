/** Keyboard shortcuts: each part registers its own while it is shown, and the help lists what is registered. */
import { useLayoutEffect, useRef } from "./html.js";
import { session } from "./session.js";
import { settings } from "./settings.js";

/** Where shortcuts work: the help lists both kinds. */
export const EVERYWHERE = "Everywhere";
export const HERE = "On this page";

const registered = new Set();
const WITHIN = 1000;
let first = null;

/**
 * Offer shortcuts while the component is shown: from its first moment on, so that no key is lost.
 *
 * @param {Record<string, [string, (event: KeyboardEvent) => void]>} shortcuts by key, such as `j`, `Shift+C` or the
 *   sequence `g w`: what it does, in words, and the act, which returns false if the key is not for it now
 * @param {string} [where]
 */
export function useKeys(shortcuts, where = HERE) {
  const latest = useRef();
  latest.current = { shortcuts, where };
  useLayoutEffect(() => {
    registered.add(latest);
    return () => registered.delete(latest);
  }, []);
}

/** What can be pressed now: `[[where, [{names: [key, …], words}]], …]`. */
export function listed() {
  return [HERE, EVERYWHERE].map((where) => {
    const found = new Map();
    for (const { current } of registered) {
      if (current.where !== where) continue;
      for (const [name, [words]] of Object.entries(current.shortcuts)) found.set(words, [...(found.get(words) ?? []), name]);
    }
    return [where, [...found].map(([words, names]) => ({ words, names }))];
  }).filter(([, keys]) => keys.length);
}

addEventListener("keydown", (event) => {
  if (!settings.get().shortcuts || !session.get() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.defaultPrevented || event.isComposing || typing(event.target) || document.querySelector("dialog[open]")) return;
  const key = event.shiftKey && event.key.length === 1 && /[a-z]/i.test(event.key) ? `Shift+${event.key.toUpperCase()}` : event.key;
  const name = first && Date.now() - first.at < WITHIN ? `${first.key} ${key}` : key;
  first = { key, at: Date.now() };
  if (pressing(event.target) && (key === "Enter" || key === " ")) return;
  const act = found(name) ?? found(key);
  if (!act || act(event) === false) return;
  first = null;
  event.preventDefault();
});

function found(name) {
  for (const { current } of [...registered].reverse()) {
    if (Object.hasOwn(current.shortcuts, name)) return current.shortcuts[name][1];
  }
  return undefined;
}

/** In a field, keys are text. */
function typing(element) {
  return element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
}

/** On a button or a link, Enter and Space are its own. */
function pressing(element) {
  return Boolean(element.closest?.("button, a, summary"));
}
