"""The console in front of the real functions. The browser's fixtures are those of `tests.browser`."""

import base64
import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.conftest import one_write_at_a_time
from tests.console.site import Site
from tests.world import World


@pytest.fixture
def site(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A stack of its own for each test."""
    one_write_at_a_time(monkeypatch)
    site = Site(world, monkeypatch.setenv)
    yield site
    site.close()


@pytest.fixture
def api_url(site: Site) -> str:
    return site.url


@pytest.fixture
def signed_in(page: Page, site: Site) -> Callable[[str], Page]:
    """Open an address of the console, such as `new`, signed in as the tests' account."""

    def signed_in(address: str) -> Page:
        key, secret = base64.b64decode(site.world.basic.removeprefix("Basic ")).decode().split(":", 1)
        page.goto(f"console#/{address}")
        page.get_by_label("API key").fill(key)
        page.get_by_label("API secret").fill(secret)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("navigation", name="Pages").wait_for()
        return page

    return signed_in


@pytest.fixture
def signed_in_tab(site: Site) -> Callable[..., Page]:
    """Open the console in a page, at the part of the address after the `#`, as if its tab was signed in already."""

    def signed_in_tab(page: Page, place: str = "", key: str | None = None, secret: str | None = None) -> Page:
        own = {"key": key or site.world.api_key, "secret": secret or site.world.api_secret}
        page.add_init_script(
            f"""if (!sessionStorage["workflows-console-session"]) {{
              const until = Date.now() + 12 * 3600 * 1000;
              sessionStorage["workflows-console-session"] = JSON.stringify({{ ...{json.dumps(own)}, until }});
            }}"""
        )
        page.goto(f"console#/{place}")
        return page

    return signed_in_tab
