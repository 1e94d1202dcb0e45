/**
 * A request that is being written: pure functions that return the next state of the form.
 *
 * The request itself is the form's only content: a field reads and writes a path in it, so whatever no field knows stays
 * as it was written. The form is `{request, keys, stash}`: `keys` has one identity for each step, which stays with it when
 * it moves; `stash` keeps what a step had on another channel, with another content type or before it became the last.
 */
export const MOST_STEPS = 10;
const EXPIRY = 600;
const SANDBOX_EXPIRY = 60;

/** A JSON object, not an array or a number that is kept as it was written. */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON?.(value);
}

/** Return the value at a path such as `["workflow", 1, "to", "number"]`, or undefined. */
export function at(value, path) {
  return path.reduce((found, key) => (isObject(found) || Array.isArray(found) ? found[key] : undefined), value);
}

/** Return a copy with another value at the path; undefined removes it. */
export function set(value, [key, ...rest], next) {
  const copy = Array.isArray(value) ? [...value] : isObject(value) ? { ...value } : {};
  const inner = rest.length ? set(copy[key], rest, next) : next;
  if (inner === undefined) delete copy[key];
  else copy[key] = inner;
  return copy;
}

/** Return a copy without the value at the path, and without the objects that this leaves empty, down to `keep` keys. */
export function removed(value, path, keep) {
  if (at(value, path.slice(0, -1)) === undefined) return value;
  const without = set(value, path, undefined);
  const parent = path.slice(0, -1);
  const empty = isObject(at(without, parent)) && Object.keys(at(without, parent)).length === 0;
  return empty && parent.length > keep ? removed(without, parent, keep) : without;
}

/** A path as the API writes it: `workflow[1].to.number`. */
export function pathText(path) {
  return path.map((key, place) => (typeof key === "number" ? `[${key}]` : place ? `.${key}` : key)).join("");
}

/** The steps of a request; empty if there is no list of them. */
export function stepsOf(request) {
  return Array.isArray(request?.workflow) ? request.workflow : [];
}

/** The form that shows a request. Steps of the earlier form keep their identity by their place. */
export function opened(request, earlier = { keys: [], stash: {}, next: 0 }) {
  const keys = earlier.keys.slice(0, stepsOf(request).length);
  let { next } = earlier;
  while (keys.length < stepsOf(request).length) keys.push(next++);
  return { request, keys, stash: earlier.stash, next };
}

/** The channel of a step, or undefined. */
export function channelOf(step) {
  return at(step, ["to", "type"]) ?? at(step, ["from", "type"]);
}

const row = (config, name) => config.channels.find((channel) => channel.name === name);

/** The form with one more step at its end: another channel, the same text. */
export function added(form, config) {
  const steps = stepsOf(form.request);
  const used = steps.map(channelOf);
  const names = config.channels.map(({ name }) => name);
  const preferred = ["sms", ...names].find((name) => names.includes(name) && !used.includes(name)) ?? names[0];
  const text = steps.map((step) => at(step, ["message", "content", "text"])).findLast((one) => typeof one === "string");
  const step = fresh(preferred, config, text ?? "", steps);
  return settled({
    ...form,
    request: { template: "failover", ...form.request, workflow: [...steps, step] },
    keys: [...form.keys, form.next],
    next: form.next + 1,
  }, config);
}

/** The form with a step moved by `by` places. */
export function moved(form, index, by, config) {
  const to = index + by;
  const steps = [...stepsOf(form.request)];
  const keys = [...form.keys];
  if (to < 0 || to >= steps.length) return form;
  [steps[index], steps[to]] = [steps[to], steps[index]];
  [keys[index], keys[to]] = [keys[to], keys[index]];
  return settled({ ...form, request: { ...form.request, workflow: steps }, keys }, config);
}

/** The form without a step; the only step stays. */
export function dropped(form, index, config) {
  if (stepsOf(form.request).length < 2) return form;
  const others = (list) => list.filter((_one, place) => place !== index);
  return settled({ ...form, request: { ...form.request, workflow: others(stepsOf(form.request)) }, keys: others(form.keys) }, config);
}

