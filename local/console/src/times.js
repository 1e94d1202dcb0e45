/**
 * Times and durations, as text. All times are milliseconds since 1970 (ms), all durations milliseconds unless they are
 * named seconds. A clock time always comes with the name of its zone, and always with seconds.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Return the ms of an ISO 8601 time, or null if there is none or it cannot be read. */
export function parse(iso) {
  const ms = typeof iso === "string" ? Date.parse(iso) : NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Return a time as the API writes it: `2026-03-01T09:00:00.000Z`. */
export const iso = (ms) => new Date(ms).toISOString();

/**
 * Return a duration in at most two units: `72 ms`, `2.4 s`, `15 s`, `1 min 5 s`, `10 min`, `4 h 12 min`, `3 d 2 h`.
 * Below a minute it has a tenth of a second if that is not 0. A negative duration counts as 0.
 */
export function duration(ms) {
  if (!(ms > 0)) return "0 s";
  if (ms < 100) return `${Math.max(1, Math.round(ms))} ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return tenths % 10 ? `${(tenths / 10).toFixed(1)} s` : `${tenths / 10} s`;
  return inUnits(Math.round(ms / SECOND));
}

/** Return a number of seconds as a duration: `15 s`, `10 min`, `1 d`. All of it is shown: `1 h 1 min 1 s`. */
export function seconds(count) {
  const parts = [];
  let rest = Math.round(count);
  for (const [size, unit] of UNITS) {
    const whole = Math.floor(rest / size);
    if (whole) parts.push(`${whole} ${unit}`);
    rest -= whole * size;
  }
  return parts.join(" ") || "0 s";
}

/** Return the time left until `at`, rounded up, so that `0 s` means that the time is up: `5 s`, `9 min 58 s`. */
export function countdown(ms) {
  return ms > 0 ? inUnits(Math.ceil(ms / SECOND)) : "0 s";
}

/** Return the time since the start of a workflow, for a column: `+0.0 s`, `+4.5 s`, `+1 min 5 s`, `+4 h 12 min`. */
export function elapsed(ms) {
  const sign = ms < 0 ? "−" : "+";
  const tenths = Math.round(Math.abs(ms) / 100);
  return tenths < 600 ? `${sign}${(tenths / 10).toFixed(1)} s` : `${sign}${inUnits(Math.round(Math.abs(ms) / SECOND))}`;
}

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/** The two largest units of a whole number of seconds; a second unit of 0 is left out. */
function inUnits(whole) {
  if (whole < 60) return `${whole} s`;
  const first = UNITS.findIndex(([size]) => whole >= size);
  const [size, unit] = UNITS[first];
  const [smaller, name] = UNITS[first + 1];
  const rest = Math.floor((whole % size) / smaller);
  return rest ? `${Math.floor(whole / size)} ${unit} ${rest} ${name}` : `${Math.floor(whole / size)} ${unit}`;
}

/** Return how long ago something was: `just now`, `12 s ago`, `4 h 12 min ago`; in the future `in 5 s`. */
export function ago(at, now) {
  if (at > now) return `in ${countdown(at - now)}`;
  return now - at < SECOND ? "just now" : `${inUnits(Math.floor((now - at) / SECOND))} ago`;
}

/**
 * Return a time of day: `07:26:03.205 CET`, `06:26:03.205 UTC`.
 *
 * zone: `local` or `utc`. milliseconds: whether to show them (default true). named: whether to name the zone (default
 * true; without it only beside another time that names it). near: another time (ms); if its day is not the same, the
 * date is shown as well: `2 Mar 07:26:03.205 CET`.
 */
export function clock(at, { zone = "local", milliseconds = true, named = true, near = at } = {}) {
  const day = fields(at, zone);
  const millis = milliseconds ? `.${String(((at % 1000) + 1000) % 1000).padStart(3, "0")}` : "";
  const time = `${day.hour}:${day.minute}:${day.second}${millis}`;
  const other = fields(near, zone);
  const year = day.year === other.year ? "" : ` ${day.year}`;
  const date = sameDay(day, other) ? "" : `${Number(day.day)} ${day.month}${year} `;
  return `${date}${time}${named ? ` ${zoneName(at, zone)}` : ""}`;
}

/** Return a date with the time of day to the minute: `2 Mar 2026, 07:26 CET`. For times far away, as the end of retention. */
export function dateTime(at, { zone = "local" } = {}) {
  const day = fields(at, zone);
  return `${Number(day.day)} ${day.month} ${day.year}, ${day.hour}:${day.minute} ${zoneName(at, zone)}`;
}

/** Return a date: `2 Mar 2026`. */
export function date(at, { zone = "local" } = {}) {
  const day = fields(at, zone);
  return `${Number(day.day)} ${day.month} ${day.year}`;
}

/** Return the seconds of a time, `05.305`, if another time is in the same minute; else the whole time without zone. */
export function clockBeside(at, other, { zone = "local" } = {}) {
  const text = clock(at, { zone, named: false, near: other });
  return Math.floor(at / MINUTE) === Math.floor(other / MINUTE) ? text.slice(-6) : text;
}

/**
 * Return a time in the format that the reader has chosen.
 *
 * format: `local`, `utc` or `relative`. now: ms, for `relative` and to decide whether the date is needed.
 */
export function time(at, format, now, { milliseconds = true } = {}) {
  return format === "relative" ? ago(at, now) : clock(at, { zone: format, milliseconds, near: now });
}

const FORMATTERS = new Map();

function formatter(locale, options) {
  const key = locale + JSON.stringify(options);
  if (!FORMATTERS.has(key)) FORMATTERS.set(key, new Intl.DateTimeFormat(locale, options));
  return FORMATTERS.get(key);
}

const timeZone = (zone) => (zone === "utc" ? { timeZone: "UTC" } : {});

/** The calendar fields of a time as text: {year, month: "Mar", day, hour, minute, second}. */
function fields(at, zone) {
  const parts = formatter("en-GB", {
    ...timeZone(zone), year: "numeric", month: "short", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  }).formatToParts(at);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}

const sameDay = (one, other) => one.year === other.year && one.month === other.month && one.day === other.day;

/** The short name of the zone at a time: `CET`, `CEST`, `EST`, `UTC`. Locales differ in which short names they know. */
export function zoneName(at, zone = "local") {
  if (zone === "utc") return "UTC";
  let name = "";
  for (const locale of ["en-GB", "en-US", "en-AU", "en-IN", "en-ZA"]) {
    const parts = formatter(locale, { ...timeZone(zone), timeZoneName: "short" }).formatToParts(at);
    name = parts.find(({ type }) => type === "timeZoneName")?.value ?? name;
    if (name && !/^(GMT|UTC)[+-]/.test(name)) return name;
  }
  return name;
}

export { DAY, HOUR, MINUTE, SECOND };
