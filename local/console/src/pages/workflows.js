import "./workflows.css";
import { now } from "../clock.js";
import { config } from "../config.js";
import { Heading } from "../heading.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { useKeys } from "../keys.js";
import { among, filterOf, idOf, inWords, MOST, narrows, PAGE, queryOf, waitingInWords } from "../list.js";
import { useListing } from "../listing.js";
import { Nothing } from "../parts/nothing.js";
import { Filters, Search } from "../parts/filters.js";
import { ProblemNote } from "../parts/problem.js";
import { Row } from "../parts/row.js";
import { go, href, requery, route } from "../route.js";
import { say } from "../say.js";
import { useStore } from "../store.js";
import { iso } from "../times.js";

const POINTED = 1500;

/** The list of workflows: `#/workflows?status=running&channel=sms&q=…&since=24h&waiting=1&twice=1`. */
export function Workflows() {
  const filter = filterOf(useStore(route).query);
  const rows = useRef();
  const pointed = useRef(0);
  const [off, setOff] = useState(false);
  const listing = useListing(filter, { hold: () => held(rows.current, pointed.current), top: () => runningInView(rows.current, listing.list), off });
  const { list, stale, error, busy, older, show } = listing;
  const visible = among(list.rows, filter);
  const change = (changes) => requery(queryOf({ ...filter, ...changes }));
  const waiting = stale ? "" : waitingInWords(list, filter);
  const bare = list.loaded && !stale && !list.rows.length && !list.cursor && !narrows(filter);
  const showNew = () => {
    show();
    scrollTo(0, 0);
    requestAnimationFrame(() => links()[0]?.focus());
  };

  useEffect(() => { if (waiting) say(`${waiting}: press “.” to show`); }, [waiting]);
  useEffect(() => follow(() => setOff(Boolean(runningInView(rows.current, listing.list)))), [list]);
  useLayoutEffect(() => {
    const { row } = history.state ?? {};
    if (row) rows.current?.querySelector(`[data-id="${CSS.escape(row)}"] a`)?.focus();
  }, []);
  useKeys({
    "/": ["search", () => document.getElementById("search")?.select()],
    j: ["next workflow", () => move(1)],
    ArrowDown: ["next workflow", () => inList() && move(1)],
    k: ["workflow before", () => move(-1)],
    ArrowUp: ["workflow before", () => inList() && move(-1)],
    Enter: ["open the workflow", () => false],
    ".": ["show what is new", () => (waiting ? showNew() : false)],
    Escape: ["leave the list, so that new workflows enter by themselves", () => inList() && document.activeElement.blur()],
  });

  return html`
    <div class="top">
      <${Heading} title="Workflows" />
      ${config.sandbox && !bare && html`<a class="button no-print" href=${href("play")}>Play the example</a>`}
      ${!bare && html`<${Search} ref_=${filter.ref} onChange=${change} onOpen=${(id) => go("w", [id])} onDown=${() => move(1)} />`}
    </div>
    ${!bare && html`<${Filters} filter=${filter} onChange=${change} />`}
    <p class="print-only">${sentence(filter)} As of ${iso(now())}.</p>
    <div><${ProblemNote} error=${error} /></div>
    <div class="list" aria-busy=${stale}>
      <div class="waiting no-print">${waiting && html`<button onClick=${showNew}>${waiting} – show <kbd>.</kbd></button>`}</div>
      <div class="head" aria-hidden="true" hidden=${!visible.length}>
        <span>Status</span><span>Reference</span><span>Steps</span><span>Created</span><span>Cost</span></div>
      <ol class="rows" ref=${rows} aria-label=${sentence(filter)} onPointerMove=${() => { pointed.current = Date.now(); }} onClick=${remember}>
        ${visible.map((row) => html`<${Row} key=${idOf(row)} row=${row} gone=${list.gone.has(idOf(row)) ? filter.status : ""} />`)}
      </ol>
      ${!list.loaded && !error && html`<${Skeleton} />`}
      ${list.loaded && !stale && html`<${Nothing} list=${list} visible=${visible.length} filter=${filter} busy=${busy} onChange=${change} onOlder=${older} />`}
      ${list.loaded && !stale && html`<${End} list=${list} filter=${filter} visible=${visible.length} busy=${busy} onOlder=${older} />`}
    </div>`;
}