/** The form with a step on another channel: what it had there before, else its text and what fits of the rest. */
export function onChannel(form, index, name, config) {
  const steps = stepsOf(form.request);
  const step = isObject(steps[index]) ? steps[index] : {};
  const key = form.keys[index];
  const kept = form.stash[key]?.[`channel ${name}`];
  const text = at(step, ["message", "content", "text"]);
  const stash = stashed(form, key, `channel ${channelOf(step)}`, { from: step.from, to: step.to, message: step.message });
  const { from, to, message } = kept ?? fresh(name, config, typeof text === "string" ? text : "", steps, step);
  const next = { ...step, from, to, message };
  if (typeof text === "string" && typeof at(next, ["message", "content", "text"]) === "string") next.message = set(message, ["content", "text"], text);
  const conditions = row(config, name)?.conditions ?? [];
  if (next.failover && !conditions.includes(next.failover.condition_status)) {
    next.failover = { ...next.failover, condition_status: conditions.at(-1) };
  }
  return { ...form, stash, request: set(form.request, ["workflow", index], next) };
}

/** The form with another content type in a step; what each type held comes back when it is chosen again. */
export function withContent(form, index, type) {
  const path = ["workflow", index, "message", "content"];
  const content = at(form.request, path);
  const key = form.keys[index];
  const name = (one) => `content ${channelOf(at(form.request, ["workflow", index]))} ${one}`;
  const stash = stashed(form, key, name(content?.type), content);
  const next = form.stash[key]?.[name(type)] ?? (type === "text" ? { type, text: "" } : { type });
  return { ...form, stash, request: set(form.request, path, next) };
}

function stashed(form, key, name, value) {
  return { ...form.stash, [key]: { ...form.stash[key], [name]: value } };
}

/** Every step but the last has a `failover`; the last one's is stashed until it is no longer the last. */
function settled(form, config) {
  const steps = stepsOf(form.request);
  let { stash } = form;
  let expiry;
  const workflow = steps.map((step, index) => {
    const key = form.keys[index];
    if (!isObject(step)) return step;
    if (index === steps.length - 1) {
      if (!("failover" in step)) return step;
      const { failover, ...rest } = step;
      stash = { ...stash, [key]: { ...stash[key], failover } };
      expiry = failover?.expiry_time;
      return rest;
    }
    return step;
  }).map((step, index) => {
    if (!isObject(step) || index === steps.length - 1 || "failover" in step) return step;
    const conditions = row(config, channelOf(step))?.conditions ?? ["delivered"];
    const standard = { expiry_time: expiry ?? (config.sandbox ? SANDBOX_EXPIRY : EXPIRY), condition_status: conditions.at(-1) };
    return { ...step, failover: stash[form.keys[index]]?.failover ?? standard };
  });
  return { ...form, stash, request: { ...form.request, workflow } };
}

/** By-hand recipients of the sandbox, by the kind of address. */
export const BY_HAND = { id: "sim-phone-anna", number: "447700900950" };

/** Return true if the sandbox leaves this recipient's statuses to the reader: docs/sandbox.md, "Recipients". */
export function isByHand(recipient) {
  return /^(sim-phone-[A-Za-z0-9_-]{1,40}|4477009009\d\d)$/.test(recipient);
}

/** Return true if one of the steps goes to a recipient that is answered by hand. */
export function playable(request) {
  return stepsOf(request).some(({ to }) => isByHand(String(to?.id ?? to?.number ?? "")));
}

/** A new step; the addresses are those of other steps where they are of the same kind. */
function fresh(name, config, text, steps, own = {}) {
  const { sender = "id", recipient = "id" } = row(config, name) ?? {};
  const address = (side, kind, standard) => {
    const known = [own, ...steps.toReversed()].map((step) => at(step, [side, kind])).find((one) => one !== undefined);
    return { type: name, [kind]: known ?? standard };
  };
  const standards = config.sandbox ? { id: "sim-page", number: "ACME" } : { id: "", number: "" };
  return {
    from: address("from", sender, standards[sender]),
    to: address("to", recipient, config.sandbox ? BY_HAND[recipient] : ""),
    message: { content: { type: "text", text } },
  };
}

/** The number of characters as the API counts them: code points. */
export function characters(text) {
  return [...String(text ?? "")].length;
}

/**
 * The key of the next attempt to post `body`: the same one as long as the body is, so that a lost answer can be asked
 * for again without a second workflow.
 *
 * @param {{key: string, body: string | null}} earlier `body` is null until it was posted
 */
export function attempt(earlier, body, newKey) {
  return earlier.body === null || earlier.body === body ? { key: earlier.key, body } : { key: newKey(), body };
}
