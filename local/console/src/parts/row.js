import "./row.css";
import { Component, createRef, html } from "../html.js";
import { age, idOf } from "../list.js";
import { money, total } from "../money.js";
import { href } from "../route.js";
import { useTimes, useZone } from "../settings.js";
import { clock, dateTime, parse } from "../times.js";
import { now } from "../clock.js";
import { spelled } from "../visible.js";
import { word as named, workflow } from "../words.js";
import { Chain } from "./chain.js";
import { Shape } from "./shape.js";
import { useTick, whenNear } from "./ticking.js";

/**
 * A row of the list. It is drawn again only if the API says something else of its workflow. All but its name and status
 * is drawn when it is nearly in view: thousands of rows may be loaded.
 */
export class Row extends Component {
  state = { near: false };
  item = createRef();

  componentDidMount() {
    this.stop = whenNear(this.item.current, () => this.setState({ near: true }));
  }

  componentWillUnmount() {
    this.stop();
  }

  shouldComponentUpdate({ row, gone }, { near }) {
    return row !== this.props.row || gone !== this.props.gone || near !== this.state.near;
  }

  render({ row, gone }, { near }) {
    const id = idOf(row);
    const ref = row.client_ref === undefined ? null : spelled(String(row.client_ref), { strict: true });
    return html`<li ref=${this.item} class=${gone ? "item gone" : "item"} data-id=${id} onClick=${opened}>
      <${Status} status=${row.status} reason=${row.reason} gone=${gone} />
      <span class="name">
        <a href=${href("w", [id])} title=${id} aria-label=${ref === null ? `Workflow ${id}` : undefined} dir="auto">${ref ?? id.slice(0, 8)}</a>
        ${ref !== null && html`<code class="id" title=${id}>${id.slice(0, 8)}</code>`}
      </span>
      ${near && html`<${Chain} row=${row} /><${Age} created=${row.created_at} />
        <span class="price">${total(row.usage).map((price, at) => html`${at > 0 && " + "}<span>${money(price)}</span>`)}</span>`}
    </li>`;
  }
}

function Status({ status, reason, gone }) {
  if (gone) return html`<span class="status muted"><span class="shape" aria-hidden="true">?</span> not ${named(status)} any more</span>`;
  const { word, shape } = workflow(status);
  return html`<span class=${`status ${status}`} title=${reason && spelled(reason)}><${Shape} shape=${shape} /><span class="word">${word}</span></span>`;
}

function Age({ created }) {
  const [times, zone] = [useTimes(), useZone()];
  const at = parse(created);
  const [words, ref] = useTick((time) => age(at, time));
  return html`<time ref=${ref} datetime=${created} title=${dateTime(at, { zone })}>
    <span>${words}</span>
    ${times !== "relative" && html`<span class="clock">${clock(at, { zone, milliseconds: false, near: now() })}</span>`}
  </time>`;
}

/** A click beside the link opens the workflow as well, unless it ends the selection of a text. */
function opened(event) {
  if (event.defaultPrevented || event.target.closest("a, button") || !getSelection().isCollapsed) return;
  const id = event.currentTarget.dataset.id;
  if (event.ctrlKey || event.metaKey) open(href("w", [id]), "_blank", "noopener");
  else event.currentTarget.querySelector("a").click();
}