/** What is loaded, and the way to more of it. */
function End({ list, filter, visible, busy, onOlder }) {
  const loaded = list.rows.length;
  const local = filter.waiting || filter.twice;
  const words = local ? `${visible} of the ${loaded} loaded` : `${loaded} loaded`;
  const more = async (event) => {
    const byKey = event.detail === 0;
    const before = links().length;
    await onOlder();
    if (byKey) requestAnimationFrame(() => links()[before]?.focus());
  };
  if (!loaded) return null;
  return html`<div class="end row">
    <span class="muted">${words}, newest first.${local && " Waiting and “reached twice” are looked up among the loaded ones only."}</span>
    ${loaded >= MOST ? html`<span>This page keeps ${MOST.toLocaleString("en")} at most: narrow the filter to see others.</span>`
    : list.cursor && html`<button class="no-print" onClick=${more} disabled=${busy}>${busy ? "Looking…" : list.looked ? "Go on" : "Older"}</button>`}
    ${list.looked > 0 && list.cursor && html`<span class="muted" role="status">Looked at ${list.looked.toLocaleString("en")} more, none yet.</span>`}
    ${!list.cursor && loaded > PAGE && html`<span class="muted">This is the oldest.</span>`}
  </div>`;
}

/** Only after a moment, so that a quick answer does not flicker. */
function Skeleton() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(setLate, 300, true);
    return () => clearTimeout(timer);
  }, []);
  return late && html`<div class="skeleton" role="status"><span class="visually-hidden">Loading</span>${[0, 1, 2, 3, 4, 5].map((key) => html`<i key=${key} />`)}</div>`;
}

const sentence = (filter) => (narrows(filter) ? `Filter: ${inWords(filter)}.` : "All workflows.");

const links = () => [...document.querySelectorAll(".rows .name a")];
const inList = () => Boolean(document.activeElement?.closest(".rows"));

/** Move the focus by one row; into the list at the first row in view. */
function move(by) {
  const item = document.activeElement?.closest(".item");
  const next = item ? (by > 0 ? item.nextElementSibling : item.previousElementSibling) : firstInView(document.querySelector(".rows"));
  next?.querySelector("a").focus();
}

/** Rows must stay where they are while the reader is further down, is in the list, or is about to click. */
function held(rows, pointed) {
  if (!rows) return false;
  const { isCollapsed, anchorNode } = getSelection();
  return scrollY > 8 || rows.contains(document.activeElement) || (!isCollapsed && rows.contains(anchorNode)) || Date.now() - pointed < POINTED;
}

/** The first row that is not above the window. The rows are in order, so a few looks find it among thousands. */
function firstInView(rows) {
  const items = rows?.children ?? [];
  let [from, to] = [0, items.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (items[middle].getBoundingClientRect().top < 0) from = middle + 1;
    else to = middle;
  }
  return items[from];
}

/** The first running row in view that the poll of the newest page does not reach, or null. */
function runningInView(rows, list) {
  const known = new Map(list.rows.slice(PAGE).map((row) => [idOf(row), row]));
  if (!known.size) return null;
  for (let item = firstInView(rows); item && item.getBoundingClientRect().top < innerHeight; item = item.nextElementSibling) {
    const row = known.get(item.dataset.id);
    if (row?.status === "running") return row;
  }
  return null;
}

/** Call `look` now and after each scrolling. */
function follow(look) {
  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(look, 200);
  };
  soon();
  addEventListener("scroll", soon, { passive: true });
  return () => {
    clearTimeout(timer);
    removeEventListener("scroll", soon);
  };
}

/** Note in the history which row is opened: going back begins at it. */
function remember(event) {
  const link = event.target.closest("a");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) history.replaceState({ row: link.closest(".item").dataset.id }, "");
}
