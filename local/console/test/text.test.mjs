import assert from "node:assert/strict";
import test from "node:test";
import * as money from "../src/money.js";
import * as times from "../src/times.js";
import * as visible from "../src/visible.js";
import * as workflows from "./workflows.mjs";

const EUR = (price) => ({ price, currency: "EUR" });

const hides = (text) => visible.parts(text).some((part) => part.mark);

test("durations are read in at most two units", () => {
  const cases = { 72: "72 ms", 2356: "2.4 s", 15000: "15 s", 59_960: "1 min", 65_000: "1 min 5 s", 600_000: "10 min", 15_130_000: "4 h 12 min", 266_400_000: "3 d 2 h" };
  for (const [ms, text] of Object.entries(cases)) assert.equal(times.duration(Number(ms)), text);
  assert.equal(times.seconds(600), "10 min");
  assert.equal(times.seconds(3661), "1 h 1 min 1 s");
});

test("a countdown shows 0 only when the time is up", () => {
  assert.equal(times.countdown(1), "1 s");
  assert.equal(times.countdown(4801), "5 s");
  assert.equal(times.countdown(0), "0 s");
});

test("a clock time has its zone and its seconds, and the date if the day is another", () => {
  const { START } = workflows;
  assert.equal(times.clock(START, { zone: "utc" }), "07:26:03.205 UTC");
  assert.equal(times.clock(START, { zone: "utc", near: START + times.DAY }), "1 Mar 07:26:03.205 UTC");
  assert.match(times.clock(START), /^\d\d:26:03\.205 \S+/);
  assert.equal(times.time(START, "relative", START + 12_000), "12 s ago");
  assert.equal(times.clockBeside(START, START + 2000), "03.205");
  assert.equal(times.elapsed(4456), "+4.5 s");
});

test("a time that cannot be read is null, not a wrong one", () => {
  assert.equal(times.parse("yesterday"), null);
  assert.equal(times.parse(undefined), null);
});

test("prices are added exactly, to any number of digits", () => {
  assert.equal(money.add("0.1", "0.2"), "0.3");
  assert.equal(money.add("999999999999999.00000000000000000001", "0.1"), "999999999999999.10000000000000000001");
  assert.equal(money.subtract("0.0333", "1"), "-0.9667");
  assert.equal(money.compare("0.50", "0.5"), 0);
  assert.throws(() => money.add("1e3", "1"), SyntaxError);
});

test("a total has one sum for each currency", () => {
  assert.equal(money.money(money.sum([EUR("0.0333"), null, { price: "1.5", currency: "USD" }, EUR("0.0333")])), "0.0666 EUR + 1.5 USD");
  assert.deepEqual(money.difference([EUR("0.0333")], [EUR("0.0666")]), [EUR("-0.0333")]);
  assert.deepEqual(money.difference([EUR("0.50")], [EUR("0.5")]), []);
});

test("the highest price of a message counts, and one in another currency replaces it unless it is 0", () => {
  assert.deepEqual(money.counting(EUR("0.05"), EUR("0.01")), EUR("0.05"));
  assert.deepEqual(money.counting(EUR("0.05"), { price: "0.01", currency: "USD" }), { price: "0.01", currency: "USD" });
  assert.deepEqual(money.counting(EUR("0.05"), { price: "0", currency: "USD" }), EUR("0.05"));
});

test("characters that cannot be seen are marked with their names", () => {
  assert.deepEqual(visible.parts("a\u202eb"), [{ text: "a" }, { mark: "U+202E", name: "right-to-left override" }, { text: "b" }]);
  for (const hidden of ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2028", "\u0000", "\u001b", "\ufff9", "\u2066", "\u3164", "\u2800", "\ufe0f", "\u{e0041}"]) {
    assert.ok(hides(`x${hidden}y`), hidden.codePointAt(0).toString(16));
  }
});

test("emoji, flags, keycaps and words that need joiners stay as they are", () => {
  for (const text of ["👩‍👩‍👧", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇬🇧", "👍🏽", "👁️‍🗨️", "می‌خواهم", "क्‍ष", "line\nline\ttab", "a\r\nb", "café naïve", "\u0600١٢"]) {
    assert.ok(!hides(text), text);
  }
  assert.ok(hides("1\u200d2"));
});

test("in numbers and ids every blank but the space is marked, and the direction cannot turn", () => {
  assert.equal(visible.spelled("44\u00a07700", { strict: true }), "44[U+00A0]7700");
  assert.equal(visible.isolated("אב-1"), "\u2066אב-1\u2069");
  assert.equal(visible.isolated("sim-phone-anna"), "sim-phone-anna");
});
