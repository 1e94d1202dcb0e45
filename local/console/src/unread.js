/** How many messages on the sandbox phones have not been looked at; shown at the page's name and in the title. */
import { store } from "./store.js";

export const unread = store(0);
