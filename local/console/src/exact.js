/** JSON whose numbers stay as they were written: `custom` may hold numbers that JavaScript would round. */
import { escaped } from "./visible.js";

const SURE_DIGITS = 15;

/** Return true if JavaScript's number for this text of JSON has the same value. */
const held = (source) => {
  const [mantissa, exponent = "0"] = source.toLowerCase().split("e");
  return mantissa.replace(/[-.]/g, "").replace(/^0+|0+$/g, "").length <= SURE_DIGITS && Math.abs(Number(exponent)) < 200;
};

/** Parse JSON; a number that JavaScript cannot hold exactly becomes raw JSON, which `stringify` writes unchanged. */
export function parse(text) {
  if (!JSON.rawJSON) return JSON.parse(text); // a browser without it rounds, as any JavaScript does
  return JSON.parse(text, (_name, value, context) => {
    if (typeof value !== "number" || held(context.source)) return value;
    return JSON.rawJSON(context.source);
  });
}

/** The JSON of a value, indented for reading: characters that cannot be seen are escaped, which is the same JSON. */
export function stringify(value, indent = 2) {
  return escaped(JSON.stringify(value, null, indent) ?? "");
}
