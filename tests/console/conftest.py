"""The console in front of the real functions. The browser's fixtures are those of `tests.browser`."""

from collections.abc import Iterator

import pytest

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
