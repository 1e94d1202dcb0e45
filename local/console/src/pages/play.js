import "./play.css";
import { post } from "../api.js";
import { isByHand } from "../compose.js";
import { examples } from "../compose_examples.js";
import { config } from "../config.js";
import { Heading } from "../heading.js";
import { html, useEffect, useState } from "../html.js";
import { useKeys } from "../keys.js";
import { newKey } from "../new_key.js";
import { Advance } from "../parts/advance.js";
import { answerKeys, Phone, QuietPhone } from "../parts/phone.js";
import { PictureBox } from "../parts/picture_box.js";
import { ProblemNote } from "../parts/problem.js";
import { WhatIf } from "../parts/what_if.js";
import { WorkflowHead } from "../parts/workflow_head.js";
import { usePhones } from "../phones_live.js";
import { move } from "../play_move.js";
import { go, href, route } from "../route.js";
import { messagesOf, ofWorkflow } from "../sandbox_phones.js";
import { useStore } from "../store.js";
import { channel as named } from "../words.js";
import { NoSandbox } from "./phones.js";
import { useWorkflow } from "./workflow.js";

/** A workflow and its recipients' phones, to be played by hand; without an id, the way into the example. */
export function Play() {
  const { parts: [id] } = useStore(route);
  if (!config.sandbox) return html`<div class="stack"><${Heading} title="Play" /><${NoSandbox} /></div>`;
  return id ? html`<${Game} id=${id} />` : html`<${Begin} />`;
}

function Begin() {
  return html`<div class="stack begin">
    <${Heading} title="Play the example" />
    <p>A table is ready. Anna gets a Messenger message; if she has not read it within a minute, she gets an SMS. <strong>You are Anna.</strong></p>
    <${Start} label="Play" />
    <p class="muted small">Nothing leaves this stack. Or <a href=${href("new")}>write a workflow of your own</a>.</p>
  </div>`;
}

/** Posts the first example, and goes to its game. */
function Start({ label }) {
  const [stage, setStage] = useState({ key: null });
  const start = async () => {
    if (stage.busy) return;
    const key = stage.key ?? newKey();
    setStage({ key, busy: true });
    try {
      const { data } = await post("workflows", examples(config)[0].request, { headers: { "Idempotency-Key": key } });
      setStage({ key: null });
      go("play", [data.workflow_uuid]);
    } catch (error) {
      setStage({ key, error });
    }
  };
  return html`<button class="primary" aria-disabled=${Boolean(stage.busy)} onClick=${start}>${stage.busy ? "Starting…" : label}</button>
    <${ProblemNote} error=${stage.error} what="The example was not started." />`;
}

function Game({ id }) {
  const { facts, error, again } = useWorkflow(id);
  const found = usePhones();
  const accepted = facts?.steps.filter(({ answer }) => answer === "sent").length;
  useEffect(found.again, [accepted]); // a message that the sandbox has accepted is on its phone
  const phones = ofWorkflow(found.data?.phones ?? [], id);
  const messages = phones.flatMap((phone) => phone.messages.map((message) => ({ ...message, recipient: phone.recipient })));
  const { text, rings } = facts ? move(facts, messages) : {};
  const ringing = messagesOf(phones).find((message) => message.message_uuid === rings) ?? null;
  useKeys(answerKeys(phones, ringing));
  if (!facts) {
    return html`<div class="stack"><${Heading} title="Play" />${error && (error.status === 404
      ? html`<p>There is no such workflow, or it is another account's. <a href=${href("play")}>Play the example</a></p>` : html`<${ProblemNote} error=${error} />`)}</div>`;
  }
  return html`<article>
    <${WorkflowHead} facts=${facts}><a href=${href("w", [id])}>All about this workflow</a><//>
    <div class="move no-print"><p>${text}</p>
      <${Advance} facts=${facts} onDone=${again} asks=${false} />
      ${!facts.running && html`<${Start} label="Play again" />`}</div>
    ${!found.data && found.error?.status < 500 && html`<${ProblemNote} error=${found.error} what="The phones could not be read." />`}
    <div class="play-columns">
      <div class="stack"><${PictureBox} facts=${facts} /><${WhatIf} facts=${facts} /></div>
      <div class="phones">
        ${phones.map((phone) => html`<${Phone} key=${phone.recipient} phone=${phone} rings=${phone.messages.includes(ringing)} linked=${false} />`)}
        ${quiet(facts, phones).map(({ recipient, channel }) => html`<${QuietPhone} key=${recipient} recipient=${recipient}>${named(channel).label}: ${
          facts.running ? "nothing yet." : "nothing has come."}<//>`)}
      </div>
    </div>
  </article>`;
}

/** The by-hand recipients of steps that have not been sent. */
function quiet({ steps }, phones) {
  const known = new Set(phones.map(({ recipient }) => recipient));
  const waiting = steps.filter(({ recipient }) => recipient && isByHand(recipient) && !known.has(recipient));
  return waiting.filter((step, place) => waiting.findIndex(({ recipient }) => recipient === step.recipient) === place);
}
