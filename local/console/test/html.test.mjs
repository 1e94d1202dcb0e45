import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { html } from "../src/html.js";
import { isolated } from "../src/visible.js";

const SOURCES = join(import.meta.dirname, "../src");
const HIDDEN = "a\u202eb\u200b";
const SHOWN = "a[U+202E]b[U+200B]";

test("an attribute that people read has no hidden character", () => {
  const names = ["aria-label", "aria-description", "aria-valuetext", "aria-roledescription", "title", "alt", "placeholder", "label"];
  for (const name of names) {
    assert.equal(html`<p ...${{ [name]: HIDDEN }} />`.props[name], SHOWN);
    assert.equal(html`<svg class="x" ...${{ [name]: `${HIDDEN}: 1` }}><rect /></svg>`.props[name], `${SHOWN}: 1`);
  }
  assert.equal(html`<p aria-label="of ${HIDDEN}" />`.props["aria-label"], `of ${SHOWN}`);
  assert.equal(html`<p aria-pressed=${true} />`.props["aria-pressed"], true);
});

test("a text in an element has no hidden character, at any depth of a list", () => {
  assert.equal(html`<p>${HIDDEN}</p>`.props.children, SHOWN);
  assert.deepEqual(html`<p>${[1, [HIDDEN]]}${null}</p>`.props.children, [[1, [SHOWN]], null]);
});

test("what a field holds, where a link leads and what a component gets stay exact", () => {
  const Part = () => null;
  assert.equal(html`<input value=${HIDDEN} />`.props.value, HIDDEN);
  assert.equal(html`<a href=${`#/w/${HIDDEN}`} />`.props.href, `#/w/${HIDDEN}`);
  assert.deepEqual(html`<${Part} title=${HIDDEN}>${HIDDEN}<//>`.props, { title: HIDDEN, children: HIDDEN });
});

test("lines, emoji, joiners that spell words and the direction of a name stay as they are", () => {
  for (const text of ["line\nline\ttab", "👩‍👩‍👧", "می‌خواهم", `to ${isolated("אב-1")}.`]) assert.equal(html`<p title=${text}>${text}</p>`.props.title, text);
  assert.equal(html`<p>${"\u2066a\u202eb\u2069 \u2067c\u2069\u2066"}</p>`.props.children, "\u2066a[U+202E]b\u2069 [U+2067]c[U+2069][U+2066]");
});

test("no other module can write a text into the page", () => {
  const ways = /from "(preact|htm)|(set|toggle)Attribute|\.aria[A-Z]|(inner|outer)(HTML|Text)|textContent|insertAdjacent|createElement|createTextNode|\.(title|alt|placeholder|label) = |\.append\(/;
  const found = readdirSync(SOURCES, { recursive: true }).filter((file) => file.endsWith(".js")).flatMap((file) =>
    readFileSync(join(SOURCES, file), "utf8").split("\n").filter((line) => ways.test(line)).map((line) => `${file}: ${line.trim()}`));
  const known = [
    /^html\.js: .*from "(preact|htm)/,
    /^api\.js: +this\.title = /, // of an error
    /^config\.js: .*JSON\.parse\(element\?\.textContent/, // is read
    /^heading\.js: +document\.title = .*spelled\(title\)/,
  ];
  assert.deepEqual(found.filter((line) => !known.some((one) => one.test(line))), []);
});
