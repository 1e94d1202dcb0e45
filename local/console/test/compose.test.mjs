import assert from "node:assert/strict";
import { test } from "node:test";

import { added, at, attempt, characters, dropped, isByHand, moved, onChannel, opened, playable, removed, set, withContent } from "../src/compose.js";
import { fromUnit, inUnit, unitOf } from "../src/compose_expiry.js";
import { examples } from "../src/compose_examples.js";
import { edited, label, located, stepFields } from "../src/compose_fields.js";
import { CONFIG } from "./channels.mjs";

const [overview] = examples(CONFIG);
const form = () => opened(structuredClone(overview.request));
const step = (shown, index) => at(shown.request, ["workflow", index]);
const fieldAt = (request, index, end) => {
  const { from, to, content, options } = stepFields(request, index, CONFIG);
  return [from, to, ...content, ...options].find(({ id }) => id.endsWith(end));
};

test("a value is set without changing the request it came from", () => {
  const request = form().request;
  assert.equal(at(set(request, ["workflow", 1, "to", "number"], "1"), ["workflow", 1, "to", "number"]), "1");
  assert.equal(at(request, ["workflow", 1, "to", "number"]), "447700900950");
  assert.deepEqual(removed({ a: { b: { c: 1 } } }, ["a", "b", "c"], 1), { a: {} });
});

test("what no field knows stays in the request", () => {
  const request = { ...form().request, extra: { kept: [1] } };
  const next = moved(opened(edited(request, fieldAt(request, 0, "content.text"), "Hi")), 0, 1, CONFIG).request;
  assert.deepEqual(next.extra, { kept: [1] });
  assert.equal(next.workflow[1].message.content.text, "Hi");
});

test("a step keeps its identity when it moves, and its failover while it is the last", () => {
  const once = moved(form(), 0, 1, CONFIG);
  assert.deepEqual(once.keys, [1, 0]);
  assert.deepEqual(step(once, 0).failover, { expiry_time: 60, condition_status: "delivered" });
  assert.equal("failover" in step(once, 1), false);
  const back = moved(once, 1, -1, CONFIG);
  assert.deepEqual(back.keys, [0, 1]);
  assert.deepEqual(back.request, form().request);
  assert.equal(moved(form(), 0, -1, CONFIG).request.workflow[0].to.type, "messenger");
});

test("a new step gets another channel, the same text and the sandbox's recipient, and the one before it a failover", () => {
  const more = added(form(), CONFIG);
  assert.equal(step(more, 2).to.type, "viber_service_msg");
  assert.equal(step(more, 2).to.number, "447700900950");
  assert.equal(step(more, 2).message.content.text, step(more, 0).message.content.text);
  assert.equal(step(more, 1).failover.condition_status, "delivered");
  assert.equal("failover" in step(more, 2), false);
});

test("the step that becomes the last one loses its failover; the only step cannot be removed", () => {
  const one = dropped(form(), 1, CONFIG);
  assert.equal(one.request.workflow.length, 1);
  assert.equal("failover" in step(one, 0), false);
  assert.equal(dropped(one, 0, CONFIG), one);
  assert.deepEqual(step(added(one, CONFIG), 0).failover, { expiry_time: 60, condition_status: "read" });
});

test("another channel keeps the text, takes the kind of address it needs, and does not ask for a status it has not", () => {
  const begun = form();
  const category = { ...begun, request: edited(begun.request, fieldAt(begun.request, 0, "messenger.category"), "update") };
  const sms = onChannel(category, 0, "sms", CONFIG);
  assert.equal("messenger" in step(sms, 0).message, false);
  assert.deepEqual(step(sms, 0).to, { type: "sms", number: "447700900950" });
  assert.equal(step(sms, 0).failover.condition_status, "delivered");
  assert.equal(step(sms, 0).message.content.text, step(form(), 0).message.content.text);
  const typed = { ...sms, request: set(sms.request, ["workflow", 0, "message", "content", "text"], "New") };
  const back = onChannel(typed, 0, "messenger", CONFIG);
  assert.deepEqual(step(back, 0).to, step(form(), 0).to);
  assert.equal(step(back, 0).message.content.text, "New");
  assert.deepEqual(step(back, 0).message.messenger, { category: "update" });
});

test("what a content type held comes back when it is chosen again", () => {
  const image = withContent(form(), 0, "image");
  assert.deepEqual(step(image, 0).message.content, { type: "image" });
  const filled = { ...image, request: edited(image.request, fieldAt(image.request, 0, "image.url"), "https://example.com/a.png") };
  const text = withContent(filled, 0, "text");
  assert.deepEqual(step(text, 0).message.content, step(form(), 0).message.content);
  assert.equal(step(withContent(text, 0, "image"), 0).message.content.image.url, "https://example.com/a.png");
});

test("an optional field that is emptied is left out, with the options if they were the last; a required one stays empty", () => {
  const request = form().request;
  const ttl = fieldAt(request, 1, "sms.ttl");
  const with600 = edited(request, ttl, "600");
  assert.deepEqual(with600.workflow[1].message.sms, { ttl: 600 });
  assert.deepEqual(edited(with600, ttl, "").workflow[1], request.workflow[1]);
  assert.equal(edited(request, ttl, "soon").workflow[1].message.sms.ttl, "soon");
  assert.equal(edited(request, fieldAt(request, 1, "to.number"), "").workflow[1].to.number, "");
  assert.equal(edited(request, fieldAt(request, 1, "trusted_recipient"), "true").workflow[1].message.sms.trusted_recipient, true);
});

