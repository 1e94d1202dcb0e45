/** Whether the page is being printed: then times are absolute and in UTC, and nothing is folded or hidden. */
import { store } from "./store.js";

const media = matchMedia("print");

export const printing = store(media.matches);

media.addEventListener("change", () => printing.set(media.matches));
