/** The width of an element, as it changes. */

import { useLayoutEffect, useRef, useState } from "./html.js";

/** Return [ref, width]: set the ref on an element to get its content width in whole px; 0 before the first measure. */
export function useWidth() {
  const ref = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const style = getComputedStyle(element);
    setWidth(Math.floor(element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)));
    let frame = 0;
    const observer = new ResizeObserver(([{ contentRect }]) => {
      cancelAnimationFrame(frame); // drawing within the observer's own turn would make the browser report a loop
      frame = requestAnimationFrame(() => setWidth(Math.floor(contentRect.width)));
    });
    observer.observe(element);
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
    };
  }, []);
  return [ref, width];
}
