"""A real browser, as a plugin of pytest. A folder of tests that opens pages defines `api_url`, where they are."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from local import npm
from tests.console import chromium

PATIENCE = 60_000
"""Milliseconds until Playwright gives up: other tests use the same cores."""

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for each of pytest's processes. Its profile is new, and it reaches no host but this one."""
    try:
        found = chromium.find()
    except chromium.NoChromium as error:
        pytest.fail(str(error), pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.program, args=chromium.FLAGS, env=os.environ | found.environment
        )
        yield browser
        browser.close()


@dataclass
class Faults:
    """What must not happen in a page: errors and warnings in its console, exceptions, requests to other hosts."""

    origin: str
    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, part: str) -> None:
        """Name a part of a fault that a test causes on purpose. It must then happen."""
        self.expected.append(part)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", lambda message: self._said(message.type, message.text, message.location["url"]))
        context.on("weberror", lambda error: self.seen.append(f"exception: {error.error}"))
        context.on("request", lambda request: self._asked(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: self._asked(socket.url)))

    def check(self) -> None:
        unexpected = [fault for fault in self.seen if not any(part in fault for part in self.expected)]
        assert unexpected == []
        missing = [part for part in self.expected if not any(part in fault for fault in self.seen)]
        assert missing == [], "these faults were expected, but did not happen"

    def _said(self, kind: str, text: str, url: str) -> None:
        own_icon = url.endswith("/favicon.ico")  # a browser may ask for it by itself, outside of the stage
        if kind in ("error", "warning", "assert") and not own_icon:
            self.seen.append(f"console {kind}: {text} ({url})")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.seen.append(f"request to another host: {url}")


@pytest.fixture
def faults(api_url: str) -> Iterator[Faults]:
    """Fails its test if anything in a page went wrong that the test did not expect."""
    parts = urlsplit(api_url)
    faults = Faults(f"{parts.scheme}://{parts.netloc}")
    yield faults
    faults.check()


@pytest.fixture
def new_page(browser: Browser, api_url: str, faults: Faults) -> Iterator[Callable[..., Page]]:
    """Make an empty page in a new profile. `goto("console")` then opens the console.

    A test may set the clock of the page with `page.clock` before that.
    """
    contexts = []

    def new_page(
        *,
        width: int = 1280,
        height: int = 800,
        color_scheme: str = "light",
        reduced_motion: str = "no-preference",
        timezone: str = "UTC",
        **more: Any,
    ) -> Page:
        context = browser.new_context(
            base_url=f"{api_url}/",
            viewport={"width": width, "height": height},
            color_scheme=color_scheme,
            reduced_motion=reduced_motion,
            timezone_id=timezone,
            locale="en-GB",
            **more,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        faults.watch(context)
        return context.new_page()

    yield new_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page of 1280 x 800 pixels, in light colours and UTC."""
    return new_page()


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[dict[str, Any]]]:
    """Return what axe-core finds wrong in a page, or in the part that a CSS selector names.

    Playwright's `evaluate` and `add_script_tag` are subject to the page's Content-Security-Policy. The debugger is not.
    """
    source = (npm.modules(npm.CONSOLE) / "axe-core/axe.min.js").read_text()

    def axe(page: Page, part: str | None = None) -> list[dict[str, Any]]:
        debugger = page.context.new_cdp_session(page)
        debugger.send("Runtime.evaluate", {"expression": source})
        run = f"axe.run({json.dumps(part) if part else 'document'}).then((found) => found.violations)"
        answer = debugger.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
        debugger.detach()
        assert "exceptionDetails" not in answer, answer
        violations: list[dict[str, Any]] = answer["result"]["value"]
        return violations

    return axe
