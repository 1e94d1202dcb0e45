import { html, useState } from "../html.js";
import { say } from "../say.js";

/** A button that copies a text. Its name has its visible words in it, and says more where these are short. */
export function Copy({ text, what, label = "copy" }) {
  const [words, setWords] = useState(label);
  const name = `Copy ${what}`;
  return html`<button class="quiet" onClick=${() => copied(text, what).then((done) => setWords(done ? "copied" : "not copied"))}
    onBlur=${() => setWords(label)} aria-label=${name.toLowerCase().includes(words) ? name : undefined}>${words}</button>`;
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
