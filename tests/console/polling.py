"""A page whose polling a test stops, or whose clock it moves."""

from playwright.sync_api import Page

from tests.console.sign_in import open_console
from tests.console.site import Site

MINUTE = 60
COUNTED_FETCH = """
  window.inFlight = 0;
  window.resting = [];
  const fetched = window.fetch;
  window.fetch = async (...all) => {
    window.inFlight += 1;
    try {
      const answer = await fetched(...all);
      const text = await answer.text();
      return new Response(text, answer);
    } finally {
      window.inFlight -= 1;
      if (!window.inFlight) for (const go of window.resting.splice(0)) go();
    }
  };
"""
"""Counts the calls on their way. A page must have it as an init script before it is opened."""
RUN = """
async ([seconds, step]) => {
  const turn = () => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(0);
  });
  for (let at = 0; at < seconds * 1000; at += step) {
    do { await turn(); } while (window.inFlight > 0);
    await turn();
    await window.__pwClock.controller.runFor(step);
  }
}
"""
"""`page.clock.run_for` in short steps, within the page: from outside, an hour of them takes minutes."""


def rest(page: Page) -> None:
    """Pause the polling of a page with COUNTED_FETCH, and wait for the answers that are still on their way.

    The page must show all that it asks for by itself: a call that it has not made yet cannot be waited for.
    """
    page.get_by_role("button", name="pause").click()
    page.evaluate("inFlight > 0 && new Promise((go) => resting.push(go))")


class Watch:
    """A page whose clock only the test moves, and the calls that it makes."""

    def __init__(self, site: Site, page: Page) -> None:
        self.site, self.page = site, page
        page.add_init_script(COUNTED_FETCH)
        page.clock.install(time=site.now() / 1000)
        page.clock.pause_at(site.now() / 1000 + 1)

    def open(self, place: str = "") -> None:
        self.site.requests.clear()
        open_console(self.page, self.site, place, wait=False)
        self.run(1, step=50)

    def run(self, seconds: float, step: int = 250) -> list[str]:
        """Let so many seconds pass, and return the calls that were made in them.

        An answer counts as having taken the rest of its step in ms, and a tenth of each pause at most.
        """
        before = len(self.site.requests)
        self.page.evaluate(RUN, [seconds, step])
        self.site.wait(seconds)
        return [call.split("?")[0] for call in self.site.requests[before:]]

    def minutes(self, count: int) -> int:
        """Let minutes pass in which the reader moves the wheel. Returns the number of calls."""
        calls = 0
        for _ in range(0, count, 5):
            self.page.evaluate("dispatchEvent(new Event('wheel'))")
            calls += len(self.run(5 * MINUTE, step=1000))
        return calls

    def show(self, state: str) -> None:
        """Hide the tab, or show it again: `hidden` or `visible`."""
        self.page.evaluate(
            """(state) => {
                Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )
