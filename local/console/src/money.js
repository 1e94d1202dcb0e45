/**
 * Prices, exact. A price is {price: "0.0333", currency: "EUR"}: a decimal as a string, never a float. A total is a list
 * of prices, one for each currency, in the order in which the currencies came (docs/api.md, "Prices").
 */
import { spelled } from "./visible.js";

/** Read a decimal: {units: BigInt, scale: digits after the point}. Raises SyntaxError if it is not one. */
function read(decimal) {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(decimal);
  if (!found || !(found[2] || found[3])) throw new SyntaxError(`not a decimal: ${decimal}`);
  const [, sign, whole, fraction = ""] = found;
  const units = BigInt(whole + fraction);
  return { units: sign === "-" ? -units : units, scale: fraction.length };
}

function write({ units, scale }) {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${units < 0n ? "-" : ""}${digits.slice(0, point)}${scale ? `.${digits.slice(point)}` : ""}`;
}

function aligned(one, other) {
  const [a, b] = [read(one), read(other)];
  const scale = Math.max(a.scale, b.scale);
  const units = ({ units, scale: own }) => units * 10n ** BigInt(scale - own);
  return [units(a), units(b), scale];
}

/** Return the exact sum of two decimals, with as many digits after the point as the longer one: 0.10 + 0.2 is 0.30. */
export function add(one, other) {
  const [a, b, scale] = aligned(one, other);
  return write({ units: a + b, scale });
}

/** Return the exact difference of two decimals. */
export function subtract(one, other) {
  const [a, b, scale] = aligned(one, other);
  return write({ units: a - b, scale });
}

/** Return -1, 0 or 1 as the first decimal is less than, equal to or more than the second. 0.5 and 0.50 are equal. */
export function compare(one, other) {
  const [a, b] = aligned(one, other);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Return the `usage` of the API (a price, a list of prices, or undefined) as a total. */
export function total(usage) {
  return usage == null ? [] : Array.isArray(usage) ? usage : [usage];
}

/** Return the total of prices. Missing ones (null) do not count. */
export function sum(prices) {
  const sums = new Map();
  for (const price of prices) {
    if (price) sums.set(price.currency, sums.has(price.currency) ? add(sums.get(price.currency), price.price) : price.price);
  }
  return [...sums].map(([currency, price]) => ({ price, currency }));
}

/** Return the total `one` less the total `other`, without the currencies in which there is no difference. */
export function difference(one, other) {
  const less = other.map(({ price, currency }) => ({ price: subtract("0", price), currency }));
  return sum([...one, ...less]).filter(({ price }) => compare(price, "0") !== 0);
}

/** Return a price or a total as text: `0.0333 EUR`, `0.0333 EUR + 0.01 USD`. Returns "" if there is none. */
export function money(prices) {
  return total(prices).map(({ price, currency }) => `${price} ${spelled(currency)}`).join(" + ");
}

/**
 * Return which of two prices of one message counts: the higher one; if the currency changes, the later one, unless it is
 * 0 (docs/api.md, "Prices"). Either may be null.
 */
export function counting(earlier, later) {
  if (!earlier || !later) return earlier ?? later ?? null;
  const least = earlier.currency === later.currency ? earlier.price : "0";
  return compare(later.price, least) > 0 ? later : earlier;
}
