"""Opening the console signed in: the sign-in itself has tests of its own."""

import json

from playwright.sync_api import Page

from tests.console.site import Site

LONG_FROM_NOW = 4_102_444_800_000
"""2100, so that a test may move the page's clock."""


def open_console(
    page: Page, site: Site, place: str = "", *, key: str = "", secret: str = "", wait: bool = True
) -> Page:
    """Open a place of the console, such as `new?example=overview`, as the tests' account, or as that of `key`.

    Where the page's clock stands still, nothing appears before it is moved: then do not wait.
    """
    world = site.world
    account = {"key": key or world.api_key, "secret": secret or world.api_secret}
    found = {**account, "since": LONG_FROM_NOW, "until": LONG_FROM_NOW}
    kept = json.dumps(json.dumps(found))
    name = "workflows-console-session"
    page.add_init_script(f"sessionStorage.getItem('{name}') ?? sessionStorage.setItem('{name}', {kept})")
    page.goto(f"console#/{place}")
    if wait:
        page.get_by_role("navigation", name="Pages").wait_for()
    return page
