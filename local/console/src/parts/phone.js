import "./phone.css";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { answer, refused, reporting, useLooked } from "../phones_live.js";
import { href } from "../route.js";
import { answerable, ANSWERS, byChannel, nameOf, statusOf, tick, waits } from "../sandbox_phones.js";
import { useStore } from "../store.js";
import { spelled } from "../visible.js";
import { channel as named, status as words } from "../words.js";
import { ProblemNote } from "./problem.js";
import { Content } from "./request.js";
import { Text } from "./text.js";
import { Time } from "./time.js";

/**
 * The phone of one recipient: a tab per channel, the messages, and the buttons that answer them.
 *
 * `rings`: it has the newest message without an answer; `linked`: each message names its workflow
 */
export function Phone({ phone, rings, linked = true }) {
  const channels = byChannel(phone);
  const newest = channels[0].channel;
  const [chosen, setChosen] = useState(newest);
  const arrived = phone.messages.at(-1).message_uuid;
  useEffect(() => setChosen(newest), [arrived]); // a new message comes to the front
  const shown = channels.find(({ channel }) => channel === chosen) ?? channels[0];
  const seen = useLooked(shown.messages.map((message) => message.message_uuid));
  const box = useRef();
  useKeptFocus(box);
  const fresh = (messages) => messages.filter((message) => !seen.has(message.message_uuid)).length;
  return html`<section class=${`phone ${rings ? "rings" : ""}`} ref=${box} tabindex="-1" data-phone=${phone.recipient} aria-label=${`Phone of ${nameOf(phone.recipient)}`}>
    <header>
      <span class="face" aria-hidden="true">${faceOf(phone.recipient)}</span>
      <div><h2><${Text} strict text=${nameOf(phone.recipient)} /></h2>
        <p class="small">${rings ? html`<span class="ringing">new message</span>` : html`<span class="muted"><${Text} strict text=${kindOf(phone.recipient)} /></span>`}</p></div>
    </header>
    ${channels.length > 1 && html`<div class="row channels" role="group" aria-label="Channels">${[...channels].sort((one, other) => one.channel.localeCompare(other.channel)).map(({ channel, messages }) => html`
      <button key=${channel} class=${`chip ${fresh(messages) ? "unread" : ""}`} aria-pressed=${channel === shown.channel} onClick=${() => setChosen(channel)}>
        ${named(channel).label}${fresh(messages) > 0 && html`<span class="badge">${fresh(messages)}<span class="visually-hidden"> unread</span></span>`}</button>`)}</div>`}
    <${Thread} messages=${shown.messages} seen=${seen} linked=${linked} />
  </section>`;
}

const faceOf = (recipient) => (/^\d+$/.test(recipient) ? recipient.slice(-2) : [...spelled(nameOf(recipient), { strict: true })][0]);
const kindOf = (recipient) => (nameOf(recipient) === recipient ? "telephone" : recipient);

/** The messages of one channel, the newest at the bottom and in view. */
function Thread({ messages, seen, linked }) {
  const list = useRef();
  const last = messages.at(-1);
  useLayoutEffect(() => { list.current.scrollTop = list.current.scrollHeight; }, [last.message_uuid, last.channel]);
  const asked = answerable({ messages });
  return html`<ol class="thread" ref=${list} tabindex="0" aria-label="Messages">${messages.map((message) => html`<${Message} key=${message.message_uuid} message=${message}
    unread=${!seen.has(message.message_uuid)} linked=${linked} main=${message === asked} />`)}</ol>`;
}

function Message({ message, unread, linked, main }) {
  const status = statusOf(message);
  const { word } = status ? words(status) : { word: "arriving" };
  return html`<li class=${unread ? "unread" : ""}>
    <p class="small from"><${Text} strict text=${message.from ?? ""} />${unread && html`<span class="badge">new</span>`}</p>
    <${Content} message=${message.message} />
    <p class="small muted facts"><${Time} at=${Date.parse(message.at)} milliseconds=${false} />
      <span class=${`tick ${status ?? ""}`}><span aria-hidden="true">${tick(status)} </span>${word}</span>
      ${linked && html`<a href=${href("w", [message.workflow_uuid])}>step ${message.step + 1} of its workflow</a>`}</p>
    <${Answers} message=${message} main=${main} />
  </li>`;
}

/** The buttons of what may be reported next. After a click, what is on its way, until the list has it. */
function Answers({ message, main }) {
  const id = message.message_uuid;
  const { [id]: sent } = useStore(reporting);
  const { [id]: error } = useStore(refused);
  const offered = ANSWERS.map(([status, label], place) => [status, label, place + 1])
    .filter(([status]) => message.answers.includes(status) || status === sent);
  if (offered.length === 0 && !error) return null;
  const large = main && waits(message);
  const [best, ...second] = ["read", "delivered"].filter((status) => message.answers.includes(status));
  const kind = (status) => FAILURES.includes(status) ? "lesser" : `${large && status === best ? "primary" : ""} ${second.length ? "" : "sole"}`;
  return html`<div class=${`answers ${large ? "large" : ""}`} role="group" aria-label="Answer as the carrier would">
    ${offered.map(([status, label, key]) => html`<button key=${status} class=${kind(status)} aria-disabled=${sent ? "true" : undefined} aria-keyshortcuts=${key}
      onClick=${() => answer(message, status)}>${sent === status ? "reporting…" : label}${main && !sent && html`<kbd aria-hidden="true">${key}</kbd>`}</button>`)}
    ${error && (error.status === 409
      ? html`<p class="note small" role="status">Nothing was reported: ${spelled(error.detail || "that was answered already")}</p>`
      : html`<${ProblemNote} error=${error} what="The status was not reported." />`)}
  </div>`;
}

const FAILURES = ["rejected", "undeliverable"];

/** A phone that has not got its message yet. */
export function QuietPhone({ recipient, children }) {
  return html`<section class="phone quiet-phone" aria-label=${`Phone of ${nameOf(recipient)}`}>
    <header><span class="face" aria-hidden="true">${faceOf(recipient)}</span><div><h2><${Text} strict text=${nameOf(recipient)} /></h2></div></header>
    <p class="muted small">${children}</p>
  </section>`;
}

/** The phone takes the focus over when the button that had it is gone. */
function useKeptFocus(box) {
  const had = useRef(null);
  useEffect(() => {
    const element = box.current;
    const enter = (event) => { had.current = event.target; };
    const leave = (event) => { if (event.target.isConnected && event.relatedTarget) had.current = null; };
    element.addEventListener("focusin", enter);
    element.addEventListener("focusout", leave);
    return () => {
      element.removeEventListener("focusin", enter);
      element.removeEventListener("focusout", leave);
    };
  }, []);
  useLayoutEffect(() => {
    if (!had.current || had.current.isConnected || document.activeElement !== document.body) return;
    had.current = null;
    box.current.focus();
  });
}

/** Keys 1 to 4 answer a message of the phone that has the focus, else of the one that rings. */
function press(phones, number, ringingMessage) {
  const recipient = document.activeElement?.closest?.("[data-phone]")?.dataset.phone;
  const phone = phones.find((one) => one.recipient === recipient);
  const message = phone ? answerable(phone) : ringingMessage;
  const [status] = ANSWERS[number - 1];
  if (message?.answers.includes(status)) answer(message, status);
}

/** The shortcuts 1 to 4, for a page of phones. */
export const answerKeys = (phones, ringingMessage) => Object.fromEntries(ANSWERS.map(([, label], place) =>
  [String(place + 1), [`${label}, on the phone in focus or the one that rings`, () => press(phones, place + 1, ringingMessage)]]));
