/** What surrounds every page: the top bar, what the polling says, the help, the one status line. */
import { now, offset, useNow } from "./clock.js";
import { config } from "./config.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Logo } from "./parts/logo.js";
import { EVERYWHERE, listed, useKeys } from "./keys.js";
import { live, pause, wake } from "./live.js";
import { PhonesWatch } from "./phones_live.js";
import { go, href, route } from "./route.js";
import { said } from "./say.js";
import { session, signOut } from "./session.js";
import { choose, settings } from "./settings.js";
import { useStore } from "./store.js";
import { countdown, duration, time } from "./times.js";
import { unread } from "./unread.js";

const TIMES = { local: "utc", utc: "relative", relative: "local" };
const PAGES = [
  ["workflows", "Workflows"],
  ["new", "New"],
  ...(config.sandbox ? [["phones", "Phones"]] : []),
  ["overview", "Overview"],
];

export function Frame({ children }) {
  const [helped, setHelped] = useState(false);
  const { page, parts } = useStore(route);
  useKeys({
    "g w": ["go to the workflows", () => go("workflows")],
    "g n": ["go to New", () => go("new")],
    ...(config.sandbox ? { "g p": ["go to the phones", () => go("phones")] } : {}),
    "g o": ["go to the overview", () => go("overview")],
    " ": ["pause or go on", () => pause()],
    t: ["times: local, UTC, relative", () => choose({ times: TIMES[settings.get().times] })],
    "?": ["this list", () => setHelped(true)],
  }, EVERYWHERE);
  useFocusOnTheHeading(`${page}/${parts[0] ?? ""}`);
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.querySelector("#main h1")?.focus(); }}>Skip to the content</a>
    <header class="bar">
      <${Logo} />
      <nav aria-label="Pages">${PAGES.map(([name, words]) => html`<${Page} name=${name} words=${words} current=${page} />`)}</nav>
      <div class="side"><${Live} /><${Account} onHelp=${() => setHelped(true)} /></div>
    </header>
    <${Strip} />
    ${config.sandbox && html`<${PhonesWatch} />`}
    <main id="main">${children}</main>
    <p class="foot" role="status"><${Said} /></p>
    ${helped && html`<${Help} onClose=${() => setHelped(false)} />`}`;
}

function Page({ name, words, current }) {
  const count = useStore(unread);
  const shown = current === name || (name === "workflows" && current === "w") || (name === "phones" && current === "play");
  return html`<a href=${href(name)} aria-current=${shown ? "page" : undefined}>${words}${
    name === "phones" && count > 0 && html`<span class="badge">${count}<span class="visually-hidden"> unread</span></span>`}</a>`;
}

function Live() {
  const { paused, every, failed } = useStore(live);
  const kind = failed ? "bad" : paused || every === null ? "off" : "";
  const words = paused ? "paused" : failed ? (asksToWait(failed.error) ? "asked to wait" : "no answer") : every === null ? "at rest" : `live, ${duration(every)}`;
  return html`<span class="state"><span class=${`dot ${kind}`}></span>${words}</span>
    <button class="quiet" onClick=${() => pause()}>${paused ? "go on" : "pause"}</button>`;
}

/** What belongs to the reader, behind the account's key. */
function Account({ onHelp }) {
  const { theme, times } = useStore(settings);
  const menu = useRef();
  useEffect(() => {
    const close = (event) => {
      if (!menu.current.open || (event.type === "keydown" ? event.key !== "Escape" : menu.current.contains(event.target))) return;
      menu.current.open = false;
      event.preventDefault(); // Escape is this menu's now, not the page's
    };
    addEventListener("pointerdown", close);
    menu.current.addEventListener("keydown", close);
    return () => removeEventListener("pointerdown", close);
  }, []);
  return html`<details class="menu" ref=${menu}>
    <summary>${session.get()?.key}${config.sandbox && html`<span class="muted sandbox"> · sandbox</span>`}</summary>
    <div>
      <${Choice} words="Times" name="times" chosen=${times} values=${[["local", "local"], ["utc", "UTC"], ["relative", "relative"]]} />
      <${Choice} words="Colours" name="theme" chosen=${theme} values=${[["system", "as the system"], ["light", "light"], ["dark", "dark"]]} />
      <button class="quiet" onClick=${() => { menu.current.open = false; onHelp(); }}>Keys <kbd>?</kbd></button>
      <button class="quiet" onClick=${signOut}>Sign out</button>
    </div>
  </details>`;
}

function Choice({ words, name, chosen, values }) {
  return html`<label>${words}<select value=${chosen} onChange=${(event) => choose({ [name]: event.target.value })}>
    ${values.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></label>`;
}

const asksToWait = (error) => error.status === 429 || error.retryAfter > 0;

/** One line under the top bar; what was known last stays shown below it. */
function Strip() {
  const { failed, paused } = useStore(live);
  const ahead = useStore(offset);
  if (failed) {
    const { since, error, next } = failed;
    const why = asksToWait(error) ? "The server asks to wait." : since ? `No answer since ${time(since, settings.get().times, now(), { milliseconds: false })}.` : "The server does not answer.";
    return html`<section aria-label="Connection" class="strip bad no-print"><span role="alert">${why}${since && " What is shown was known then."}</span>
      ${!paused && html`<${Again} at=${next} />`}<button class="quiet" onClick=${() => wake(true)}>Try now</button></section>`;
  }
  if (Math.abs(ahead) > 2000) {
    const words = `This machine’s clock is ${duration(Math.abs(ahead))} ${ahead > 0 ? "behind" : "ahead of"} the server’s.`;
    return html`<section aria-label="Clock" class="strip no-print">${words} All times shown are the server’s.</section>`;
  }
  return null;
}

/** Not part of the alert: a screen reader would read each second aloud. */
function Again({ at }) {
  const left = at - (useNow() - offset.get());
  return html`<span class="next">${left > 0 ? `Next try in ${countdown(left)}` : "Trying…"}</span>`;
}

function Said() {
  return useStore(said);
}

const KEYS = { " ": "Space", ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", Enter: "Enter" };

function Help({ onClose }) {
  const dialog = useRef();
  const { shortcuts } = useStore(settings);
  useEffect(() => dialog.current.showModal(), []);
  const outside = (event) => event.target === dialog.current && dialog.current.close();
  return html`<dialog ref=${dialog} onClose=${onClose} onClick=${outside} aria-labelledby="keys">
    <div class="inside">
      <div class="row spread"><h2 id="keys">Keys</h2><button autofocus onClick=${() => dialog.current.close()}>Close</button></div>
      ${listed().map(([where, keys]) => html`<section key=${where}><h3>${where}</h3>
        <dl>${keys.map(({ names, words }) => html`<dt key=${words}>${names.map((name, at) => html`${at > 0 && " or "}${pressed(name)}`)}</dt><dd>${words}</dd>`)}</dl></section>`)}
      <label class="inline"><input type="checkbox" checked=${shortcuts} onChange=${(event) => choose({ shortcuts: event.target.checked })} /> Use these keys</label>
      <p class="muted small">Workflows API ${config.version}</p>
    </div>
  </dialog>`;
}

/** The keys of a shortcut; those of a sequence are pressed one after the other. */
const pressed = (name) => (name === " " ? [name] : name.split(" ")).map((key) => html`<kbd>${KEYS[key] ?? key}</kbd> `);

/**
 * A new page begins at its heading, for the keyboard and for screen readers, unless it has put the focus elsewhere. The
 * first one does not take the focus.
 */
function useFocusOnTheHeading(place) {
  const first = useRef(true);
  useEffect(() => {
    if (!first.current && !document.getElementById("main").contains(document.activeElement)) document.querySelector("#main h1")?.focus();
    first.current = false;
  }, [place]);
}
