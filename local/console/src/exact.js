/** JSON whose numbers stay as they were written: `custom` may hold numbers that JavaScript would round. */
import { escaped } from "./visible.js";

const SURE_DIGITS = 15;

/** Return true if JavaScript's number for this text of JSON has the same value. */
const held = (source) => {
  const [mantissa, exponent = "0"] = source.toLowerCase().split("e");
  return mantissa.replace(/[-.]/g, "").replace(/^0+|0+$/g, "").length <= SURE_DIGITS && Math.abs(Number(exponent)) < 200;
};

/** Parse what the reader writes: a number that JavaScript would write otherwise becomes raw JSON, which `stringify` keeps. */
export const parse = (text) => kept(text, (source) => String(Number(source)) === source);

/** Parse an answer of the API: a number becomes raw JSON only if JavaScript's number has another value. */
export const parseAnswer = (text) => kept(text, held);

function kept(text, isNumber) {
  if (!JSON.rawJSON) return JSON.parse(text); // a browser without it rounds, as any JavaScript does
  return JSON.parse(text, (_name, value, context) =>
    (typeof value !== "number" || isNumber(context.source) ? value : JSON.rawJSON(context.source)));
}

/** The JSON of a value, indented for reading: characters that cannot be seen are escaped, which is the same JSON. */
export function stringify(value, indent = 2) {
  return escaped(JSON.stringify(value, null, indent) ?? "");
}
