/** The sandbox phones, followed: what has been looked at, and which answers are on their way. */
import { get, post } from "./api.js";
import { now } from "./clock.js";
import { config } from "./config.js";
import { useEffect } from "./html.js";
import { live, useLive, wake } from "./live.js";
import { route } from "./route.js";
import { messagesOf, pace, stillReporting, unseen } from "./sandbox_phones.js";
import { say } from "./say.js";
import { store, useStore } from "./store.js";
import { unread } from "./unread.js";

const NAME = "workflows-console-seen";
const KEPT = 500;
const SHOWN_FOR = 1500;
const SEEN_BY = 600;
const GIVEN_UP_AFTER = 30_000;

/** `{message_uuid: status}`: reported by the reader, and not in the list yet. */
export const reporting = store({});

/** `{message_uuid: Error}`: answers that the sandbox did not take. */
export const refused = store({});

const seen = store(stored());

/** The phones: `{data, error, again}` as `useLive` has them. Does nothing where there is no sandbox. */
export function usePhones() {
  const found = useLive(config.sandbox ? "sandbox/phones" : null, load, every);
  const looked = useStore(seen);
  const open = useStore(reporting);
  const phones = found.data?.phones;
  useEffect(() => {
    if (!phones) return;
    if (!looked) return look(messagesOf(phones).map((message) => message.message_uuid).filter((id) => !unseen(phones, null, now()).includes(id)));
    unread.set(unseen(phones, looked, now()).length);
  }, [phones, looked]);
  useEffect(() => phones && reporting.set(stillReporting(open, phones)), [phones, open]);
  return found;
}

const load = (signal) => get("sandbox/phones", { signal });
const every = (data, time) => pace(data, time, { shown: ["phones", "play"].includes(route.get().page), reporting: reporting.get() });

/** Keeps the count of unread messages in the top bar. */
export function PhonesWatch() {
  usePhones();
  return null;
}

/** The recipients that a script answers: `[{id, number, summary}]`; empty where there is no sandbox. */
export function useScripts() {
  const { data } = usePhones();
  return config.scripts ?? data?.scripts ?? [];
}

/** Note messages as looked at, once they have been shown for a moment in a visible tab. Returns the set of those seen. */
export function useLooked(ids) {
  const looked = useStore(seen);
  const fresh = ids.filter((id) => !looked?.has(id)).join(" ");
  useEffect(() => {
    if (!fresh) return undefined;
    const note = () => document.visibilityState === "visible" && look(fresh.split(" "));
    const timer = setTimeout(note, SHOWN_FOR);
    const shown = () => document.visibilityState === "visible" && setTimeout(note, SHOWN_FOR);
    document.addEventListener("visibilitychange", shown);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [fresh]);
  return looked ?? new Set();
}

/** Report a status of a message as the carrier would. */
export async function answer(message, status) {
  const id = message.message_uuid;
  if (reporting.get()[id]) return;
  reporting.set({ ...reporting.get(), [id]: status });
  const { [id]: _old, ...others } = refused.get();
  refused.set(others);
  try {
    await post(`sandbox/messages/${id}/status`, { status });
    setTimeout(wake, SEEN_BY);
    setTimeout(() => overdue(id), GIVEN_UP_AFTER);
  } catch (error) {
    refuse(id, error);
    if (error.status === 409) wake();
  }
}

function overdue(id) {
  if (reporting.get()[id] && !live.get().paused) refuse(id, { title: "The callback has not come in after 30 s", detail: "It may still come." });
}

function refuse(id, error) {
  const { [id]: _status, ...rest } = reporting.get();
  reporting.set(rest);
  refused.set({ ...refused.get(), [id]: error });
  say("The status was not reported");
}

function look(ids) {
  const all = [...(seen.get() ?? []), ...ids].slice(-KEPT);
  seen.set(new Set(all));
  try {
    sessionStorage.setItem(NAME, JSON.stringify(all));
  } catch {
    // forgotten with the page
  }
}

function stored() {
  try {
    const ids = JSON.parse(sessionStorage.getItem(NAME));
    return ids ? new Set(ids) : null;
  } catch {
    return null;
  }
}
