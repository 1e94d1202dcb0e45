import { useEffect, useRef } from "./html.js";

/**
 * Keep the focus where a button gives way to a question: it goes to the question, and back if nothing is done.
 *
 * @param {string} stage "offered", "asked" or another one
 * @returns {{question: object, offer: object}} the `ref` of each
 */
export function useAskedFocus(stage) {
  const [question, offer, before] = [useRef(), useRef(), useRef(stage)];
  useEffect(() => {
    if (stage === "asked") question.current?.focus();
    else if (before.current !== "offered" && stage === "offered" && document.activeElement === document.body) offer.current?.focus();
    before.current = stage;
  }, [stage]);
  return { question, offer };
}
