import { config } from "../config.js";
import { Heading } from "../heading.js";
import { html, useEffect } from "../html.js";
import { useKeys } from "../keys.js";
import { answerKeys, Phone } from "../parts/phone.js";
import { ProblemNote } from "../parts/problem.js";
import { usePhones } from "../phones_live.js";
import { href } from "../route.js";
import { messagesOf, ringing } from "../sandbox_phones.js";

/** The recipients of the sandbox that are answered by hand, a phone for each. */
export function Phones() {
  const { data, error, again } = usePhones();
  const phones = data?.phones ?? [];
  const message = ringing(phones);
  useEffect(again, []);
  useKeys(answerKeys(phones, message));
  if (!config.sandbox) return html`<div class="stack"><${Heading} title="Phones" /><${NoSandbox} /></div>`;
  return html`<div class="stack">
    <div class="row spread"><${Heading} title="Phones" />${phones.length > 0 && html`<a class="button" href=${href("play")}>Play the example</a>`}</div>
    ${phones.length > 0 && html`<p class="muted">You are the recipients. The buttons report what the carrier would: a signed, real callback.</p>`}
    ${!data && error?.status < 500 && html`<${ProblemNote} error=${error} what="The phones could not be read." />`}
    ${data && phones.length === 0 && html`<${Empty} />`}
    <div class="phones">${phones.map((phone) => html`<${Phone} key=${phone.recipient} phone=${phone} rings=${phone.messages.includes(message)} />`)}</div>
    ${messagesOf(phones).length > 0 && html`<p class="muted small">Messages of the last day, to <code>sim-phone-…</code> and 447700900900 to 447700900999.</p>`}
  </div>`;
}

function Empty() {
  return html`<div class="card stack">
    <p>No message yet. Messages to an id such as <code>sim-phone-anna</code> or to a number from 447700900900 to 447700900999 arrive here, and you answer them.</p>
    <div class="row"><a class="button primary" href=${href("play")}>Play the example</a><a class="button" href=${href("new")}>Write a workflow</a></div>
  </div>`;
}

/** One line for a stack that sends to real people. */
export function NoSandbox() {
  return html`<p>This stack has no sandbox, so there are no phones to answer: its messages go to real recipients.</p>`;
}
