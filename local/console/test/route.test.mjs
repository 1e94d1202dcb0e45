import assert from "node:assert/strict";
import { test } from "node:test";

import { href, parsed } from "../src/address.js";

const ID = "37e32606-bd7f-4065-85ea-49b3bf3effa0";

test("a link is read as it was written", () => {
  const places = [
    { page: "workflows", parts: [], query: {} },
    { page: "workflows", parts: [], query: { status: "running", q: "a&b=c?d#e +%20/ü\u202e", since: "24h" } },
    { page: "w", parts: [ID, "webhooks"], query: { at: "3" } },
    { page: "phones", parts: ["a/b?c#d%25"], query: {} },
    { page: "new", parts: [], query: { from: ID } },
    { page: "phones", parts: [], query: {} },
    { page: "play", parts: [ID], query: {} },
    { page: "overview", parts: [], query: { span: "7d" } },
  ];
  for (const place of places) assert.deepEqual(parsed(href(place.page, place.parts, place.query)), place);
});

test("empty values are left out of a link, 0 is not", () => {
  assert.equal(href("workflows", [], { status: "", q: undefined, since: null, at: 0 }), "#/workflows?at=0");
  assert.equal(href("workflows"), "#/workflows");
});

test("what is no address is the list", () => {
  for (const hash of ["", "#", "#/", "#/nowhere/1", "#//", "#/%"]) {
    assert.deepEqual(parsed(hash), { page: "workflows", parts: [], query: {} }, hash);
  }
  assert.deepEqual(parsed("#/?status=error"), { page: "workflows", parts: [], query: { status: "error" } });
});

test("a trailing slash and a part that is badly encoded are tolerated", () => {
  assert.deepEqual(parsed(`#/w/${ID}/`).parts, [ID]);
  assert.deepEqual(parsed("#/phones/100%").parts, ["100%"]);
});

test("what stands in the place of an id, and is none, becomes no part of a path of the API or of a shell command", () => {
  for (const part of ["..%2Fsummary", "summary", `${ID}%23x`, `${ID}%23';rm%20x;'`, `${ID}%0A`, "%3Flimit=1", "x".repeat(36)]) {
    for (const page of ["w", "play"]) assert.deepEqual(parsed(`#/${page}/${part}`), { page, parts: ["none"], query: {} });
  }
  assert.deepEqual(parsed("#/play"), { page: "play", parts: [], query: {} });
});

test("a question mark in the query belongs to it", () => {
  assert.deepEqual(parsed("#/workflows?q=what?&status=error").query, { q: "what?", status: "error" });
});

test("the names of an object's own parts are ordinary names", () => {
  assert.deepEqual(parsed("#/constructor"), { page: "workflows", parts: [], query: {} });
});
