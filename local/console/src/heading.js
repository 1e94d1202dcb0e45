import { html, useEffect } from "./html.js";
import { useStore } from "./store.js";
import { unread } from "./unread.js";
import { spelled } from "./visible.js";

const NAME = "Workflows";

/** The one `h1` of a page, and the tab's title: `(2) running · table-12 · Workflows`. */
export function Heading({ title, children, class: kind }) {
  const count = useStore(unread);
  useEffect(() => {
    document.title = `${count ? `(${count}) ` : ""}${title === NAME ? title : `${spelled(title)} · ${NAME}`}`;
  }, [title, count]);
  return html`<h1 tabindex="-1" class=${kind}>${children ?? title}</h1>`;
}
