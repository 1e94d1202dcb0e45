/** The list that is shown, kept while another page is: going back finds the rows where they were. */
import { get } from "./api.js";
import { now } from "./clock.js";
import { useState } from "./html.js";
import { among, callOf, EMPTY, OLDER, PAGE, pauseAfter, polled, refreshed, shown, SPANS, withOlder } from "./list.js";
import { isPassing, useLive } from "./live.js";
import { store, useStore } from "./store.js";
import { iso } from "./times.js";

const kept = store({ key: null, list: EMPTY });

/**
 * Follow the list of a filter.
 *
 * @param {object} filter list.js, `filterOf`
 * @param {{hold: () => boolean, top: () => object | null, off: boolean}} view hold: whether the rows must stay in their
 *   place; top: the first running row in view that the newest page does not reach, `off` whether there is one
 * @returns {{list, stale, error, older, show, again, busy}} stale: `list` is still the one of the filter before;
 *   error: one that the strip under the top bar does not show
 */
export function useListing(filter, { hold, top, off }) {
  const key = JSON.stringify([filter.status, filter.channel, filter.ref, filter.since]);
  const { key: has, list } = useStore(kept);
  const [more, setMore] = useState({ busy: false, error: null });
  const change = (act, started = false) => {
    const before = kept.get();
    if (before.key === key) kept.set({ key, list: act(before.list) });
    else if (started) kept.set({ key, list: act(EMPTY) });
  };
  const pause = () => pauseAfter(among(kept.get().list.rows.slice(0, PAGE), filter));
  const newest = useLive(`list ${key}`, async (signal) => {
    const answer = await get(callOf(filter, now()), { signal });
    const since = filter.since && iso(now() - SPANS[filter.since]);
    change((rows) => polled(rows, answer.data, { hold: hold(), since }), true);
    return answer;
  }, pause);
  useLive(off && has === key ? `rows in view ${key}` : null, async (signal) => {
    const first = top();
    if (!first) return { data: {}, took: 0 };
    const answer = await get(callOf(filter, now(), { until: first.created_at }), { signal });
    change((rows) => refreshed(rows, answer.data, first));
    return answer;
  }, () => pauseAfter([top()].filter(Boolean)));
  const older = async () => {
    setMore({ busy: true, error: null });
    try {
      const { data } = await get(callOf(filter, now(), { limit: OLDER, cursor: kept.get().list.cursor }));
      change((rows) => withOlder(rows, data));
      setMore({ busy: false, error: null });
    } catch (error) {
      setMore({ busy: false, error });
    }
  };
  return {
    list,
    stale: has !== key,
    error: more.error ?? (newest.error && !isPassing(newest.error) ? newest.error : null),
    busy: more.busy,
    older,
    show: () => change(shown),
    again: newest.again,
  };
}
