import { html, useEffect, useLayoutEffect, useRef } from "./html.js";
import { useStore } from "./store.js";
import { unread } from "./unread.js";
import { spelled } from "./visible.js";

const NAME = "Workflows";

let hadFocus = false;

/** The one `h1` of a page, and the tab's title: `(2) running · table-12 · Workflows`. It takes the focus over from the one before. */
export function Heading({ title, children, class: kind }) {
  const count = useStore(unread);
  useEffect(() => {
    document.title = `${count ? `(${count}) ` : ""}${title === NAME ? title : `${spelled(title)} · ${NAME}`}`;
  }, [title, count]);
  const element = useRef();
  useLayoutEffect(() => {
    const h1 = element.current;
    if (hadFocus) h1.focus();
    hadFocus = false;
    return () => { hadFocus = document.activeElement === h1; };
  }, []);
  return html`<h1 ref=${element} tabindex="-1" class=${kind}>${children ?? title}</h1>`;
}
