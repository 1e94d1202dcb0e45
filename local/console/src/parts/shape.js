import { html } from "../html.js";

/** Drawn, so that they look the same in every font; a sign without a drawing is shown as text. */
const DRAWN = {
  "○": html`<circle cx="6" cy="6" r="4" />`,
  "◐": html`<circle cx="6" cy="6" r="4" /><path class="filled" d="M6 2a4 4 0 0 0 0 8z" />`,
  "●": html`<circle class="filled" cx="6" cy="6" r="4" />`,
  "✕": html`<path d="M2.5 2.5l7 7M9.5 2.5l-7 7" />`,
  "✓": html`<path d="M1.8 6.6l2.9 2.9 5.6-7" />`,
  "–": html`<path d="M2 6h8" />`,
  "▸": html`<path class="filled" d="M3.5 2v8l6-4z" />`,
};

/** The sign of a status or a state (words.js), for sighted readers: its word must stand beside it, shown or hidden. */
export function Shape({ shape }) {
  if (!DRAWN[shape]) return html`<span class="shape" aria-hidden="true">${shape}</span>`;
  return html`<svg class="shape" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">${DRAWN[shape]}</svg>`;
}
