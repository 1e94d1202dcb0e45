/**
 * The credentials of this tab: in memory and in `sessionStorage`, which no other tab sees and which ends with the tab.
 *
 * A new tab asks the other tabs of this origin for theirs, so that a link opened in a new tab needs no second sign-in.
 * Signing out signs all of them out.
 */
import { store } from "./store.js";

export { pasted } from "./pasted.js";

const NAME = "workflows-console-session";
const LONGEST = 12 * 3600 * 1000;
const ANSWER_WITHIN = 150;
const LOOK_EVERY = 60 * 1000;
const tabs = new BroadcastChannel(NAME);

function stored() {
  try {
    return valid(JSON.parse(sessionStorage.getItem(NAME)));
  } catch {
    return null;
  }
}

function valid(found) {
  return found?.key && found.secret && found.until > Date.now() ? found : null;
}

/** `{key, secret, until}` or null. */
export const session = store(stored());

export const REFUSED = "refused";
export const TOO_OLD = "too old";

/** Why this tab's credentials are gone: REFUSED, TOO_OLD or null. */
export const ended = store(null);

/** The credentials if they are still good, else null: they end after twelve hours. */
export function credentials() {
  const found = valid(session.get());
  if (!found && session.get()) forget(TOO_OLD);
  return found;
}

setInterval(credentials, LOOK_EVERY); // a page at rest makes no calls, and a paused one neither
document.addEventListener("visibilitychange", credentials);

export function signIn(key, secret) {
  keep({ key, secret, until: Date.now() + LONGEST });
}

/** Forget the credentials and all that the page has read, in the other tabs too. */
export function signOut() {
  tabs.postMessage({ type: "signed out" });
  leave();
}

function leave() {
  forget();
  location.reload();
}

/** Forget the credentials of this tab alone. */
export function forget(why = null) {
  ended.set(why);
  session.set(null);
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // there is no storage
  }
}

function keep(found) {
  session.set(found);
  try {
    sessionStorage.setItem(NAME, JSON.stringify(found));
  } catch {
    // kept in memory only
  }
}

/** Ask the other tabs for their credentials. Resolves after at most 150 ms. */
export function askOtherTabs() {
  if (session.get()) return Promise.resolve();
  tabs.postMessage({ type: "ask" });
  return new Promise((resolve) => {
    const stop = session.follow(done);
    const timer = setTimeout(done, ANSWER_WITHIN);
    function done() {
      stop();
      clearTimeout(timer);
      resolve();
    }
  });
}

tabs.onmessage = ({ data }) => {
  if (data?.type === "ask" && credentials()) tabs.postMessage({ type: "signed in", session: session.get() });
  if (data?.type === "signed in" && !session.get() && valid(data.session)) keep(data.session);
  if (data?.type === "signed out" && session.get()) leave();
};
