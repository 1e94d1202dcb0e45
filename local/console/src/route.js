/**
 * The address: `#/workflows?status=running`, `#/w/{id}/webhooks?at=3`. It holds what is shown, never credentials.
 */
import { href, parsed } from "./address.js";
import { store } from "./store.js";

export { href, parsed };

export const route = store(parsed(location.hash));

addEventListener("hashchange", () => route.set(parsed(location.hash)));

/** Go to a page, with an entry in the history. */
export function go(page, parts, query) {
  location.hash = href(page, parts, query);
}

/** Change the query of the page that is shown, without a new entry in the history. */
export function requery(changes) {
  const { page, parts, query } = route.get();
  history.replaceState(null, "", href(page, parts, { ...query, ...changes }));
  route.set(parsed(location.hash));
}
