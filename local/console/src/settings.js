/** What the reader has chosen, kept for this browser: theme, time format, keyboard shortcuts. Nothing secret. */
import { printing } from "./printing.js";
import { store, useStore } from "./store.js";

const NAME = "workflows-console";
const DEFAULTS = { theme: "system", times: "local", shortcuts: true };

function stored() {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? "{}");
  } catch {
    return {}; // unreadable, or storage is switched off
  }
}

export const settings = store({ ...DEFAULTS, ...stored() });

/** The format of times: `local`, `utc` or `relative`; on paper `utc`. */
export function useTimes() {
  const { times } = useStore(settings);
  return useStore(printing) ? "utc" : times;
}

/** The zone in which times are written: `local` or `utc`. */
export function useZone() {
  return useTimes() === "utc" ? "utc" : "local";
}

/** Change some settings, and keep them. */
export function choose(changes) {
  settings.set({ ...settings.get(), ...changes });
  try {
    localStorage.setItem(NAME, JSON.stringify(settings.get()));
  } catch {
    // kept for this page only
  }
}

/** Show the chosen theme: the `color-scheme` of the page, which `light-dark()` follows. */
export function applyTheme() {
  document.documentElement.dataset.theme = settings.get().theme;
}
