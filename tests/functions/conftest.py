import pytest

from failover.outside import Outside
from failover.use_cases.send import send
from tests.examples import ID, MESSENGER, SMS, TWO_STEPS, workflow


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
