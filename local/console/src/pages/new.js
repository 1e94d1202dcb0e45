import "./new.css";
import { get, NoAnswer, post } from "../api.js";
import { added, at, attempt, dropped, MOST_STEPS, moved, onChannel, opened, playable, stepsOf, withContent } from "../compose.js";
import { examples } from "../compose_examples.js";
import { edited, located, stepFields } from "../compose_fields.js";
import { config } from "../config.js";
import { parse, stringify } from "../exact.js";
import { Heading } from "../heading.js";
import { html, useEffect, useMemo, useState } from "../html.js";
import { jsonFault } from "../json_fault.js";
import { Code } from "../parts/compose/code.js";
import { FaultList, Unchecked, useDryRun } from "../parts/compose/dry_run.js";
import { Field } from "../parts/compose/field.js";
import { Plan } from "../parts/compose/plan.js";
import { idsOf, StepCard } from "../parts/compose/step_card.js";
import { newKey } from "../new_key.js";
import { ProblemNote } from "../parts/problem.js";
import { useScripts } from "../phones_live.js";
import { go, href, route } from "../route.js";
import { say } from "../say.js";
import { useStore } from "../store.js";

/**
 * What the fields of the form share.
 *
 * @typedef {{value: (path: (string | number)[]) => unknown, change: (field: object, raw: unknown) => void,
 *   faults: (id: string) => string[], touch: (id: string) => void, broken: Record<string, {text: string, wrong: boolean}>,
 *   hold: (id: string, text: string) => void, settle: (id: string) => void}} Edit
 */

const WHOLE = [
  { id: "client_ref", path: ["client_ref"], kind: "string", label: "client_ref", longest: 40, ...config.client_ref, about: "your own reference, to find the workflow by" },
  { id: "webhook_url", path: ["webhook_url"], kind: "url", label: "webhook_url", longest: 2000, about: "where webhooks go instead of your account's URL" },
];
const EXAMPLES = examples(config);

/** The form as it was left: the page keeps it in memory until it was sent. */
let left = null;

/** `seen`: show every fault at once; `touched`: the fields whose faults are shown otherwise; `first`: to see whether it was changed. */
const begun = (request, place, seen) => ({
  form: opened(request), first: request, place, key: { key: newKey(), body: null }, touched: new Set(), seen, tried: false,
});

const undone = (state) => (state.form.request === state.first ? undefined : { ...state, undo: undefined });

export function New() {
  const { query } = useStore(route);
  const place = query.from ? `from ${query.from}` : `example ${query.example ?? ""}`;
  const [state, setState] = useState(() => left ?? begun(EXAMPLES[0]?.request ?? { template: "failover", workflow: [] }, "example ", false));
  const [loading, setLoading] = useState(null);
  left = state.sent ? null : state;
  useEffect(() => {
    if (place === state.place || place === "example ") return undefined;
    const start = (request, seen) => setState((before) => ({ ...begun(request, place, seen), undo: undone(before) }));
    if (!query.from) return start((EXAMPLES.find(({ name }) => name === query.example) ?? EXAMPLES[0]).request, false);
    const abort = new AbortController();
    setLoading({});
    get(`workflows/${encodeURIComponent(query.from)}/request`, { signal: abort.signal }).then(
      ({ data }) => { start(data.request, true); setLoading(null); },
      (error) => !abort.signal.aborted && setLoading({ error }),
    );
    return () => abort.abort();
  }, [place]);
  return html`<div class="stack">
    <div class="row spread"><${Heading} title="New workflow" /><${Examples} current=${state.place.replace(/^example $/, "example overview")} /></div>
    ${loading && (loading.error ? html`<${Unreadable} error=${loading.error} />` : html`<p class="muted" role="status">Reading the earlier request…</p>`)}
    <${Form} key=${state.place} state=${state} setState=${setState} />
  </div>`;
}

function Examples({ current }) {
  return html`<nav class="row small" aria-label="Examples"><span class="muted">Begin with</span>${EXAMPLES.map(({ name, title }) =>
    html`<a key=${name} href=${href("new", [], { example: name })} aria-current=${current === `example ${name}` ? "true" : undefined}>${title}</a>`)}</nav>`;
}

function Unreadable({ error }) {
  if (error.status === 404) return html`<p class="note">That request cannot be copied: there is no such workflow, or its texts and addresses have been deleted.</p>`;
  return html`<${ProblemNote} error=${error} what="The earlier request could not be read." />`;
}

