"""The pace at which calls are begun, as pure data."""

from hypothesis import given, settings
from hypothesis import strategies as st

from failover.rules.timing.pace import Pace
from tests.examples import NOW


def begun(pace, now, until):
    """The instants of the calls of a caller that always has work. Returns them and the pace after them."""
    turns = []
    while (turn := pace.turn(now)) < until:
        now = turn
        pace = pace.taken(now)
        turns.append(now)
    return turns, pace


def test_at_an_even_pace():
    """A minute has its number of calls, and one second's work more at its start, for a pause that went before."""
    turns, _ = begun(Pace(100), NOW, NOW + 60_000)
    assert len(turns) == 6_100
    assert turns[-1] - turns[-101] == 1_000


@settings(deadline=None)
@given(st.lists(st.integers(0, 3_000), max_size=8), st.integers(1, 60))
def test_never_faster(pauses, per_second):
    """Whenever the work comes, a window of t seconds has at most (t + 1) times the rate, and one call more."""
    pace, now, turns = Pace(per_second), NOW, []
    for pause in pauses:
        some, pace = begun(pace, now + pause, now + pause + 200)
        turns += some
        now += pause + 200
    for at, first in enumerate(turns):
        for number, last in enumerate(turns[at:], start=1):
            assert number <= ((last - first) / 1000 + 1) * per_second + 1.001


def test_after_a_refusal():
    """A refused call stops the others for a second; then they go on at half the rate, which grows back in time."""
    _, pace = begun(Pace(100), NOW, NOW + 10_000)
    slowed = pace.refused(NOW + 10_000, begun_at=NOW + 9_990)
    turns, _ = begun(slowed, NOW + 10_000, NOW + 40_000)
    assert turns[0] == NOW + 11_000
    assert [slowed.rate_at(NOW + 10_000 + seconds * 1000) for seconds in (0, 5, 10, 20)] == [50, 75, 100, 100]


def test_refusals_of_one_cause():
    """The calls under way at a refusal may be refused as well, which slows nothing down again; a later one does."""
    slowed = Pace(100).refused(NOW, begun_at=NOW - 40)
    assert slowed.refused(NOW + 30, begun_at=NOW - 10) == slowed
    assert slowed.refused(NOW + 30, begun_at=NOW) == slowed
    assert slowed.refused(NOW + 1_050, begun_at=NOW + 1_000).rate < slowed.rate_at(NOW + 1_050)


def test_it_never_stands_still():
    """After any number of refusals, calls begin once a second, to find out when they are taken again."""
    pace, now = Pace(100), NOW
    for _ in range(50):
        now = pace.turn(now)
        pace = pace.taken(now).refused(now, begun_at=now)
    assert pace.turn(now) == now + 1_000
