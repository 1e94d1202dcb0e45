/**
 * The list of workflows: what its filters mean, and how each answer of the API changes the rows. Pure: the time and
 * what the reader does are arguments.
 *
 * A list is {loaded, rows, cursor, looked, fresh, gone, gap}. rows: as the API shows them, newest first. cursor: of the
 * page after the last row, or null. looked: how many workflows were looked at since the last one that was found. fresh:
 * rows that wait to be shown. gone: ids of rows that the filter no longer finds. gap: null, or {rows, cursor} if more
 * workflows are new than one answer holds.
 */

import { ago, DAY, HOUR, iso, MINUTE, SECOND } from "./times.js";
import { isolated } from "./visible.js";
import { chain, rowReachedTwice } from "./workflow.js";
import { channel } from "./words.js";

/** How many rows are kept; how many one answer has; how many workflows one request looks at (docs/api.md, "List"). */
export const MOST = 2000;
export const PAGE = 50;
export const OLDER = 100;
export const LOOKED = 5000;

export const STATUSES = ["running", "completed", "error", "cancelled"];
export const SPANS = { "1h": HOUR, "24h": DAY, "7d": 7 * DAY };

export const EMPTY = { loaded: false, rows: [], cursor: null, looked: 0, fresh: [], gone: new Set(), gap: null };

/** Return the id of a row, in either word. */
export const idOf = (row) => row.workflow_uuid ?? row.dispatch_uuid;

/** Return the filter in an address: {status, channel, ref, since, waiting, twice}; what is not a filter is left out. */
export function filterOf(query) {
  return {
    status: STATUSES.includes(query.status) ? query.status : "",
    channel: query.channel ?? "",
    ref: query.q ?? "",
    since: Object.hasOwn(SPANS, query.since ?? "") ? query.since : "",
    waiting: query.waiting === "1",
    twice: query.twice === "1",
  };
}

/** Return the query of an address for a filter. */
export function queryOf({ status, channel: name, ref, since, waiting, twice }) {
  return { status, channel: name, q: ref, since, waiting: waiting ? "1" : "", twice: twice ? "1" : "" };
}

/** Return true if a filter narrows the list. */
export const narrows = (filter) => Object.values(filter).some(Boolean);

/** Return the call of the API for a filter, such as `workflows?expand=steps&limit=50&status=running`. */
export function callOf({ status, channel: name, ref, since }, now, { limit = PAGE, cursor, until } = {}) {
  const query = new URLSearchParams({ expand: "steps", limit });
  const more = { status, channel: name, client_ref: ref, since: since && iso(now - SPANS[since]), until, cursor };
  for (const [field, value] of Object.entries(more)) if (value) query.set(field, value);
  return `workflows?${query}`;
}

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const NAMED = new RegExp(`^(?:.*(?:/|^)(?:workflows|dispatch|w|play)/)?(${UUID})(?:\\.\\d+)?(?:[/?#].*)?$`, "i");

/**
 * Return the id of the workflow that a text names, or null: a UUID, an `href`, the address of a page about it, or the
 * `client_ref` of one of its messages, `<id>.<step>`.
 */
export function named(text) {
  return NAMED.exec(text.trim())?.[1].toLowerCase() ?? null;
}

/** Return what a filter finds, in words: `running workflow with an SMS step from the last 24 hours`. */
export function inWords({ status, channel: name, ref, since, waiting, twice }) {
  const { article, label } = name ? channel(name) : {};
  return [
    status === "error" ? "workflow that ended in error" : `${status} workflow`.trim(),
    name && `with ${article} ${label} step`,
    ref && `${name ? "and" : "with"} the client_ref “${isolated(ref)}”`,
    since && `from the last ${since === "1h" ? "hour" : since === "7d" ? "7 days" : "24 hours"}`,
    waiting && "that waits for a status",
    twice && `${waiting ? "and" : "that"} reached the recipient twice`,
  ].filter(Boolean).join(" ");
}

/** Return true if a workflow waits: its message is out, and no status has decided its step yet. */
export const waits = (row) => chain(row)?.some((step) => step.waits) ?? false;

/** Return the rows that the filters of this page let through; the API does not know these two. */
export function among(rows, { waiting, twice }) {
  if (!waiting && !twice) return rows;
  return rows.filter((row) => (!waiting || waits(row)) && (!twice || rowReachedTwice(row)));
}

/** Return the pause before the next look at the list in ms: shorter while a row shown is running. */
export const pauseAfter = (rows) => (rows.some(({ status }) => status === "running") ? 5 * SECOND : 20 * SECOND);

/** Return how old something is in one unit, for a column that must not flicker: `12 s ago`, `4 min ago`, `3 h ago`. */
export function age(at, now) {
  const passed = Math.max(0, now - at);
  const unit = [DAY, HOUR, MINUTE].find((size) => passed >= size) ?? 1;
  return ago(0, Math.floor(passed / unit) * unit);
}

