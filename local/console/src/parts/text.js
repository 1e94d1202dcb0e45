import { html } from "../html.js";
import { parts } from "../visible.js";

/**
 * A text from outside, as text: invisible and bidirectional characters are shown by their names, and its direction ends
 * with it. `strict`: a number, a name or an id, which is one line.
 */
export function Text({ text, strict = false, class: kind }) {
  const shown = parts(String(text), { strict }).map((part) =>
    part.mark ? html`<abbr class="mark" title=${part.name}>${part.mark}</abbr>` : part.text);
  return html`<bdi dir=${strict ? "ltr" : "auto"} class=${kind}>${shown}</bdi>`;
}
