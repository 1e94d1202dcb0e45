import { html, useState } from "../html.js";
import { say } from "../say.js";

/** A button that copies a text. */
export function Copy({ text, what, label = "copy" }) {
  const [words, setWords] = useState(label);
  return html`<button class="quiet" onClick=${() => copied(text, what).then((done) => setWords(done ? "copied" : "not copied"))}
    onBlur=${() => setWords(label)} aria-label=${`Copy ${what}`}>${words}</button>`;
}

/** Copy a text; returns false if the browser does not allow it. */
export async function copied(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${what}`);
    return true;
  } catch {
    say("This browser does not allow copying");
    return false;
  }
}
