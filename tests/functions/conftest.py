import json

import pytest

from failover.outside import Outside
from failover.use_cases.send import send
from tests.examples import ID, MESSENGER, SMS, TWO_STEPS, workflow
from tests.world import http_event, load


@pytest.fixture
def stored(world):
    return world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])


@pytest.fixture
def slept():
    return []


@pytest.fixture
def outside(world, slept):
    """The real outside, but nobody sleeps between two requests."""
    return hurried(slept)


def hurried(slept):
    """The clock is ahead by what was slept."""
    real = Outside()

    def now():
        return real.now() + int(sum(slept) * 1000)

    return Outside(now=now, sleep=slept.append, jitter=lambda: 0.0)


def sent_step(world, outside, number=0, channel="messenger"):
    send(outside, channel, ID, number)
    return world.read(ID).steps[number]


@pytest.fixture
def app(world):
    return load("workflows_api")


@pytest.fixture
def call(world, app):
    """Call the API as the tests' account; a body is JSON unless it is bytes."""

    def call(method, path, body=None, **headers):
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        known = {"Authorization": world.basic, "Content_Type": "application/json", "Accept": "application/json"}
        named = {name: value for name, value in {**known, **headers}.items() if value is not None}
        return app.handler(http_event(method, path, raw, **named), None)

    return call
