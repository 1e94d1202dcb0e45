"""Lanes on DynamoDB: times are handed out in order, at the lane's pace, and a closure moves them all."""

import threading

import pytest

from failover.adapters.lanes import Lanes
from failover.adapters.table import Table
from failover.rules.pacing.lane import Lane, LaneState, Turn
from tests.conftest import one_write_at_a_time
from tests.examples import NOW

TEN = Lane("ten", 10)
NEVER = NOW + 10**9


@pytest.fixture
def lanes(world):
    return Lanes(Table(world.table, now=lambda: NOW))


def reserved(lanes, many, lane=TEN, now=NOW, latest=NEVER):
    return [turn and turn.at - NOW for turn in (lanes.reserve(lane, now, latest) for _ in range(many))]


def test_pace(lanes):
    """A free lane hands out now, and then one time after the other."""
    assert reserved(lanes, 4) == [0, 100, 200, 300]


def test_fractions_add_up(lanes):
    """Three hundred times a second are 300 in one second, although each is 3.3 ms after the last."""
    assert reserved(lanes, 301, Lane("fast", 300))[-1] in (999, 1000)


def test_unused_times_are_not_saved(lanes):
    """After a quiet while the lane hands out one time for now, and not those of the past."""
    reserved(lanes, 2)
    assert reserved(lanes, 2, now=NOW + 5000) == [5000, 5100]


def test_burst(lanes):
    """A lane with a burst hands out so many times at once, and then keeps its pace."""
    lane = Lane("bursts", 10, burst=3)
    assert reserved(lanes, 5, lane) == [0, 0, 0, 100, 200]
    assert reserved(lanes, 1, lane, latest=NOW) == [None]
    assert reserved(lanes, 4, lane, now=NOW + 10_000, latest=NOW + 10_000) == [10_000] * 3 + [None]


def test_too_late(lanes):
    """A time after `latest` is not reserved, and stays free for another."""
    reserved(lanes, 3)
    assert lanes.reserve(TEN, NOW, NOW + 299) is None
    assert lanes.reserve(TEN, NOW, NOW + 300) == Turn(NOW + 300, 0)
    assert lanes.reserve(Lane("other", 10), NOW, NOW - 1) is None


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_others_reserve_meanwhile(lanes, world, warm):
    """What a process remembers of a lane is only a guess: it reserves no time twice, and loses none."""
    other = Lanes(Table(world.table, now=lambda: NOW))
    if warm:
        reserved(lanes, 1)
    assert reserved(other, 2) == ([100, 200] if warm else [0, 100])
    assert reserved(lanes, 2) == ([300, 400] if warm else [200, 300])
    assert reserved(lanes, 1, now=NOW + 10_000) == [10_000]
    assert reserved(other, 1, now=NOW + 10_000) == [10_100]
    assert other.reserve(TEN, NOW + 10_000, NOW + 10_100) is None


def test_close(lanes):
    """A closed lane hands out times from its opening on, and those handed out before move in order."""
    before = [lanes.reserve(TEN, NOW, NEVER) for _ in range(3)]
    closed = lanes.close("ten", NOW, NOW + 5000)
    assert closed == LaneState(NOW + 5300, 5000, NOW + 5000)
    assert [closed.time_of(turn) - NOW for turn in before] == [5000, 5100, 5200]
    assert lanes.reserve(TEN, NOW, NEVER) == Turn(NOW + 5300, 5000)
    assert closed.time_of(Turn(NOW + 5300, 5000)) == NOW + 5300


def test_close_an_idle_lane(lanes):
    """An idle lane that is closed hands out nothing before it opens."""
    assert lanes.close("ten", NOW, NOW + 5000) == LaneState(NOW + 5000, 5000, NOW + 5000)
    assert reserved(lanes, 2) == [5000, 5100]


def test_closed_again(lanes):
    """A second closure adds only the time that the first one lacks; a shorter one adds nothing."""
    lanes.close("ten", NOW, NOW + 5000)
    assert lanes.close("ten", NOW + 1000, NOW + 4000).shift == 5000
    assert lanes.close("ten", NOW + 1000, NOW + 6000) == LaneState(NOW + 6000, 6000, NOW + 6000)
    assert lanes.close("ten", NOW + 20_000, NOW + 21_000).shift == 7000


def test_fractions_of_a_millisecond_close(lanes):
    """A lane whose free time is a fraction of a millisecond before now can be closed."""
    lanes.reserve(Lane("ten", 3000), NOW, NEVER)
    assert lanes.close("ten", NOW + 1, NOW + 1000).closed_until == NOW + 1000


def test_expired(lanes, world):
    """A lane that was not used for a day is free, also while DynamoDB has not removed it."""
    lanes.close("ten", NOW, NOW + 5000)
    later = NOW + 10 * 86_400_000
    aged = Lanes(Table(world.table, now=lambda: later))
    assert aged.close("ten", later, later + 1000).closed_until == later + 1000
    assert aged.reserve(TEN, later, later + 2000).at == later + 1000


def test_forgotten(lanes, world):
    """An unused lane is deleted a day after its last use."""
    lanes.reserve(TEN, NOW, NEVER)
    (item,) = [item for item in world.items() if item["pk"]["S"] == "lane#ten"]
    assert int(item["expires_at"]["N"]) == NOW // 1000 + 86_400


def test_at_the_same_time(lanes, world, monkeypatch):
    """Many processes at once get one time each, all different, without a gap."""
    one_write_at_a_time(monkeypatch)
    found = []

    def take():
        own = Lanes(Table(world.table, now=lambda: NOW))
        found.extend(reserved(own, 5))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [100 * number for number in range(20)]
