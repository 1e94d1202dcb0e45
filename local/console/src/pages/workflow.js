import "./workflow.css";
import { get, Problem, url } from "../api.js";
import { useNow } from "../clock.js";
import { Heading } from "../heading.js";
import { html, useEffect, useRef } from "../html.js";
import { useKeys } from "../keys.js";
import { useLive } from "../live.js";
import { workflowPace } from "../pace.js";
import { Advance } from "../parts/advance.js";
import { Cancel } from "../parts/cancel.js";
import { copied, Copy } from "../parts/copy.js";
import { Happened } from "../parts/happened.js";
import { Loading } from "../parts/loading.js";
import { PictureBox } from "../parts/picture_box.js";
import { ProblemNote } from "../parts/problem.js";
import { Messages, Request, useRequest } from "../parts/request.js";
import { Tabs } from "../parts/tabs.js";
import { Webhooks } from "../parts/webhooks.js";
import { WhatIf } from "../parts/what_if.js";
import { WorkflowHead } from "../parts/workflow_head.js";
import { printing } from "../printing.js";
import { go, href, route } from "../route.js";
import { say } from "../say.js";
import { stringify } from "../exact.js";
import { useStore } from "../store.js";
import { entry as words } from "../words.js";
import { read } from "../workflow.js";

const TABS = [["messages", "Messages"], ["request", "Request"], ["webhooks", "Webhooks"], ["json", "JSON"]];

const NO_ID = new Problem(404, { title: "Not found" }, 0);

/** The facts of a workflow, kept up to date: `{facts, resource, error, again}`. */
export function useWorkflow(id) {
  const path = `workflows/${id}`;
  const known = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id); // else it could name another resource
  const { data, error = known ? undefined : NO_ID, again } = useLive(known ? path : null, (signal) => get(path, { signal }), workflowPace);
  const now = useNow(data?.status === "running");
  return { facts: data && read(data, now), resource: data, error, again };
}

/** One workflow: what it waits for, the picture, what happened, and what was posted and sent. */
export function WorkflowPage() {
  const { parts: [id, tab = "messages"], query } = useStore(route);
  const { facts, resource, error, again } = useWorkflow(id);
  const marked = Number(query.at) || null;
  useSaid(facts);
  useKeys({
    Escape: ["back to the list", () => history.length > 1 ? history.back() : go("workflows")],
    c: ["copy the id", () => copied(id, "id")],
    "Shift+C": ["copy a curl command", () => copied(show(id), "curl command")],
  });
  if (!facts) {
    return html`<div class="stack"><${Heading} title="Workflow" />
      ${error ? html`<${Missing} error=${error} />` : html`<${Loading} />`}</div>`;
  }
  return html`<article>
    <${WorkflowHead} facts=${facts}>
      <${Advance} facts=${facts} onDone=${again} />
      <${Cancel} facts=${facts} onDone=${again} />
      <a class="button" href=${href("new", [], { from: id })}>Send a copy…</a>
      <${Copy} text=${show(id)} what="curl command" label="copy as curl" />
      <button class="quiet" onClick=${again}>Look again</button>
    <//>
    <div class="columns">
      <div class="stack">
        <${PictureBox} facts=${facts} marked=${marked} />
        <${WhatIf} facts=${facts} />
        <${Happened} facts=${facts} marked=${marked} />
      </div>
      <${Inspector} id=${id} tab=${tab} resource=${resource} query=${query} />
    </div>
  </article>`;
}

function Inspector({ id, tab, resource, query }) {
  const found = useRequest(id, resource.status !== "running");
  const printed = useStore(printing);
  return html`<section aria-label="Details">
    <${Tabs} tabs=${TABS} current=${tab} page="w" id=${id} query=${query} label="Details" />
    ${tab === "messages" && html`<${Messages} found=${found} />`}
    ${(tab === "request" || printed) && html`<${Request} found=${found} />`}
    ${tab === "webhooks" && html`<${Webhooks} id=${id} grown=${resource.timeline.length} />`}
    ${tab === "json" && html`<${Whole} resource=${resource} />`}
  </section>`;
}

function Whole({ resource }) {
  const json = stringify(resource);
  return html`<div class="stack"><pre tabindex="0" aria-label="JSON">${json}</pre><div><${Copy} text=${json} what="JSON" label="copy JSON" /></div></div>`;
}

function Missing({ error }) {
  if (error.status !== 404) return html`<${ProblemNote} error=${error} />`;
  return html`<p>There is no such workflow, or it is another account's.</p><p><a href=${href("workflows")}>All workflows</a></p>`;
}

/** A screen reader hears what is new. */
function useSaid(facts) {
  const seen = useRef(null);
  const newest = facts?.entries.at(-1);
  useEffect(() => {
    if (seen.current !== null && newest && newest.sequence > seen.current) say(`Status: ${words(newest, facts).text}`);
    if (newest) seen.current = newest.sequence;
  }, [newest?.sequence]);
}

function show(id) {
  return `curl -u "$API_KEY:$API_SECRET" '${url(`workflows/${id}`)}'`;
}
