import { Heading } from "../heading.js";
import { html } from "../html.js";
import { money } from "../money.js";
import { sentence, workflow as named } from "../words.js";
import { useZone } from "../settings.js";
import { Copy } from "./copy.js";
import { Text } from "./text.js";

/** The first lines of a workflow: what it is, the one sentence that says what happens next, and its cost so far. */
export function WorkflowHead({ facts, children }) {
  const { strong, rest } = sentence(facts, facts.now, { zone: useZone() });
  const { word, shape } = named(facts.status);
  const short = facts.id.slice(0, 8);
  return html`<div class="head">
    <div class="line">
      <span class=${`pill ${facts.status}`}><span aria-hidden="true">${shape} </span>${word}</span>
      <${Heading} title=${`${word} · ${facts.ref ?? short}`}><${Text} strict text=${facts.ref ?? short} /><//>
      <span class="id"><code>${facts.id}</code> <${Copy} text=${facts.id} what="id" /></span>
    </div>
    <p class="cost">${facts.cost.length > 0 && `${money(facts.cost)}${facts.running ? " so far" : ""}`}</p>
    <p class="sentence"><strong>${strong}</strong> ${rest}</p>
    <div class="row acts no-print">${children}</div>
  </div>`;
}
