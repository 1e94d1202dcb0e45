import "./overview.css";
import { get } from "../api.js";
import { now } from "../clock.js";
import { Heading } from "../heading.js";
import { html } from "../html.js";
import { useLive } from "../live.js";
import { money, total } from "../money.js";
import { overviewPace } from "../pace.js";
import { Bars } from "../parts/bars.js";
import { Curve } from "../parts/curve.js";
import { FailedWebhooks } from "../parts/failed_webhooks.js";
import { Loading } from "../parts/loading.js";
import { ProblemNote } from "../parts/problem.js";
import { href, requery, route } from "../route.js";
import { useZone } from "../settings.js";
import { useStore } from "../store.js";
import { bars, expiries, failovers, OUTCOMES, percent, quantile, SPANS } from "../summary.js";
import { clock, date, dateTime, duration, seconds as inWords } from "../times.js";
import { useWidth } from "../width.js";
import { channel as named, state, word, workflow as ended } from "../words.js";

const channelName = (name) => named(name).label;
const stateName = (name) => ended(name).word;
const outcomeName = (name) => state(name).word;

/** All workflows of a span: what became of them, what it cost, and which expiry would have been the right one. */
export function Overview() {
  const { query } = useStore(route);
  const span = Object.hasOwn(SPANS, query.span ?? "") ? query.span : "24h";
  const { data, error } = useLive(`summary/${span}`, (signal) => read(span, signal), overviewPace);
  return html`<div class="stack">
    <div class="row spread"><${Heading} title="Overview" />
      <div class="row no-print" role="group" aria-label="Span">${Object.keys(SPANS).map((name) => html`<button class="chip" aria-pressed=${name === span} onClick=${() => requery({ span: name })}>${name}</button>`)}</div>
    </div>
    <${ProblemNote} error=${error} what="The summary could not be read." />
    ${!data && !error && html`<${Loading} />`}
    ${data && html`<${Shown} data=${data} span=${span} />`}
    <${FailedWebhooks} span=${span} />
  </div>`;
}

function read(span, signal) {
  return get(`workflows/summary?since=${new Date(now() - SPANS[span]).toISOString()}`, { signal });
}

function Shown({ data, span }) {
  const zone = useZone();
  const since = Date.parse(data.since);
  if (data.workflows === 0) return html`<p>No workflow since ${dateTime(since, { zone })}. <a href=${href("new")}>Send one</a></p>`;
  const scope = data.exact ? `Exact: all ${data.workflows} workflows since ${dateTime(since, { zone })}.`
    : `The newest ${data.workflows.toLocaleString("en")} workflows of this span; there were more.`;
  return html`
    <p class="muted">${scope}</p>
    <${Tiles} data=${data} span=${span} />
    <div class="charts">
      ${data.times.filter(({ sent }) => sent).map((one) => html`<${TimeToCondition} key=${`${one.channel}/${one.condition_status}`} times=${one} />`)}
      <${ByHour} data=${data} zone=${zone} />
      <${Failovers} list=${data.failovers} />
    </div>`;
}

function Tiles({ data, span }) {
  const { outcomes, workflows } = data;
  const decided = workflows - outcomes.running - outcomes.cancelled;
  const link = (status) => href("workflows", [], { status, since: span });
  return html`<dl class="tiles">
    <div class="card tile"><dt>Reached</dt><dd class="big">${percent(outcomes.completed, decided)}</dd>
      <dd>${OUTCOMES.map((status, number) => html`${number > 0 && " · "}<a href=${link(status)}>${outcomes[status]} ${stateName(status)}</a>`)}</dd></div>
    <div class="card tile"><dt>Reached by</dt>${data.reached.map(({ step, channel, workflows: reached }) =>
      html`<dd>${step + 1}. ${channelName(channel)}: <strong>${percent(reached, outcomes.completed)}</strong> <span class="muted">(${reached})</span></dd>`)}</div>
    <div class="card tile"><dt>Cost</dt><dd class="big">${data.usage ? money(total(data.usage)) : "–"}</dd><dd class="muted">as reported so far</dd></div>
    <div class="card tile"><dt>Reached twice</dt><dd class="big">${data.reached_twice}</dd><dd><a href=${href("workflows", [], { twice: "1", since: span })}>Find them in the list</a></dd></div>
  </dl>`;
}

