import assert from "node:assert/strict";
import { test } from "node:test";

import * as model from "../src/list.js";

const { EMPTY, LOOKED, MOST, OLDER, PAGE } = model;
const NOW = Date.parse("2026-03-01T12:00:00.000Z");
const id = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const at = (second) => new Date(NOW - 3600_000 + second * 1000).toISOString();

/** The row of the workflow that was created in this second; the larger, the newer. */
const row = (second, more = {}) => ({ workflow_uuid: id(second), status: "running", created_at: at(second), channels: ["sms"], ...more });
const rows = (from, to) => Array.from({ length: from - to + 1 }, (_, index) => row(from - index));
const answer = (found, cursor) => ({ as_of: at(3600), workflows: found, ...(cursor ? { cursor } : {}) });
const seconds = (list) => list.rows.map((shown) => Number(model.idOf(shown).slice(-12)));
const loaded = (found, cursor) => model.polled(EMPTY, answer(found, cursor));
const hold = { hold: true };

test("the first answer is the list", () => {
  const list = loaded(rows(30, 21), "c");
  assert.deepEqual(seconds(list), [30, 29, 28, 27, 26, 25, 24, 23, 22, 21]);
  assert.equal(list.cursor, "c");
  assert.equal(list.loaded, true);
});

test("new rows enter at the top, newest first, each once", () => {
  const list = model.polled(loaded(rows(22, 21)), answer(rows(24, 21)));
  assert.deepEqual(seconds(list), [24, 23, 22, 21]);
  assert.deepEqual(seconds(model.polled(list, answer(rows(24, 21)))), [24, 23, 22, 21]);
});

test("while the list is held, new rows wait until they are shown, and what is shown stays the same", () => {
  const before = loaded(rows(22, 21));
  const list = model.polled(model.polled(before, answer(rows(23, 21)), hold), answer(rows(25, 21)), hold);
  assert.equal(list.rows, before.rows);
  assert.equal(model.waitingInWords(list, { status: "" }), "3 new");
  assert.deepEqual(seconds(model.shown(list)), [25, 24, 23, 22, 21]);
  assert.equal(model.waitingInWords(model.shown(list), { status: "" }), "");
});

test("rows change in their place, also while the list is held; those that have not stay the same objects", () => {
  const before = loaded(rows(23, 21));
  const changed = { ...row(22), status: "completed", ended_at: at(40) };
  const list = model.polled(before, answer([row(23), changed, row(21)]), hold);
  assert.deepEqual(seconds(list), [23, 22, 21]);
  assert.equal(list.rows[1].status, "completed");
  assert.equal(list.rows[0], before.rows[0]);
  assert.equal(list.rows[2], before.rows[2]);
});

test("an answer without a change keeps the very list of rows", () => {
  const before = loaded(rows(23, 21));
  assert.equal(model.polled(before, answer(rows(23, 21))).rows, before.rows);
});

test("a row that comes into the filter later is put where it belongs", () => {
  assert.deepEqual(seconds(model.polled(loaded([row(24), row(21)]), answer(rows(24, 21)))), [24, 23, 22, 21]);
});

test("rows of the same millisecond are in the API's order", () => {
  const [one, two] = [row(21), { ...row(22), created_at: at(21) }];
  assert.deepEqual(seconds(model.polled(loaded([two]), answer([two, one]))), [22, 21]);
  assert.deepEqual(seconds(model.polled(loaded([one]), answer([two, one]))), [22, 21]);
});

test("a row that the filter no longer finds goes, but waits for the reader while the list is held", () => {
  const before = loaded(rows(24, 21));
  const now = answer([row(24), row(22), row(21)]);
  assert.deepEqual(seconds(model.polled(before, now)), [24, 22, 21]);
  const list = model.polled(before, now, hold);
  assert.deepEqual(seconds(list), [24, 23, 22, 21]);
  assert.deepEqual([...list.gone], [id(23)]);
  assert.equal(model.waitingInWords(list, { status: "running" }), "1 no longer running");
  assert.deepEqual(seconds(model.shown(list)), [24, 22, 21]);
});

test("a row that is found again is not gone", () => {
  const without = model.polled(loaded(rows(24, 21)), answer([row(24), row(22), row(21)]), hold);
  assert.equal(model.polled(without, answer(rows(24, 21)), hold).gone.size, 0);
});

