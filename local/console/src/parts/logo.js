import { html } from "../html.js";

/** One step after another; the same drawing is the icon of the tab (index.html). */
export const Logo = () => html`<svg class="logo" viewBox="0 0 16 16" width="22" height="22" aria-hidden="true" focusable="false"><path d="M2 4h8M6 12h8M10 4v8" /></svg>`;
