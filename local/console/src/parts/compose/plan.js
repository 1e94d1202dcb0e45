import { html } from "../../html.js";
import { Picture } from "../../picture.js";
import { useZone } from "../../settings.js";
import { dateTime } from "../../times.js";
import { useWidth } from "../../width.js";
import { Text } from "../text.js";

/** What would happen, as a picture and in words: the answer to `?dry_run=true`. `fresh`: it is about what is shown now. */
export function Plan({ plan, fresh }) {
  const zone = useZone();
  const [box, width] = useWidth();
  return html`<div ref=${box} class=${fresh ? "" : "stale"}>
    ${!plan && html`<p class="muted">The plan appears here as soon as the request can be sent.</p>`}
    ${plan && width > 0 && html`<${Picture} ghost=${plan} width=${width} zone=${zone} />`}
    ${plan && html`<ul class="muted small">
      ${plan.steps.length > 1 && html`<li>Each step is sent as soon as the one before it has failed.</li>`}
      <li>Over by ${dateTime(Date.parse(plan.over_at_latest), { zone })} at the latest, unless a step has to wait for its turn at the vendor: its time begins when it is sent.</li>
      <li>${plan.webhooks_to ? html`Webhooks go to <${Text} strict text=${plan.webhooks_to} />.` : "No webhooks: there is no URL to send them to."}</li>
    </ul>`}
  </div>`;
}