test("rows below the newest page are not gone", () => {
  const list = model.polled(loaded(rows(30, 11), "c"), answer(rows(30, 21), "c2"));
  assert.deepEqual(seconds(list), seconds({ rows: rows(30, 11) }));
  assert.equal(list.cursor, "c");
});

test("rows that are now older than the span are not gone", () => {
  const list = model.polled(loaded(rows(24, 21)), answer(rows(24, 23)), { since: at(23) });
  assert.equal(list.rows.length, 4);
});

test("more new workflows than an answer holds begin a new list, without a hole in it", () => {
  const before = loaded(rows(30, 21), "c");
  const now = answer(rows(100, 91), "c2");
  assert.deepEqual(seconds(model.polled(before, now)), seconds({ rows: rows(100, 91) }));
  assert.equal(model.polled(before, now).cursor, "c2");
  const list = model.polled(before, now, hold);
  assert.equal(list.rows, before.rows);
  assert.equal(model.waitingInWords(list, { status: "" }), "10 or more new");
  assert.equal(model.shown(list).cursor, "c2");
});

test("older rows follow the last one, each once, until there is no cursor", () => {
  const list = model.withOlder(loaded(rows(30, 21), "c"), answer(rows(21, 16), "d"));
  assert.deepEqual(seconds(list), seconds({ rows: rows(30, 16) }));
  assert.equal(list.cursor, "d");
  assert.equal(model.withOlder(list, answer(rows(15, 11))).cursor, null);
});

test("a page with a cursor but without rows counts what was looked at, until one is found", () => {
  const list = loaded([], "c");
  assert.equal(list.looked, LOOKED);
  const on = model.withOlder(list, answer([], "d"));
  assert.equal(on.looked, 2 * LOOKED);
  assert.equal(model.withOlder(on, answer([row(1)], "e")).looked, 0);
  assert.equal(model.withOlder(on, answer([])).looked, 0);
  assert.equal(model.polled(on, answer([], "c")).looked, 2 * LOOKED);
  assert.deepEqual(seconds(model.polled(on, answer([row(9)], "f"))), [9]);
});

test("at most so many rows are kept", () => {
  let list = loaded(rows(5000, 5000 - PAGE + 1), "c");
  while (list.rows.length < MOST) list = model.withOlder(list, answer(rows(5000 - list.rows.length, 5001 - list.rows.length - OLDER), "d"));
  assert.equal(list.rows.length, MOST);
  assert.equal(model.polled(list, answer(rows(5003, 5003 - PAGE + 1), "e")).rows.length, MOST);
});

test("rows in view are renewed in their place, and only those between the first one and the last answered can be gone", () => {
  const list = loaded(rows(40, 21), "c");
  const changed = { ...row(29), status: "error" };
  const now = model.refreshed(list, answer([row(30), changed, row(27)], "d"), row(30));
  assert.deepEqual(seconds(now), seconds(list));
  assert.equal(now.rows[11].status, "error");
  assert.deepEqual([...now.gone], [id(28)]);
});

test("dispatches are listed as workflows are", () => {
  const { workflow_uuid, ...rest } = row(21);
  const list = model.polled(EMPTY, { dispatches: [{ dispatch_uuid: workflow_uuid, ...rest }] });
  assert.equal(model.idOf(list.rows[0]), id(21));
});

test("a filter is the same after it has been in an address", () => {
  const filters = [
    { status: "", channel: "", ref: "", since: "", waiting: false, twice: false },
    { status: "error", channel: "sms", ref: "table 12 & more", since: "24h", waiting: true, twice: true },
  ];
  for (const filter of filters) assert.deepEqual(model.filterOf(model.queryOf(filter)), filter);
  assert.deepEqual(filters.map(model.narrows), [false, true]);
});

test("what is no filter in an address is left out", () => {
  const filter = model.filterOf({ status: "Running", since: "constructor", waiting: "yes", other: "1" });
  assert.equal(model.narrows(filter), false);
});

test("the call has the filters that the API knows, and none that are empty", () => {
  const filter = model.filterOf({ status: "running", q: "a&b", since: "1h", waiting: "1" });
  assert.equal(model.callOf(filter, NOW),
    "workflows?expand=steps&limit=50&status=running&client_ref=a%26b&since=2026-03-01T11%3A00%3A00.000Z");
  assert.equal(model.callOf(model.filterOf({}), NOW, { limit: OLDER, cursor: "c" }), "workflows?expand=steps&limit=100&cursor=c");
});

