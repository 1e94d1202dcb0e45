import { get } from "../api.js";
import { stringify } from "../exact.js";
import { html, useEffect, useState } from "../html.js";
import { useZone } from "../settings.js";
import { dateTime } from "../times.js";
import { channel } from "../words.js";
import { Copy } from "./copy.js";
import { curl } from "./curl.js";
import { ProblemNote } from "./problem.js";
import { Text } from "./text.js";

/**
 * What was posted, read once: `{request, kept_until}`, or the error.
 *
 * @param {string} id
 * @param {boolean} over `kept_until` is known once the workflow is over
 */
export function useRequest(id, over) {
  const [found, setFound] = useState({});
  useEffect(() => {
    const abort = new AbortController();
    get(`workflows/${id}/request`, { signal: abort.signal })
      .then(({ data }) => setFound({ data }), (error) => !abort.signal.aborted && setFound({ error }));
    return () => abort.abort();
  }, [id, over]);
  return found;
}

/** The request as JSON and as a curl command. */
export function Request({ found }) {
  if (found.error) return html`<${Forgotten} error=${found.error} />`;
  if (!found.data) return null;
  const json = stringify(found.data.request);
  return html`<div class="stack">
    <${Kept} until=${found.data.kept_until} />
    <pre tabindex="0" aria-label="Request">${json}</pre>
    <div class="row"><${Copy} text=${json} what="request" label="copy JSON" /><${Copy} text=${curl(found.data.request)} what="curl command" label="copy as curl" /></div>
  </div>`;
}

/** Each message as its recipient sees it. */
export function Messages({ found }) {
  if (found.error) return html`<${Forgotten} error=${found.error} />`;
  if (!found.data) return null;
  return html`<div class="stack">
    <ol class="stack">${found.data.request.workflow.map((step, number) => html`<li class="message">
      <p class="small muted">${number + 1}. ${channel(step.to.type).label}, from <${Text} strict text=${party(step.from)} /> to <${Text} strict text=${party(step.to)} /></p>
      <${Content} message=${step.message} />
    </li>`)}</ol>
    <${Kept} until=${found.data.kept_until} />
  </div>`;
}

/** A message's content. Media is a link, and never loaded. */
export function Content({ message }) {
  const { type } = message.content;
  const content = message.content[type];
  if (type === "text") return html`<p class="bubble"><${Text} text=${content?.text ?? content} /></p>`;
  const { url, caption } = typeof content === "object" && content ? content : {};
  if (typeof url === "string") {
    return html`<div class="bubble"><p><${Text} strict text=${type} />: <${Text} strict text=${url} /></p>${caption && html`<p><${Text} text=${caption} /></p>`}</div>`;
  }
  return html`<div class="bubble"><p class="small"><${Text} strict text=${type} /></p><pre tabindex="0" aria-label=${type}><${Text} text=${stringify(content)} /></pre></div>`;
}

function Kept({ until }) {
  const zone = useZone();
  if (!until) return null;
  const at = dateTime(Date.parse(until), { zone });
  return html`<p class="muted small">Kept until ${at}; after that, texts and addresses are deleted.</p>`;
}

function Forgotten({ error }) {
  if (error.status !== 404) return html`<${ProblemNote} error=${error} what="The request could not be read." />`;
  return html`<p class="muted">Texts and addresses are deleted some days after the end of a workflow. These are.</p>`;
}

const party = ({ id, number }) => id ?? number ?? "";
