/** The expiry of a step in the unit that the reader writes it in; the request has whole seconds. */
import { shown } from "./compose_fields.js";

/** `[[seconds, name], …]` */
export const UNITS = [[1, "seconds"], [60, "minutes"], [3600, "hours"]];

/** The largest unit in which a number of seconds is whole; seconds for anything else. */
export function unitOf(value) {
  const seconds = Number(shown(value));
  const [unit] = UNITS.findLast(([size]) => seconds > 0 && seconds % size === 0) ?? UNITS[0];
  return unit;
}

/** The text of a field that is written in this unit: 90 s are `1.5` minutes. */
export function inUnit(value, unit) {
  const text = shown(value);
  return /^\d+(\.\d+)?$/.test(text) ? String(Math.round((Number(text) / unit) * 1000) / 1000) : text;
}

/** The seconds of a text in this unit; text that is not a number stays, for the API to judge. */
export function fromUnit(text, unit) {
  const trimmed = text.trim().replace(",", ".");
  return /^\d+(\.\d*)?$/.test(trimmed) ? Math.round(Number(trimmed) * unit * 1000) / 1000 : text;
}
