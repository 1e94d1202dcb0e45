import { useEffect, useState } from "./html.js";

/**
 * A value that components can follow.
 *
 * @template T
 * @param {T} value
 * @returns {{get: () => T, set: (next: T) => void, follow: (listener: () => void) => () => void}}
 */
export function store(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The value of a store; the component renders again when it changes. */
export function useStore(followed) {
  const [value, setValue] = useState(followed.get());
  useEffect(() => {
    const read = () => setValue(() => followed.get());
    read();
    return followed.follow(read);
  }, [followed]);
  return value;
}
