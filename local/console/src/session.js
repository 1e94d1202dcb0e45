/**
 * The credentials of this tab: in memory and in `sessionStorage`, which no other tab sees and which ends with the tab.
 *
 * They are never handed to another tab: any page of this origin could ask for them. Signing out ends the sessions of
 * all tabs, also of those that are not there to notice: `localStorage` keeps the time of the last sign-out.
 */
import { store } from "./store.js";

export { pasted } from "./pasted.js";

const NAME = "workflows-console-session";
const SIGNED_OUT = "workflows-console-signed-out";
const LONGEST = 12 * 3600 * 1000;
const LOOK_EVERY = 60 * 1000;

export const REFUSED = "refused";
export const TOO_OLD = "too old";

/** `{key, secret, since, until}` or null; `since` and `until` in ms of this machine's clock. */
export const session = store(stored());

/** Why this tab's credentials are gone: REFUSED, TOO_OLD or null. */
export const ended = store(null);

/** The credentials if they are still good, else null: they end after twelve hours, or when a tab signs out. */
export function credentials() {
  const found = session.get();
  if (!found) return null;
  if (found.since <= signedOutAt()) leave();
  else if (found.until <= Date.now()) forget(TOO_OLD);
  return session.get();
}

setInterval(credentials, LOOK_EVERY); // a page at rest makes no calls, and a paused one neither
document.addEventListener("visibilitychange", credentials);
addEventListener("pageshow", credentials); // the browser may show a page again as it was left
addEventListener("storage", ({ key }) => key === SIGNED_OUT && credentials());

export function signIn(key, secret) {
  const since = Math.max(Date.now(), signedOutAt() + 1);
  const found = { key, secret, since, until: since + LONGEST };
  session.set(found);
  written(sessionStorage, NAME, JSON.stringify(found));
}

/** Forget the credentials and all that the page has read, in the other tabs too. */
export function signOut() {
  written(localStorage, SIGNED_OUT, String(Math.max(Date.now(), session.get()?.since ?? 0)));
  leave();
}

/** Forget the credentials of this tab alone. */
export function forget(why = null) {
  ended.set(why);
  session.set(null);
  written(sessionStorage, NAME, null);
}

function leave() {
  forget();
  location.reload();
}

function stored() {
  try {
    const found = JSON.parse(sessionStorage.getItem(NAME));
    if (found?.key && found.secret && found.until > Date.now() && found.since > signedOutAt()) return found;
  } catch {
    // unreadable, or there is no storage
  }
  written(sessionStorage, NAME, null);
  return null;
}

function signedOutAt() {
  try {
    return Number(localStorage.getItem(SIGNED_OUT)) || 0;
  } catch {
    return 0; // a browser without storage keeps no session beside this page either
  }
}

function written(storage, name, text) {
  try {
    if (text === null) storage.removeItem(name);
    else storage.setItem(name, text);
  } catch {
    // kept in memory only
  }
}
