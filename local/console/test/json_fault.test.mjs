import assert from "node:assert/strict";
import { test } from "node:test";

import { jsonFault } from "../src/json_fault.js";

const FAULTS = [
  ['{\n  "workflow": [}\n}', "Line 2, column 16: unexpected “}”."],
  ["{", "Line 1, column 2: the text ends too early."],
  ["", "Line 1, column 1: the text ends too early."],
  ['{"a": 1,}', "Line 1, column 9: unexpected “}”."],
  ['{"a": 01}', "Line 1, column 7: unexpected “0”."],
  ["{'a': 1}", "Line 1, column 2: unexpected “'”."],
  ['["😀", tru]', "Line 1, column 7: unexpected “t”."],
  ['{"a": 1} x', "Line 1, column 10: unexpected “x”."],
  ['{"a" 1}', "Line 1, column 6: unexpected “1”."],
  ['["a\nb"]', "Line 1, column 2: unexpected “\"”."],
];

for (const [text, said] of FAULTS) {
  test(`${JSON.stringify(text)}: ${said}`, () => {
    assert.throws(() => JSON.parse(text));
    assert.equal(jsonFault(text), said);
  });
}
