import { html, useState } from "../html.js";
import { adjustableSteps, range, suggestions, whatIf } from "../whatif.js";
import { seconds } from "../times.js";
import { capital, label, suggestionWords, whatIfWords } from "../words.js";

/** Over: what another expiry would have brought, as far as the timeline shows it. */
export function WhatIf({ facts }) {
  const found = suggestions(facts);
  const steps = adjustableSteps(facts);
  if (steps.length === 0) return null;
  return html`<section class="what-if stack">
    <h2>What if?</h2>
    ${found.map((suggestion) => html`<${Suggestion} key=${suggestion.step.number} words=${suggestionWords(suggestion)} />`)}
    <details class="no-print" open=${found.length === 0 ? undefined : false}><summary>Try another expiry</summary>
      ${steps.map((step) => html`<${Slider} key=${step.number} facts=${facts} step=${step} />`)}</details>
  </section>`;
}

function Suggestion({ words: { before, strong, after } }) {
  return html`<p>${before}<strong>${strong}</strong>${after}</p>`;
}

function Slider({ facts, step }) {
  const [expiry, setExpiry] = useState(step.expiry);
  const { least, most } = range(step);
  return html`<div class="slider">
    <label>${capital(label(step))}: ${seconds(expiry)}
      <input type="range" min=${least} max=${most} value=${expiry} aria-valuetext=${seconds(expiry)} onInput=${(event) => setExpiry(Number(event.target.value))} /></label>
    <p role="status">${whatIfWords(whatIf(facts, step, expiry))}</p>
  </div>`;
}