test("the box opens what names a workflow, and looks for everything else", () => {
  const uuid = "37e32606-bd7f-4065-85ea-49b3bf3effa0";
  const names = [uuid, ` ${uuid.toUpperCase()}\n`, `/workflows/${uuid}`, `v0.1/dispatch/${uuid}`, `/workflows/${uuid}/webhooks/3`, `${uuid}.0`,
    `https://example.com/beta/dispatch/${uuid}?x=1`, `https://example.com/beta/console#/w/${uuid}/json`, `#/w/${uuid}?at=3`, `#/play/${uuid}`];
  for (const text of names) assert.equal(model.named(text), uuid, text);
  for (const text of ["", "table-12", `order-${uuid}`, `${uuid}-2`, `${uuid}${uuid}`, uuid.slice(1), `a/${uuid}`]) assert.equal(model.named(text), null, text);
});

test("a filter in words", () => {
  const words = (query) => model.inWords(model.filterOf(query));
  assert.equal(words({}), "workflow");
  assert.equal(words({ status: "error", channel: "sms" }), "workflow that ended in error with an SMS step");
  assert.equal(words({ status: "running", channel: "sms", q: "x", since: "24h" }),
    "running workflow with an SMS step and the client_ref “x” from the last 24 hours");
  assert.equal(words({ q: "x", since: "1h" }), "workflow with the client_ref “x” from the last hour");
  assert.equal(words({ waiting: "1", twice: "1" }), "workflow that waits for a status and reached the recipient twice");
  assert.equal(words({ q: "\u202ex" }), "workflow with the client_ref “[U+202E]x”");
  assert.equal(words({ channel: "carrier_pigeon" }), "workflow with a carrier_pigeon step");
});

test("the list is looked at more often while a row shown is running", () => {
  assert.equal(model.pauseAfter([row(2, { status: "completed" }), row(1)]), 5000);
  assert.equal(model.pauseAfter([row(2, { status: "completed" }), row(1, { status: "error" })]), 20_000);
  assert.equal(model.pauseAfter([]), 20_000);
});

const steps = (...states) => states.map((state, step) => ({ step, channel: "sms", state: state.split(" ")[0], ...(state.split(" ")[1] ? { status: state.split(" ")[1] } : {}) }));

test("waiting and reached twice are found among the rows", () => {
  const found = [
    row(5, { steps: steps("sent delivered", "pending") }),
    row(4, { steps: steps("claimed", "pending") }),
    row(3, { status: "completed", steps: steps("expired read", "met delivered") }),
    row(2, { steps: steps("expired delivered", "sent delivered") }),
    row(1),
  ];
  const among = (filter) => model.among(found, { waiting: false, twice: false, ...filter }).map((shown) => Number(model.idOf(shown).slice(-2)));
  assert.deepEqual(among({}), [5, 4, 3, 2, 1]);
  assert.deepEqual(among({ waiting: true }), [5, 2]);
  assert.deepEqual(among({ twice: true }), [3, 2]);
  assert.deepEqual(among({ waiting: true, twice: true }), [2]);
});

test("an age has one unit", () => {
  const age = (passed) => model.age(NOW - passed, NOW);
  assert.deepEqual([0, 12_900, 59_999, 61_000, 3_599_000, 7_300_000, 200_000_000].map(age),
    ["just now", "12 s ago", "59 s ago", "1 min ago", "59 min ago", "2 h ago", "2 d ago"]);
  assert.equal(model.age(NOW + 400, NOW), "just now");
});

test("a long chain shows the step that matters with its neighbours, and folds the others", () => {
  const chain = (length, current, over = false) => Array.from({ length }, (_, number) =>
    ({ number, current: !over && number === current, state: number <= current ? "expired" : "pending" }));
  const shown = (steps) => model.folded(steps).map(({ step, more }) => step?.number ?? `+${more.length}`);
  assert.deepEqual(shown(chain(4, 0)), [0, 1, 2, 3]);
  assert.deepEqual(shown(chain(10, 0)), [0, 1, 2, "+7"]);
  assert.deepEqual(shown(chain(10, 4)), ["+3", 3, 4, 5, "+4"]);
  assert.deepEqual(shown(chain(10, 9)), ["+7", 7, 8, 9]);
  assert.deepEqual(shown(chain(5, 2)), [0, 1, 2, 3, 4]);
  assert.deepEqual(shown(chain(10, 6, true)), ["+5", 5, 6, 7, "+2"]);
  assert.deepEqual(shown(chain(10, -1, true)), [0, 1, 2, "+7"]);
});