test("options that do not go with the content are offered only while they are set", () => {
  const request = examples(CONFIG).find(({ name }) => name === "template").request;
  assert.ok(fieldAt(request, 0, "whatsapp.locale"));
  const text = withContent(opened(request), 0, "text").request;
  assert.ok(fieldAt(text, 0, "whatsapp.locale"));
  assert.equal(fieldAt(edited(text, fieldAt(text, 0, "whatsapp.locale"), ""), 0, "whatsapp.locale"), undefined);
});

test("a field is required when the content or another option makes it so", () => {
  const viber = onChannel(form(), 0, "viber_service_msg", CONFIG);
  const video = withContent(viber, 0, "video").request;
  assert.equal(fieldAt(video, 0, "viber_service_msg.duration").required, true);
  const image = withContent(viber, 0, "image").request;
  assert.ok(!fieldAt(image, 0, "image.caption").required);
  const button = edited(image, fieldAt(image, 0, "action.url"), "https://example.com");
  assert.equal(fieldAt(button, 0, "image.caption").required, true);
  assert.equal(fieldAt(button, 0, "action.text").required, true);
});

test("one of several fields and tagged objects are chosen first", () => {
  const whatsapp = onChannel(form(), 0, "whatsapp", CONFIG);
  const sticker = withContent(whatsapp, 0, "sticker").request;
  const choice = fieldAt(sticker, 0, "content.sticker");
  assert.deepEqual(choice.words, ["url", "id"]);
  const byId = edited(edited(sticker, choice, "url"), choice, "id");
  assert.deepEqual(byId.workflow[0].message.content.sticker, { id: "" });
  const reaction = withContent(whatsapp, 0, "reaction").request;
  const react = edited(reaction, fieldAt(reaction, 0, "reaction.action"), "react");
  assert.ok(fieldAt(react, 0, "reaction.emoji").required);
});

test("every content type and option of every channel has a field", () => {
  for (const channel of CONFIG.channels) {
    for (const { name } of channel.contents) {
      const { request } = withContent(onChannel(form(), 0, channel.name, CONFIG), 0, name);
      const { content, options } = stepFields(request, 0, CONFIG);
      assert.ok(content.length > 0, `${channel.name} ${name}`);
      for (const field of [...content, ...options]) assert.ok(["string", "url", "word", "whole", "flag", "address", "matching", "json", "one_of", "tagged"].includes(field.kind), field.kind);
    }
  }
});

test("a fault goes to its field, else to the field inside or around it, else to the step", () => {
  const ids = ["client_ref", "workflow[0].message.content.template", "workflow[0].to.number", "workflow[0].message.content.template.parameters", "workflow[0]", "workflow[0].message.content.image.url"];
  const names = ["workflow[0].to.number", "workflow[0].message.content.template.parameters[2]", "workflow[0].to", "workflow[0].surprise", "workflow", "workflow[0].message.content.image", "Idempotency-Key"];
  const { at: reasons, list } = located(names.map((name) => ({ name, reason: `${name} is wrong` })), ids);
  assert.deepEqual(list.map(({ id }) => id), ["workflow[0].to.number", "workflow[0].message.content.template.parameters", "workflow[0].to.number", "workflow[0]", undefined, "workflow[0].message.content.image.url", undefined]);
  assert.deepEqual(reasons.get("workflow[0].to.number"), ["workflow[0].to.number is wrong", "workflow[0].to is wrong"]);
});

test("an expiry is written in the largest whole unit and stays in whole seconds", () => {
  assert.deepEqual([unitOf(600), unitOf(90), unitOf(7200), unitOf("soon"), unitOf(undefined)], [60, 1, 3600, 1, 1]);
  assert.deepEqual([inUnit(600, 60), inUnit(90, 60), inUnit("soon", 60)], ["10", "1.5", "soon"]);
  assert.deepEqual([fromUnit("1.1", 60), fromUnit("10", 60), fromUnit("1,5", 60), fromUnit("soon", 60)], [66, 600, 90, "soon"]);
});

test("the same request keeps its Idempotency-Key, a changed one gets another", () => {
  const first = attempt({ key: "a", body: null }, "{}", () => "b");
  assert.deepEqual(first, { key: "a", body: "{}" });
  assert.deepEqual(attempt(first, "{}", () => "b"), first);
  assert.deepEqual(attempt(first, "[]", () => "b"), { key: "b", body: "[]" });
});

test("the examples of a sandbox can be played; without one they name no recipient", () => {
  for (const { name, request } of examples(CONFIG)) assert.ok(playable(request), name);
  for (const { request } of examples({ ...CONFIG, sandbox: false })) {
    for (const { to } of request.workflow) assert.equal(to.id ?? to.number, "");
  }
  assert.deepEqual(["sim-phone-anna", "447700900950", "sim-read", "447700900850", "sim-phone-"].map(isByHand), [true, true, false, false, false]);
});

test("characters are counted as the API counts them, and names are read as words", () => {
  assert.equal(characters("a👍🏽é"), 4);
  assert.deepEqual(["media_url", "ttl", "text"].map(label), ["Media URL", "Time to live", "Text"]);
});
