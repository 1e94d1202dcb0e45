import { post } from "../api.js";
import { useAskedFocus } from "../asked_focus.js";
import { html, useState } from "../html.js";
import { useKeys } from "../keys.js";
import { say } from "../say.js";
import { cancelAnswer, cancelQuestion } from "../words.js";
import { ProblemNote } from "./problem.js";

/** Cancel: the question names what is out and what never goes out; then the API's own list says what it was. */
export function Cancel({ facts, onDone }) {
  const [stage, setStage] = useState({ name: "offered" });
  const ask = () => setStage({ name: "asked" });
  const { question, offer } = useAskedFocus(stage.name);
  useKeys(facts.running ? { x: ["cancel this workflow", ask] } : {});
  const cancel = async () => {
    if (stage.name === "sent") return;
    setStage({ name: "sent" });
    try {
      const { data } = await post(`workflows/${facts.id}/cancel`);
      setStage({ name: "done", words: cancelAnswer(data, facts) });
      say("Cancelled");
      document.querySelector("h1")?.focus(); // the question goes
    } catch (error) {
      setStage({ name: "offered", error });
    }
    onDone();
  };
  if (stage.name === "done") return html`<p class="note" role="status">${stage.words}</p>`;
  if (!facts.running) return html`<${ProblemNote} error=${stage.error} what="Not cancelled." />`;
  if (stage.name === "offered") return html`<button class="danger" ref=${offer} onClick=${ask}>Cancel…</button><${ProblemNote} error=${stage.error} what="Not cancelled." />`;
  const { strong, rest, yes, no } = cancelQuestion(facts);
  return html`<div class="note row" role="group" ref=${question} tabindex="-1" aria-label=${strong}>
    <span><strong>${strong}</strong> ${rest}</span>
    <button class="danger" aria-disabled=${stage.name === "sent"} onClick=${cancel}>${yes}</button>
    <button onClick=${() => setStage({ name: "offered" })}>${no}</button>
  </div>`;
}
