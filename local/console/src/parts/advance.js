import { post } from "../api.js";
import { useAskedFocus } from "../asked_focus.js";
import { html, useState } from "../html.js";
import { say } from "../say.js";
import { spelled } from "../visible.js";
import { advanceAnswer, advanceQuestion } from "../words.js";
import { ProblemNote } from "./problem.js";

/**
 * End the wait of the current step now and go on to the next one (docs/api.md, "Advance").
 *
 * `asks`: whether a question comes first, as where the next message reaches a real person. `kind`: the button's class.
 */
export function Advance({ facts, onDone, asks = true, kind = "" }) {
  const [stage, setStage] = useState({ name: "offered" });
  const question = advanceQuestion(facts);
  const focus = useAskedFocus(stage.name);
  const step = facts.current?.number;
  if (!question) return null;
  const { name, error } = stage.step === step ? stage : { name: "offered" };
  const advance = async () => {
    setStage({ name: "sent", step });
    try {
      const { data } = await post(`workflows/${facts.id}/advance`, { step });
      say(advanceAnswer(data, facts));
      document.querySelector("h1")?.focus(); // the button goes with the wait
    } catch (problem) {
      setStage({ name: "offered", step, error: problem });
    }
    onDone();
  };
  if (name === "asked") {
    return html`<div class="note row" role="group" ref=${focus.question} tabindex="-1" aria-label=${question.strong}>
      <span><strong>${question.strong}</strong> ${question.rest}</span>
      <button class="primary" onClick=${advance}>${question.yes}</button>
      <button onClick=${() => setStage({ name: "offered" })}>${question.no}</button>
    </div>`;
  }
  const press = () => name === "offered" && (asks ? setStage({ name: "asked", step }) : advance());
  return html`
    <button class=${kind} ref=${focus.offer} aria-disabled=${name === "sent"} onClick=${press}>${name === "sent" ? "Ending the wait…" : `End the wait now${asks ? "…" : ""}`}</button>
    ${error?.status === 409
      ? html`<p class="note" role="status">Nothing has changed. ${spelled(error.detail || error.title)}</p>`
      : html`<${ProblemNote} error=${error} what="The wait was not ended." />`}`;
}
