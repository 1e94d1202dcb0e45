/** The fields of a step, from the channel table that the server writes into the page: docs/api.md, "Channels". */
import { at, channelOf, isObject, pathText, removed, set } from "./compose.js";

const JSON_KINDS = ["list", "any_object", "parameter"];
const SHORT = { url: "URL", id: "ID", ttl: "time to live", uuid: "ID" };

/** A field's name in words: `media_url` is "Media URL". */
export function label(name) {
  const words = name.split("_").map((word) => SHORT[word] ?? word).join(" ");
  return words[0].toUpperCase() + words.slice(1);
}

/**
 * The fields of one step.
 *
 * @returns {{channel: object | undefined, type: string | undefined, types: string[], from: object, to: object,
 *   content: object[], options: object[], expiry: string, condition: string}} A field is
 *   `{id, path, kind, label, required, …limits}`; `options` are those that go with the content or are set; `expiry` and
 *   `condition` are ids
 */
export function stepFields(request, index, config) {
  const base = ["workflow", index];
  const step = at(request, base);
  const channel = config.channels.find(({ name }) => name === channelOf(step));
  const type = at(step, ["message", "content", "type"]);
  const party = (side, key, kind) => field([...base, side, key], { name: side, ...kind, required: true });
  const found = {
    channel,
    type,
    types: channel?.contents.map(({ name }) => name) ?? [],
    expiry: pathText([...base, "failover", "expiry_time"]),
    condition: pathText([...base, "failover", "condition_status"]),
  };
  if (!channel) return { ...found, from: undefined, to: undefined, content: [], options: [] };
  const content = channel.contents.find(({ name }) => name === type)?.fields ?? [];
  return {
    ...found,
    from: party("from", channel.sender, channel.sender_kind),
    to: party("to", channel.recipient, channel.recipient_kind),
    content: content.flatMap((one) => expanded([...base, "message", "content", one.name], needed(one, channel, request, base, type), request, true)),
    options: channel.options.flatMap((option) => placed(option, channel, request, base, type)),
  };
}

function placed(option, channel, request, base, type) {
  const path = [...base, "message", channel.name, option.name];
  const present = at(request, path) !== undefined;
  if (option.with_content && !option.with_content.includes(type) && !present) return [];
  const [name, word] = option.required_when ?? [];
  const required = option.required_with?.includes(type) || (name !== undefined && at(request, [...path.slice(0, -1), name]) === word);
  return expanded(path, { ...option, required }, request, required);
}

/** A content field that an option makes required: Viber's caption below a button. */
function needed(one, channel, request, base, type) {
  const needs = (channel.needs ?? []).filter((need) => need.content === type);
  const wanted = needs.filter(({ option, word }) => {
    const value = at(request, [...base, "message", channel.name, option]);
    return value !== undefined && (word === undefined || value === word);
  }).map((need) => need.field);
  if (!one.fields || !wanted.length) return one;
  return { ...one, fields: one.fields.map((inner) => (wanted.includes(inner.name) ? { ...inner, required: true } : inner)) };
}

/** The fields to show for a value of some kind: an object's fields, else the field itself. */
function expanded(path, one, request, owner) {
  const value = at(request, path);
  const inside = (fields, required) => fields.flatMap((inner) =>
    expanded([...path, inner.name], { ...inner, within: one.name, required: Boolean(inner.required && required) }, request, required));
  if (one.kind === "object") return inside(one.fields, Boolean(owner || value !== undefined));
  if (one.kind === "one_of") {
    const names = one.fields.map(({ name }) => name);
    const chosen = names.find((name) => at(value, [name]) !== undefined);
    const choice = field(path, { ...one, kind: "one_of", words: names, chosen });
    return [choice, ...inside(one.fields.filter(({ name }) => name === chosen).map((inner) => ({ ...inner, required: true })), true)];
  }
  if (one.kind === "tagged") {
    const chosen = at(value, [one.tag]);
    const choice = field([...path, one.tag], { ...one, name: one.tag, within: one.name, kind: "tagged", words: one.cases.map(({ word }) => word), chosen });
    return [choice, ...inside(one.cases.find(({ word }) => word === chosen)?.fields ?? [], true)];
  }
  return [field(path, one)];
}

function field(path, { name, within, kind, ...limits }) {
  const words = within && within !== name ? `${label(within)}: ${label(name).replace(/^[A-Z](?![A-Z])/, (first) => first.toLowerCase())}` : label(name);
  return { ...limits, id: pathText(path), path, name, label: words, kind: JSON_KINDS.includes(kind) ? "json" : kind };
}

/** The request after the reader has written `raw` into a field: text for most kinds, a value for a JSON field. */
export function edited(request, one, raw) {
  const { path, kind } = one;
  const base = path.slice(0, 3);
  if (kind === "one_of") return set(request, path, { [raw]: at(request, [...path, raw]) ?? "" });
  if (kind === "tagged") return set(request, path.slice(0, -1), cased(one, at(request, path.slice(0, -1)), raw));
  if (raw === undefined || (raw === "" && !one.required)) return removed(request, path, base.length);
  return set(request, path, typed(kind, raw));
}

function cased({ tag, cases }, value, word) {
  const names = cases.find((one) => one.word === word)?.fields.map(({ name }) => name) ?? [];
  const kept = Object.entries(isObject(value) ? value : {}).filter(([name]) => names.includes(name));
  return { [tag]: word, ...Object.fromEntries(kept) };
}

/** Whole numbers become numbers, if JavaScript holds them exactly; what is not a number stays text, for the API to judge. */
function typed(kind, raw) {
  if (kind === "whole" && /^\d{1,15}$/.test(raw.trim())) return Number(raw.trim());
  if (kind === "flag") return raw === "true" ? true : raw === "false" ? false : raw;
  return raw;
}

/** The text that a field shows for a value of the request. */
export function shown(value) {
  if (value === undefined || value === null) return "";
  if (JSON.isRawJSON?.(value)) return value.rawJSON;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * Where the API's faults belong: each at the field with its path, else at a field inside or around it.
 *
 * @param {{name: string, reason: string}[]} faults
 * @param {string[]} ids paths of what is shown: fields, and the steps themselves
 * @returns {{at: Map<string, string[]>, list: {name: string, reason: string, id: string | undefined}[]}} reasons by id, and
 *   all faults in the API's order
 */
export function located(faults, ids) {
  const found = new Map();
  const list = faults.map(({ name, reason }) => {
    const around = (id) => name === id || name.startsWith(`${id}.`) || name.startsWith(`${id}[`);
    const steps = /^workflow\[\d+\]$/;
    const longest = ids.filter((id) => !steps.test(id) && around(id)).sort((one, other) => other.length - one.length)[0];
    const inside = steps.test(name) ? undefined : ids.find((id) => id.startsWith(`${name}.`) && !(name === "workflow"));
    const id = longest ?? inside ?? ids.find((one) => steps.test(one) && around(one));
    if (id) found.set(id, [...(found.get(id) ?? []), reason]);
    return { name, reason, id };
  });
  return { at: found, list };
}
