"""Which lanes a send passes, and how long it waits."""

import pytest

from failover.rules.pacing import turns
from failover.rules.pacing.lane import LaneState, Turn
from failover.rules.pacing.turns import Limits
from tests.examples import NOW


@pytest.mark.parametrize(
    ("key", "channel", "names"),
    [
        (30, 0, ["key"]),
        (30, 30, ["key"]),
        (30, 80, ["key"]),
        (30, 1, ["channel#sms", "key"]),
        (0, 80, ["channel#sms"]),
        (0, 0, []),
    ],
)
def test_shared_lanes(key, channel, names):
    """A send passes the lanes that can bind: its channel's if that is narrower, then the key's."""
    assert [lane.name for lane in turns.shared_lanes(Limits(key, channel, 900), "sms")] == names


def test_a_little_slower_than_allowed():
    """A lane uses 95 % of its limit, so that requests that take unequally long stay within it."""
    (lane,) = turns.shared_lanes(Limits(30, 0, 900), "sms")
    assert lane.per_second == pytest.approx(28.5)
    assert 29 * lane.interval > 1_000_000


def test_own_lane():
    """Each account waits on each channel in a lane of its own, a little faster than the narrowest that it passes."""
    shared = turns.shared_lanes(Limits(30, 10, 900), "sms")
    own = turns.own_lane(shared, "aaaa1111", "sms")
    assert (own.name, own.per_second) == ("account#aaaa1111#sms", pytest.approx(1.25 * 9.5))


def test_time_of_a_turn():
    """A turn moves by what its lane was closed for since its reservation; one that has come stays."""
    state = LaneState(shift=7000)
    assert state.time_of(Turn(NOW, 2000)) == NOW + 5000
    assert state.time_of(Turn(NOW, None)) == NOW


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [(None, 1), (0.0, 1), (0.3, 1), (2.5, 2.5), (60, 60), (86_400, 60), (1e300, 60)]
)
def test_closed_for(retry_after, seconds):
    """A lane is closed for the time that the vendor names, one second if it names none, and a minute at most."""
    assert turns.opens_at(NOW, retry_after) == NOW + seconds * 1000


@pytest.mark.parametrize(("opens_in", "seconds"), [(5, 5), (60, 60), (3600, 60)])
def test_looks_again(opens_in, seconds):
    """A send looks again when its lane opens, and after a minute at the latest: an operator may open it earlier."""
    assert turns.looks_again_at(NOW, NOW + opens_in * 1000) == NOW + seconds * 1000
    assert turns.held_back_until(NOW, NOW + opens_in * 1000) == NOW + min(opens_in - 1, 60) * 1000


def test_pauses():
    """The pauses of one message double from a second to 30 s; jitter takes up to half; Retry-After is obeyed."""
    assert [turns.pause(n, None, 0) for n in (1, 2, 3, 6, 99)] == [1, 2, 4, 30, 30]
    assert turns.pause(3, None, 1) == 2
    assert (turns.pause(1, 7.0, 1), turns.pause(1, 3600.0, 1)) == (7, 60)


def test_the_longer_it_waits_the_rarer_it_tries():
    """A step that has waited for long tries again after a fiftieth of that: some two hundred tries in 15 minutes."""
    now, tries = NOW, 0
    while now < NOW + 900_000:
        now, tries = turns.next_try(now, NOW, now + 1000), tries + 1
    assert 150 < tries < 250


def test_a_turn_that_moves_will_move_again():
    """A send whose turn has moved for half of the time that it waited comes later, by six seconds at most."""
    assert turns.next_try(NOW + 10_000, NOW, NOW + 20_000) == NOW + 20_000
    assert turns.next_try(NOW + 10_000, NOW, NOW + 20_000, moved=5000) == NOW + 25_000
    assert turns.next_try(NOW + 10_000, NOW, NOW + 90_000, moved=10_000) == NOW + 96_000


def test_the_error_names_its_time():
    """The state machine reads the time from the error's words, in whole seconds and never early."""
    assert str(turns.NotYourTurn(1_800_000_000_001)) == "2027-01-15T08:00:01.000Z"
    assert str(turns.NotYourTurn(1_800_000_000_000)) == "2027-01-15T08:00:00.000Z"
