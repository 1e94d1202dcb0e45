import { NoAnswer, post } from "../../api.js";
import { html, useEffect, useRef, useState } from "../../html.js";

const AFTER = 400;

/**
 * What the API says to a request, 400 ms after the last change: `{plan, faults, error, fresh, again}`.
 *
 * @param {string | null} body null asks nothing
 * @returns `faults` is empty while a plan is known; the last answer stays until the next one, then `fresh` is false
 */
export function useDryRun(body) {
  const [answer, setAnswer] = useState({ faults: [] });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (body === null) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const { data } = await post("workflows?dry_run=true", body, { signal: abort.signal });
        setAnswer({ body, plan: data, faults: [] });
      } catch (error) {
        if (abort.signal.aborted) return;
        const refused = error.status === 400;
        setAnswer((before) => (refused ? { body, faults: error.faults, error: error.faults.length ? undefined : error } : { ...before, body, error }));
      }
    }, AFTER);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [body, turn]);
  return { ...answer, fresh: answer.body === body, again: () => setTurn(turn + 1) };
}

/** A request that could not be checked now can be checked again, or sent unchecked: the API judges it anyway. */
export function Unchecked({ error, again }) {
  if (!error) return null;
  const why = error instanceof NoAnswer ? "the server did not answer" : error.detail || error.title;
  return html`<p class="note small">The request could not be checked: ${why} <button class="quiet" onClick=${again}>Check again</button></p>`;
}

/**
 * The faults above the form, each a link to its field. Before the reader has tried to send, only those that no field
 * shows, as a quiet note; afterwards all of them, as an alert that takes the focus.
 */
export function FaultList({ list, tried, visible, broken }) {
  const box = useRef();
  const hidden = list.filter(({ id }) => id && !/^workflow\[\d+\]$/.test(id));
  const others = list.filter((one) => !hidden.includes(one));
  const shown = tried ? list : others;
  useEffect(() => { if (tried) box.current?.focus(); }, [tried]);
  if (list.length === 0 && broken.length === 0) return null;
  const jump = (id) => () => {
    const target = document.getElementById(id);
    const details = target?.closest("details");
    if (details) details.open = true;
    target?.focus();
  };
  const open = hidden.filter(({ id }) => !visible(id));
  if (!tried && shown.length === 0 && open.length === 0 && broken.length === 0) return null;
  return html`<div class=${`note ${tried ? "bad" : ""}`} ref=${box} tabindex="-1" role=${tried ? "alert" : undefined}>
    ${tried && html`<p><strong>Not sent.</strong> ${list.length + broken.length === 1 ? "One thing has" : `${list.length + broken.length} things have`} to be changed first.</p>`}
    ${shown.length > 0 && html`<ul>${shown.map(({ name, reason, id }) => html`<li key=${name + reason}>${id
      ? html`<button class="link" onClick=${jump(id)}><code>${name}</code></button>` : html`<code>${name}</code>`} ${reason}</li>`)}</ul>`}
    ${broken.length > 0 && html`<ul>${broken.map((id) => html`<li key=${id}><button class="link" onClick=${jump(id)}><code>${id}</code></button> This is not JSON.</li>`)}</ul>`}
    ${!tried && shown.length === 0 && open.length > 0 && html`<p class="muted">To be filled in: ${open.length === 1 ? "one field" : `${open.length} fields`}.${" "}
      <button class="link" onClick=${jump(open[0].id)}>Go to the first</button></p>`}
  </div>`;
}
