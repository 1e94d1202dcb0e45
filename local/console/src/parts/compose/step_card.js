import { at } from "../../compose.js";
import { shown } from "../../compose_fields.js";
import { html, useEffect, useState } from "../../html.js";
import { channel as named } from "../../words.js";
import { Expiry } from "./expiry.js";
import { Faults, Field } from "./field.js";
import { Recipient } from "./recipient.js";

const SENDERS = { id: "From (id)", number: "From (number or name)" };

/**
 * One step: channel, sender, recipient, content, options and when it is left.
 *
 * `acts`: `{move(by), remove, channel(name), content(type)}`; `then`: what follows when the step is left
 */
export function StepCard({ index, count, fields, edit, acts, config, scripts, then }) {
  const base = ["workflow", index];
  const { channel, type, types } = fields;
  const id = `workflow[${index}]`;
  const name = channel ? named(channel.name).label : shown(edit.value([...base, "to", "type"])) || "no channel";
  return html`<li class="card step" id=${id} tabindex="-1" aria-label=${`Step ${index + 1}: ${name}`}>
    <div class="row spread">
      <h2>Step ${index + 1}</h2>
      <div class="acts">
        <button class="quiet" disabled=${index === 0} onClick=${() => acts.move(-1)} aria-label=${`Move step ${index + 1} up`}>↑ up</button>
        <button class="quiet" disabled=${index === count - 1} onClick=${() => acts.move(1)} aria-label=${`Move step ${index + 1} down`}>↓ down</button>
        <button class="quiet" disabled=${count < 2} onClick=${acts.remove} aria-label=${`Remove step ${index + 1}`}>✕ remove</button>
      </div>
    </div>
    <${Faults} id=${id} reasons=${edit.faults(id)} />
    <div class="fields">
      <${Pick} id=${`${id}.type`} label="Channel" value=${channel?.name ?? ""} choices=${config.channels.map((one) => [one.name, named(one.name).label])} onPick=${acts.channel} />
      ${channel && html`<${Pick} id=${`${id}.message.content.type`} label="Content" value=${type ?? ""} choices=${types.map((one) => [one, one])} onPick=${acts.content}
        faults=${edit.faults(`${id}.message.content.type`)} />`}
      ${channel && html`
        <${Field} field=${{ ...fields.from, label: SENDERS[channel.sender] }} edit=${edit} />
        <${Recipient} field=${fields.to} edit=${edit} kind=${channel.recipient} sandbox=${config.sandbox} scripts=${scripts} />`}
      ${fields.content.map((field) => html`<${Field} key=${`${channel.name} ${field.id}`} field=${field} edit=${edit} wide=${fields.content.length === 1} />`)}
    </div>
    ${channel && html`<${More} key=${channel.name} fields=${fields} edit=${edit} base=${base} limits=${config.client_ref} />`}
    ${index < count - 1
      ? html`<${Expiry} fields=${fields} path=${[...base, "failover"]} edit=${edit} conditions=${channel?.conditions ?? []} then=${then} />`
      : html`<p class="muted last">The last step: no timer. It completes the workflow when it is delivered.</p>`}
  </li>`;
}

/** Channel and content type: always one of the table's, and kept if it is not. */
function Pick({ id, label, value, choices, onPick, faults = [] }) {
  const unknown = value && !choices.some(([name]) => name === value);
  return html`<div class="field">
    <div class="line"><label for=${id}>${label}</label></div>
    <select id=${id} aria-invalid=${faults.length ? "true" : undefined} aria-describedby=${`${id}-fault`} value=${value} onChange=${(event) => event.target.value && onPick(event.target.value)}>
      ${!value && html`<option value="">choose…</option>`}
      ${unknown && html`<option value=${value}>${value}</option>`}
      ${choices.map(([name, words]) => html`<option key=${name} value=${name}>${words}</option>`)}
    </select>
    <${Faults} id=${id} reasons=${faults} />
  </div>`;
}

/** The channel's options and the step's own reference: open if one of them is required or wrong, else those set are named. */
function More({ fields, edit, base, limits }) {
  const reference = { id: `workflow[${base[1]}].client_ref`, path: [...base, "client_ref"], kind: "string", longest: 40, ...limits, label: "client_ref of this message" };
  const all = [...fields.options, reference];
  const set = all.filter(({ path }) => edit.value(path) !== undefined).map(({ name, path }) => name ?? path.at(-1));
  const needed = all.some(({ required, id }) => required || edit.faults(id).length > 0);
  const [open, setOpen] = useState(false);
  useEffect(() => { if (needed) setOpen(true); }, [needed]);
  return html`<details open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>Options${set.length > 0 && html`<span class="muted">: ${set.join(", ")}</span>`}</summary>
    <div class="fields">${all.map((field) => html`<${Field} key=${field.id} field=${field} edit=${edit} />`)}</div>
  </details>`;
}

/** All ids of a step's card, for the API's faults. */
export function idsOf(fields, index, request) {
  const id = `workflow[${index}]`;
  const own = [fields.from, fields.to, ...fields.content, ...fields.options].filter(Boolean).map((field) => field.id);
  const failover = at(request, ["workflow", index + 1]) === undefined ? [] : [fields.expiry, fields.condition];
  return [...own, ...failover, `${id}.message.content.type`, `${id}.client_ref`, id];
}
