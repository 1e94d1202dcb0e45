/** Requests to begin with. In a stack with a sandbox their recipients are answered by hand, so that they can be played. */
import { BY_HAND } from "./compose.js";

const TEXT = "Your table is ready. We keep it for ten minutes.";

/**
 * The examples that a stack's channels allow.
 *
 * @returns {{name: string, title: string, request: object}[]} `name` is the one of the address, `#/new?example=overview`
 */
export function examples({ sandbox, channels }) {
  const expiry = sandbox ? 60 : 600;
  const number = sandbox ? BY_HAND.number : "";
  const party = {
    messenger: [{ id: sandbox ? "sim-page" : "" }, { id: sandbox ? BY_HAND.id : "" }],
    viber_service_msg: [{ id: sandbox ? "sim-viber" : "" }, { number }],
    sms: [{ number: sandbox ? "ACME" : "" }, { number }],
    whatsapp: [{ number: sandbox ? "447700900123" : "" }, { number }],
    rcs: [{ id: sandbox ? "sim-agent" : "" }, { number }],
  };
  const step = (type, content, rest = {}) => {
    const [from, to] = party[type];
    const { options, condition, ...more } = rest;
    return {
      from: { type, ...from },
      to: { type, ...to },
      message: { content, ...(options ? { [type]: options } : {}) },
      ...(condition ? { failover: { expiry_time: expiry, condition_status: condition } } : {}),
      ...more,
    };
  };
  const text = (words = TEXT) => ({ type: "text", text: words });
  const request = (reference, ...workflow) => ({ template: "failover", client_ref: reference, workflow });
  const all = [
    ["overview", "Messenger, then SMS", request("table-12",
      step("messenger", text(), { condition: "read" }), step("sms", text()))],
    ["three", "Messenger, Viber, then SMS", request("table-12",
      step("messenger", text(), { condition: "read" }),
      step("viber_service_msg", text(), { condition: "delivered", options: { category: "transaction" } }),
      step("sms", text()))],
    ["template", "WhatsApp template, then SMS", request("order-4711",
      step("whatsapp", { type: "template", template: { name: "order_ready", parameters: ["Anna", "4711"] } },
        { condition: "read", options: { policy: "deterministic", locale: "en_GB" } }),
      step("sms", text("Anna, your order 4711 is ready.")))],
    ["card", "RCS card, then SMS", request("table-12",
      step("rcs", {
        type: "card",
        card: {
          title: "Your table is ready", text: "We keep it for ten minutes.", media_url: "https://example.com/table.jpg",
          suggestions: [{ type: "reply", text: "On my way", postback_data: "coming" }],
        },
      }, { condition: "read" }),
      step("sms", text()))],
    ...(sandbox ? [["undeliverable", "A number that cannot be reached", request("table-12",
      step("viber_service_msg", text(), { condition: "delivered", to: { type: "viber_service_msg", number: "447700900009" } }),
      step("sms", text()))]] : []),
  ];
  const known = new Set(channels.map(({ name }) => name));
  return all.filter(([, , { workflow }]) => workflow.every(({ to }) => known.has(to.type)))
    .map(([name, title, written]) => ({ name, title, request: written }));
}
