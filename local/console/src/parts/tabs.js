import { html } from "../html.js";
import { href } from "../route.js";

/** Tabs whose choice is in the address: `tabs` is `[[name, words], …]`, `current` one of the names. */
export function Tabs({ tabs, current, page, id, query, label }) {
  const tab = ([name, words], number) => html`<a class="tab" href=${href(page, number ? [id, name] : [id], query)}
    aria-current=${name === current ? "true" : undefined}>${words}</a>`;
  return html`<nav class="tabs no-print" aria-label=${label}>${tabs.map(tab)}</nav>`;
}