/**
 * Return the steps of a row to show, for the room of about four: [{step} or {more: [steps]}]. The step that matters most
 * is always there, with its neighbours: the current one, else the one that decided the workflow.
 */
export function folded(steps, room = 4) {
  if (steps.length <= room) return steps.map((step) => ({ step }));
  const centre = Math.max(0, steps.findIndex((step) => step.current) >= 0
    ? steps.findIndex((step) => step.current)
    : steps.findLastIndex(({ state }) => state !== "pending"));
  const from = Math.max(0, Math.min(centre - 1, steps.length - 3));
  const middle = steps.slice(from, from + 3).map((step) => ({ step }));
  const fold = (part) => (part.length > 1 ? [{ more: part }] : part.map((step) => ({ step })));
  return [...fold(steps.slice(0, from)), ...middle, ...fold(steps.slice(from + 3))];
}

/** Return the list after an answer to the call for its newest page. hold: keep what is shown in its place. */
export function polled(list, answer, { hold = false, since = "" } = {}) {
  const found = rowsOf(answer);
  const cursor = answer.cursor ?? null;
  if (!list.loaded || (!list.rows.length && found.length)) {
    return { ...EMPTY, loaded: true, rows: found, cursor, looked: found.length || !cursor ? 0 : LOOKED };
  }
  if (found.length && cursor && list.rows.length && newer(found.at(-1), list.rows[0])) {
    const next = { ...list, fresh: found, gone: new Set(), gap: { rows: found, cursor } };
    return hold ? next : shown(next);
  }
  const known = new Set(list.rows.map(idOf));
  const next = {
    ...list,
    rows: renewed(list.rows, found),
    fresh: found.filter((row) => !known.has(idOf(row))),
    gone: missing(list.rows, found, list.gone, { to: cursor ? found.at(-1) : { created_at: since } }),
    gap: null,
  };
  return hold ? next : shown(next);
}

/** Return the list after an answer to a call for the rows from one in the middle on, which is `top`. */
export function refreshed(list, answer, top) {
  const found = rowsOf(answer);
  const gone = missing(list.rows, found, list.gone, { from: top, to: found.at(-1) });
  return { ...list, rows: renewed(list.rows, found), gone };
}

/** Return the list with what was waiting: the new rows are in, those that the filter no longer finds are out. */
export function shown(list) {
  if (list.gap) return { ...EMPTY, loaded: true, ...list.gap };
  if (!list.fresh.length && !list.gone.size) return list;
  const rows = [...list.fresh, ...list.rows.filter((row) => !list.gone.has(idOf(row)))].sort(inOrder).slice(0, MOST);
  return { ...list, rows, fresh: [], gone: new Set() };
}

/** Return the list with the page after its last row. */
export function withOlder(list, answer) {
  const known = new Set(list.rows.map(idOf));
  const found = rowsOf(answer).filter((row) => !known.has(idOf(row)));
  const cursor = answer.cursor ?? null;
  return {
    ...list,
    rows: [...list.rows, ...found].slice(0, MOST),
    cursor,
    looked: found.length || !cursor ? 0 : list.looked + LOOKED,
  };
}

/** Return what waits to be shown, in words: `3 new, 1 no longer running`; "" if nothing does. */
export function waitingInWords({ fresh, gone, gap }, { status }) {
  const lost = gone.size && `${gone.size} no longer ${status || "there"}`;
  return [fresh.length && `${fresh.length}${gap ? " or more" : ""} new`, lost].filter(Boolean).join(", ");
}

const rowsOf = (answer) => answer.workflows ?? answer.dispatches ?? [];

/** The API's order: newest first, then by id. */
function inOrder(one, other) {
  if (one.created_at !== other.created_at) return one.created_at < other.created_at ? 1 : -1;
  return idOf(one) < idOf(other) ? 1 : -1;
}

const newer = (one, other) => inOrder(one, other) < 0;

/** Rows with what an answer says of them. One that has not changed stays the same object, so that it is not drawn again. */
function renewed(rows, found) {
  const answered = new Map(found.map((row) => [idOf(row), row]));
  let changed = false;
  const next = rows.map((row) => {
    const now = answered.get(idOf(row));
    if (!now || JSON.stringify(now) === JSON.stringify(row)) return row;
    changed = true;
    return now;
  });
  return changed ? next : rows;
}

/** The ids of rows between two that an answer should have had, and did not, with those that were gone before. */
function missing(rows, found, before, { from, to }) {
  const answered = new Set(found.map(idOf));
  const gone = new Set([...before].filter((id) => !answered.has(id)));
  if (!to) return gone;
  for (const row of rows) {
    const covered = !(from && newer(row, from)) && !newer(to, row);
    if (covered && !answered.has(idOf(row))) gone.add(idOf(row));
  }
  return gone;
}