/** Which expiry should I choose? */
function TimeToCondition({ times }) {
  const [box, width] = useWidth();
  const { channel, sent, met } = times;
  const condition = word(times.condition_status);
  const name = channelName(channel);
  const nine = quantile(times, 0.9);
  const sentence = met === 0 ? `None of ${sent} was ${condition}.`
    : `${percent(met, sent)} of ${sent} were ${condition}, nine tenths of these within ${duration(nine * 1000)}.`;
  return html`<section class="card">
    <h2>${name}: time to “${condition}”</h2>
    <p class="muted small">${sentence} Late ones count, too.</p>
    <div ref=${box}>${width > 0 && html`<${Curve} times=${times} width=${width} label=${`${name}: ${sentence}`} />`}</div>
    <details><summary>Which expiry? Numbers</summary><table>
      <thead><tr><th>Expiry</th><th class="number">${condition} in time</th><th class="number">goes on to the next</th><th></th></tr></thead>
      <tbody>${expiries(times).map((row) => html`<tr><td>${inWords(row.seconds)}</td><td class="number">${percent(row.met, sent)}</td>
        <td class="number">${percent(sent - row.met, sent)}</td><td>${row.used > 0 && `in use: ${row.used}`}</td></tr>`)}</tbody>
    </table></details>
  </section>`;
}

function ByHour({ data, zone }) {
  const [box, width] = useWidth();
  const bins = bars(data.hours, Date.parse(data.since), Date.parse(data.until));
  const long = bins[1]?.from - bins[0]?.from > 3600_000;
  const name = ({ from }) => `${long ? `${date(from, { zone }).slice(0, -5)} ` : ""}${clock(from, { zone, milliseconds: false, named: false }).slice(0, 5)}`;
  return html`<section class="card">
    <h2>Workflows by ${long ? "six hours" : "hour"}</h2>
    <p class="legend">${OUTCOMES.map((outcome) => html`<span><svg width="10" height="10" aria-hidden="true"><rect class=${`fill-${outcome}`} width="10" height="10" /></svg>${stateName(outcome)}</span>`)}</p>
    <div ref=${box}>${width > 0 && html`<${Bars} bins=${bins} width=${width} name=${name} label="Workflows by time and outcome; the numbers are below" />`}</div>
    <details><summary>Numbers</summary><div class="scroll"><table>
      <thead><tr><th>From</th>${OUTCOMES.map((outcome) => html`<th class="number">${stateName(outcome)}</th>`)}</tr></thead>
      <tbody>${bins.map((bin) => html`<tr><td>${name(bin)}</td>${OUTCOMES.map((outcome) => html`<td class="number">${bin[outcome]}</td>`)}</tr>`)}</tbody>
    </table></div></details>
  </section>`;
}

function Failovers({ list }) {
  const most = Math.max(1, ...list.map(({ steps }) => steps));
  return html`<section class="card">
    <h2>Failovers, by channel and reason</h2>
    ${list.length === 0 && html`<p class="muted">None: each first message was enough.</p>`}
    ${failovers(list).map(({ channel, reasons, steps }) => html`<h3>${channelName(channel)} <span class="muted">(${steps})</span></h3>
      ${reasons.map((row) => html`<div class="share"><span>${outcomeName(row.outcome)}</span>
        <progress max=${most} value=${row.steps} aria-label=${outcomeName(row.outcome)}></progress><span class="number">${row.steps}</span></div>`)}`)}
  </section>`;
}