function Form({ state, setState }) {
  const { form, touched, seen, tried } = state;
  const [draft, setDraft] = useState(null);
  const [broken, setBroken] = useState({});
  const [sending, setSending] = useState({});
  const scripts = useScripts();
  const { request } = form;
  const steps = stepsOf(request);
  const body = useMemo(() => stringify(request, 0), [request]);
  const wrong = Object.keys(broken).filter((id) => broken[id].wrong);
  const checked = useDryRun(draft?.fault ? null : body);
  const fields = steps.map((_step, index) => stepFields(request, index, config));
  const ids = [...WHOLE.map(({ id }) => id), ...fields.flatMap((one, index) => idsOf(one, index, request))];
  const faults = located(sending.body === body ? sending.error.faults : checked.faults, ids);
  const visible = (id) => tried || seen || touched.has(id);
  const change = (next, more = {}) => setState((before) => ({ ...before, form: typeof next === "function" ? next(before.form) : next, tried: false, undo: undefined, ...more }));
  const without = (id) => setBroken(({ [id]: _gone, ...others }) => others);
  const edit = {
    value: (path) => at(request, path),
    change: (field, raw, { text } = {}) => {
      if (text === undefined) without(field.id);
      else setBroken((all) => ({ ...all, [field.id]: { text, wrong: false } }));
      change((before) => ({ ...before, request: edited(before.request, field, raw) }), { touched: new Set([...touched, field.id]) });
    },
    faults: (id) => (broken[id]?.wrong ? ["This is not JSON"] : visible(id) ? faults.at.get(id) ?? [] : []),
    touch: (id) => !touched.has(id) && setState((before) => ({ ...before, touched: new Set([...before.touched, id]) })),
    broken,
    hold: (id, text) => setBroken((all) => ({ ...all, [id]: { text, wrong: true } })),
    settle: (id) => broken[id] && !broken[id].wrong && without(id),
  };
  const focusStep = (index) => requestAnimationFrame(() => document.getElementById(`workflow[${index}]`)?.focus());
  const actsOf = (index) => ({
    channel: (name) => change((before) => onChannel(before, index, name, config)),
    content: (type) => change((before) => withContent(before, index, type)),
    move: (by) => { change((before) => moved(before, index, by, config)); say(`Moved to step ${index + by + 1}`); focusStep(index + by); },
    remove: () => { setState({ ...state, form: dropped(form, index, config), undo: { ...state, undo: undefined }, tried: false }); say(`Step ${index + 1} removed`); focusStep(Math.max(0, index - 1)); },
  });
  const undo = () => {
    setState(state.undo);
    if (state.undo.place !== state.place) go("new");
    document.querySelector("h1")?.focus(); // the button goes
  };
  const write = (text) => {
    let next;
    try {
      next = parse(text);
    } catch {
      return setDraft({ text, fault: jsonFault(text) });
    }
    if (typeof next !== "object" || next === null || Array.isArray(next)) return setDraft({ text, fault: "This is not a JSON object." });
    setBroken({});
    setDraft({ text });
    return change(opened(next, form), { seen: true });
  };
  const send = async () => {
    if (sending.busy) return undefined;
    if (draft?.fault || wrong.length > 0 || (checked.fresh && checked.faults.length > 0)) return setState({ ...state, tried: true });
    const key = attempt(state.key, body, newKey);
    setState({ ...state, key });
    setSending({ busy: true });
    try {
      const { data } = await post("workflows", body, { headers: { "Idempotency-Key": key.key } });
      setState((before) => ({ ...before, sent: true }));
      go(config.sandbox && playable(request) ? "play" : "w", [data.workflow_uuid]);
    } catch (error) {
      setSending(error.faults?.length ? { error, body } : { error });
      setState((before) => ({ ...before, tried: Boolean(error.faults?.length) }));
    }
    return undefined;
  };
  return html`<div class="compose">
    <fieldset disabled=${Boolean(draft?.fault)} class="stack">
      <legend class="visually-hidden">The workflow's steps</legend>
      <${FaultList} list=${faults.list} tried=${tried} visible=${visible} broken=${wrong} />
      ${state.undo && html`<p class="note row spread"><span>${state.undo.place === state.place ? "A step was removed." : "The form was filled anew."}</span>
        <button onClick=${undo}>Undo</button></p>`}
      <ol class="stack">${steps.map((_step, index) => html`<${StepCard} key=${form.keys[index]} index=${index} count=${steps.length} fields=${fields[index]}
        edit=${edit} acts=${actsOf(index)} config=${config} scripts=${scripts} then=${`then step ${index + 2}.`} />`)}</ol>
      <div class="row"><button disabled=${steps.length >= MOST_STEPS} onClick=${() => { change((before) => added(before, config)); focusStep(steps.length); }}>+ Add a step</button>
        <span class="muted small">${steps.length >= MOST_STEPS ? "Ten steps are the most." : steps.length === 0 ? "A workflow has 1 to 10 steps." : ""}</span></div>
      <div class="card fields">${WHOLE.map((field) => html`<${Field} key=${field.id} field=${field} edit=${edit} />`)}</div>
    </fieldset>
    <div class="stack side">
      <section class="card stack" aria-label="Plan">
        <h2>What would happen</h2>
        <${Plan} plan=${checked.plan} fresh=${checked.fresh && !checked.error} />
        ${!sending.error && html`<${Unchecked} error=${checked.error} again=${checked.again} />`}
        <div class="row"><button class="primary" aria-disabled=${Boolean(sending.busy)} onClick=${send}>${sending.busy ? "Sending…" : "Send"}</button>
          <span class="muted small">${standing(checked)}</span></div>
        <${ProblemNote} error=${sending.error?.faults?.length ? null : sending.error} what=${sending.error instanceof NoAnswer ? "" : "Not sent."} />
        ${sending.error instanceof NoAnswer && html`<p class="small">It may have accepted the workflow. Send it again unchanged: the Idempotency-Key is the same, so there will be only one.</p>`}
      </section>
      <${Code} json=${draft?.text ?? stringify(request)} request=${request} fault=${draft?.fault} onWrite=${write}
        onLeave=${() => !draft?.fault && setDraft(null)} onDiscard=${() => setDraft(null)} />
    </div>
  </div>`;
}

function standing({ fresh, error, faults, plan }) {
  if (!fresh) return "Checking…";
  if (faults.length > 0) return `${faults.length} to be changed first`;
  return plan && !error ? "Ready to send." : "";
}
