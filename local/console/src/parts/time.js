import { useNow } from "../clock.js";
import { html } from "../html.js";
import { useTimes } from "../settings.js";
import { iso, time } from "../times.js";

/** A moment (ms) in the reader's format; the exact one, in UTC, is in `datetime` and in the title. */
export function Time({ at, milliseconds }) {
  const times = useTimes();
  const now = useNow(times === "relative");
  return html`<time datetime=${iso(at)} title=${iso(at)}>${time(at, times, now, { milliseconds })}</time>`;
}
