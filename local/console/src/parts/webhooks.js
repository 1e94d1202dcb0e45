import { get, Problem, post } from "../api.js";
import { useNow } from "../clock.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { useKeys } from "../keys.js";
import { useLive } from "../live.js";
import { webhooksPace } from "../pace.js";
import { say } from "../say.js";
import { attempt as attemptWord, attempts as attemptWords, KINDS, lastDuration, nextAttempt, notRedeliverable, webhook as named } from "../words.js";
import { Copy } from "./copy.js";
import { ProblemNote } from "./problem.js";
import { Text } from "./text.js";
import { Time } from "./time.js";
import { stringify } from "../exact.js";
import { spelled } from "../visible.js";

/** The webhooks of a workflow, with their attempts; `grown` changes when the timeline has more entries. */
export function Webhooks({ id, grown }) {
  const path = `workflows/${id}/webhooks`;
  const { data, error, again } = useLive(path, (signal) => get(path, { signal }), webhooksPace);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) again();
    first.current = false;
  }, [grown]);
  const webhooks = data?.webhooks ?? [];
  const failed = webhooks.filter((webhook) => webhook.state === "failed");
  return html`<div class="stack">
    <${ProblemNote} error=${error} what="The webhooks could not be read." />
    ${data && webhooks.length === 0 && html`<p class="muted">None yet: the first one follows the first status.</p>`}
    ${failed.length > 1 && html`<${RedeliverAll} path=${path} failed=${failed} onDone=${again} />`}
    <ol class="webhooks">${webhooks.map((webhook) => html`<${Webhook} key=${webhook.sequence} path=${path} webhook=${webhook} onDone=${again} />`)}</ol>
    <p class="muted small">What the receiver answers in the body is not kept.</p>
  </div>`;
}

function Webhook({ path, webhook, onDone }) {
  const [opened, setOpened] = useState(false);
  const { sequence, kind, state } = webhook;
  const { word, shape } = named(state);
  return html`<li>
    <details onToggle=${(event) => setOpened(event.target.open)}>
      <summary>
        <span class="muted">no. <span class="mono">${sequence}</span></span> <span>${KINDS[kind] ?? spelled(kind)}</span> <span class=${`state ${state}`}><span aria-hidden="true">${shape} </span>${word}</span>
        <span class="muted small">${attemptWords(webhook)}${lastDuration(webhook) && ` in ${lastDuration(webhook)}`}</span>
        <${NextAttempt} webhook=${webhook} />
      </summary>
      ${opened && html`<${Opened} path=${`${path}/${sequence}`} webhook=${webhook} onDone=${onDone} />`}
    </details>
  </li>`;
}

function NextAttempt({ webhook }) {
  const words = nextAttempt(webhook, useNow(Boolean(webhook.next_attempt_at)));
  return words && html`<span class="small">${words}</span>`;
}

function Opened({ path, webhook, onDone }) {
  const [whole, setWhole] = useState({});
  useEffect(() => {
    const abort = new AbortController();
    get(path, { signal: abort.signal }).then(({ data }) => setWhole({ data }), (error) => !abort.signal.aborted && setWhole({ error }));
    return () => abort.abort();
  }, [path, webhook.attempts.length]);
  const body = whole.data && stringify(whole.data.body);
  return html`<div class="stack opened">
    ${webhook.attempts.length > 0 && html`<table>
      <thead><tr><th>Attempt</th><th>At</th><th>Answer</th><th class="number">Took</th></tr></thead>
      <tbody>${webhook.attempts.map((attempt) => html`<tr><td>${attempt.number}</td><td><${Time} at=${Date.parse(attempt.at)} /></td>
        <td>${attemptWord(attempt)}</td><td class="number">${attempt.milliseconds} ms</td></tr>`)}</tbody>
    </table>`}
    <${ProblemNote} error=${whole.error} what="The body could not be read." />
    ${whole.data && html`
      <p class="small">${whole.data.url ? html`To <code><${Text} strict text=${whole.data.url} /></code>` : "There is no URL to send it to."}</p>
      <pre tabindex="0" aria-label="Body">${body}</pre>
      <div class="row"><${Copy} text=${body} what="body" label="copy the body" />
        <${Redeliver} path=${path} webhook=${whole.data} onDone=${onDone} /></div>`}
  </div>`;
}

/** One more attempt; disabled, with the reason, where the API would refuse. */
function Redeliver({ path, webhook, onDone }) {
  const [answer, setAnswer] = useState(null);
  const why = notRedeliverable(webhook);
  const send = () => redelivered(path).then(
    ({ attempt }) => { setAnswer(html`<span class="small">Attempt ${attempt} is queued.</span>`); say(`Attempt ${attempt} is queued`); onDone(); },
    (error) => setAnswer(html`<${ProblemNote} error=${error} what="Not sent again." />`));
  useKeys(why ? {} : { r: ["send the opened webhook again", send] });
  return html`<button disabled=${Boolean(why)} title=${why} onClick=${send}>Send again</button>${why && html`<span class="small muted">${why}</span>`}${answer}`;
}

/** Asks once, then sends one after the other, and stops when the server asks to wait. */
function RedeliverAll({ path, failed, onDone }) {
  const [asked, setAsked] = useState(false);
  const [result, setResult] = useState(null);
  const send = async () => {
    setAsked(false);
    let done = 0;
    for (const { sequence } of failed) {
      try {
        await redelivered(`${path}/${sequence}`);
        done += 1;
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 409) {
          setResult({ done, error });
          break;
        }
      }
      setResult({ done });
    }
    onDone();
  };
  const words = `Send all ${failed.length} failed ones again`;
  return html`<div class="row">
    ${asked ? html`<span>${failed.length} webhooks, one more attempt each?</span><button class="primary" onClick=${send}>Send</button><button onClick=${() => setAsked(false)}>Do not send</button>`
      : html`<button onClick=${() => setAsked(true)}>${words}</button>`}
    ${result && html`<span class="small">${result.done} of ${failed.length} are queued.</span>`}
    <${ProblemNote} error=${result?.error} what="Stopped." />
  </div>`;
}

async function redelivered(path) {
  return (await post(`${path}/redeliver`)).data;
}
