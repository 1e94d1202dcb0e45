/** The figures of the overview, from `GET workflows/summary` (docs/api.md, "Summary"). Pure. */
const HOUR = 3600_000;
export const OUTCOMES = ["completed", "running", "cancelled", "error"];
export const SPANS = { "1h": HOUR, "24h": 24 * HOUR, "7d": 7 * 24 * HOUR };
/** Expiries in seconds that the overview compares with those in use. */
const OFFERED = [15, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400];

/** A share of a whole in words: `62 %`, `less than 1 %`, `–` of nothing. */
export function percent(part, whole) {
  if (!whole) return "–";
  const share = (100 * part) / whole;
  if (share > 0 && share < 1) return "less than 1 %";
  if (share < 100 && share > 99) return "over 99 %";
  return `${Math.round(share)} %`;
}

/**
 * Return how many steps had met their condition within so many seconds.
 *
 * A curve with more than a hundred steps has only some of them: between two points it is the lower one.
 */
export function within(curve, seconds) {
  return curve.findLast((point) => point.seconds <= seconds)?.steps ?? 0;
}

/**
 * Return what each expiry would have brought: those in use, and usual ones beside them.
 *
 * @returns {{seconds: number, met: number, used: number}[]} `used`: steps that had this expiry
 */
export function expiries(times) {
  const used = new Map(times.expiry_times.map(({ seconds, steps }) => [seconds, steps]));
  const longest = times.curve.at(-1)?.seconds ?? 0;
  const useful = OFFERED.filter((seconds, at) => at === 0 || OFFERED[at - 1] < longest);
  return [...new Set([...useful, ...used.keys()])].sort((one, other) => one - other)
    .map((seconds) => ({ seconds, met: within(times.curve, seconds), used: used.get(seconds) ?? 0 }));
}

/** Return the least time in seconds within which `share` (0 to 1) of those that met their condition had met it. */
export function quantile(times, share) {
  return times.curve.find(({ steps }) => steps >= share * times.met)?.seconds ?? null;
}

/** Return the hours or days of a span, oldest first, with those without workflows: `[{from, completed, …}]`. */
export function bars(hours, since, until) {
  const step = until - since > 2 * 24 * HOUR ? 6 * HOUR : HOUR;
  const bins = new Map();
  for (let from = Math.floor(since / step) * step; from <= until; from += step) {
    bins.set(from, { from, to: from + step, ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) });
  }
  for (const hour of hours) {
    const bin = bins.get(Math.floor(Date.parse(hour.from) / step) * step);
    for (const outcome of OUTCOMES) if (bin) bin[outcome] += hour[outcome];
  }
  return [...bins.values()];
}

/** Return the steps by channel and by why they were left: `[{channel, reasons: [{outcome, steps}], steps}]`, most first. */
export function failovers(list) {
  const channels = [...new Set(list.map(({ channel }) => channel))];
  const most = (one, other) => other.steps - one.steps;
  return channels.map((channel) => {
    const reasons = list.filter((row) => row.channel === channel).sort(most);
    return { channel, reasons, steps: reasons.reduce((sum, { steps }) => sum + steps, 0) };
  }).sort(most);
}
