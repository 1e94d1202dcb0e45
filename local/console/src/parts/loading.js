import { html, useEffect, useState } from "../html.js";

/** Shown instead of what is still to come, but only if that takes long. */
export function Loading() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300);
    return () => clearTimeout(timer);
  }, []);
  return late && html`<p class="muted">Loading…</p>`;
}
