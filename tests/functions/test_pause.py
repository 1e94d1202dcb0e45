"""The commands `pause_sends` and `resume_sends`: a gate for every send, in an operator's hand (docs/runbooks.md)."""

from dataclasses import replace
from itertools import pairwise

import pytest

from failover.adapters.lanes import Lanes
from failover.adapters.table import Table
from failover.rules.pacing.lane import Lane, LaneState
from failover.rules.pacing.turns import NotYourTurn
from failover.rules.timing.instants import iso
from failover.use_cases.callers.commands import CommandRefused
from failover.use_cases.sending.send import send
from tests import messages_server as server
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import EVERY_CHANNEL, MESSENGER, NOW, SMS, workflow
from tests.functions.conftest import numbered, send_or_wait, waits_until
from tests.world import callback_event, load

OTHER = "bbbb2222"
PATIENCE = 900
MINUTE = 60_000


@pytest.fixture
def clock(clock_of_sends, monkeypatch):
    monkeypatch.setenv("MESSAGES_PER_SECOND", "10")
    monkeypatch.setenv("PATIENCE_SECONDS", str(PATIENCE))
    return clock_of_sends


@pytest.fixture
def command(clock):
    function = load("accounts")
    function.outside.now = lambda: clock.at
    return lambda action, **more: function.handler({"action": action, **more}, None)


@pytest.fixture
def put(world):
    """Store workflow number n; returns its id."""

    def put(number, *steps, content=(SMS,), **more):
        return world.put(replace(workflow(*(steps or ["sms"]), **more), id=numbered(number)), list(content)).id

    return put


@pytest.fixture
def followed(clock):
    """Call sends at the times that they name, as the state machine does, until all have returned or time is up.

    They are (channel, workflow, step). Returns what still waits.
    """

    def followed(*sends, until):
        due = [(clock.at, number, one) for number, one in enumerate(sends)]
        while due and min(due)[0] <= until:
            at, number, (channel, workflow_id, step) = due.pop(due.index(min(due)))
            clock.at = max(clock.at, at)
            try:
                send(clock.outside(), channel, workflow_id, step)
            except NotYourTurn as error:
                due.append((error.at, number, (channel, workflow_id, step)))
        return [one for _, _, one in due]

    return followed


def lane(world, clock):
    return Lanes(Table(world.table, now=lambda: clock.at)).state("key")


@pytest.mark.parametrize("channel", EVERY_CHANNEL)
def test_paused(world, clock, command, messages, put, channel):
    """While sends are paused, no step on any channel is claimed or requested: it waits, and its timeline says so."""
    assert command("pause_sends", seconds=600) == {"paused_until": iso(NOW + 600_000)}
    one = put(1, channel, content=[EVERY_CHANNEL[channel]])
    assert NOW < waits_until(clock.outside(), channel, workflow_id=one) <= NOW + MINUTE
    flow = world.read(one)
    assert (flow.steps[0].state, [entry["event"] for entry in flow.timeline]) == ("pending", ["accepted", "waiting"])
    assert messages.requests == []


def test_it_ends(world, clock, command, messages, put, followed):
    """A pause ends at its time: not before, and at the stack's pace, also for many that have waited."""
    command("pause_sends", seconds=600)
    times = []
    messages.meanwhile = lambda _: times.append(clock.at)
    sends = [("sms", put(n, account=(OTHER, "abcd1234")[n % 2]), 0) for n in range(8)]
    assert followed(*sends, until=NOW + 700_000) == []
    assert len(times) == 8
    assert NOW + 600_000 <= min(times) < max(times) <= NOW + 610_000
    assert all(later - earlier >= 100 for earlier, later in pairwise(times))


def test_resumed(world, clock, command, messages, put, followed):
    """Once sends are resumed, new ones go at once, and those that wait within about a minute."""
    command("pause_sends", seconds=3600)
    waiting = [("sms", put(n), 0) for n in range(3)]
    assert followed(*waiting, until=NOW + 200_000) == waiting
    clock.at = NOW + 200_000
    assert command("resume_sends") == {"paused_until": None}
    theirs = put(9, account=OTHER)
    send(clock.outside(), "sms", theirs, 0)
    assert world.read(theirs).steps[0].phase == "sent"
    assert followed(*waiting, until=NOW + 200_000 + 70_000) == []
    assert len(messages.requests) == 4


def test_a_shorter_429(world, clock, command, messages, put):
    """A 429 to a request that was under way does not shorten the pause, and its message is not sent before its end."""
    one, two = put(1), put(2)
    messages.script = [server.http(429, headers="Retry-After: 5\r\n")]
    messages.meanwhile = lambda _: command("pause_sends", seconds=600)
    assert waits_until(clock.outside(), "sms", workflow_id=one) == NOW + MINUTE
    assert lane(world, clock).closed_until == NOW + 600_000
    clock.at += 10_000
    for workflow_id in (one, two):
        assert waits_until(clock.outside(), "sms", workflow_id=workflow_id) > clock.at
    assert len(messages.requests) == 1


def test_again(world, clock, command):
    """A pause is never shortened: not by its repeat, nor by a shorter one. A longer one extends it."""
    for seconds, until in ((600, 600), (600, 600), (60, 600), (900, 900)):
        assert command("pause_sends", seconds=seconds) == {"paused_until": iso(NOW + until * 1000)}
    assert lane(world, clock) == LaneState(NOW + 900_000, 900_000, NOW + 900_000)


def test_twins(world, clock, command, monkeypatch):
    """Two pauses at once leave the longer one; two resumptions at once move the times back once."""
    one_write_at_a_time(monkeypatch)
    at_once(lambda: command("pause_sends", seconds=60), lambda: command("pause_sends", seconds=600))
    assert lane(world, clock) == LaneState(NOW + 600_000, 600_000, NOW + 600_000)
    at_once(*[lambda: command("resume_sends")] * 2)
    assert lane(world, clock) == LaneState(NOW, 0, NOW)


def test_nothing_to_resume(world, clock, command):
    """A resumption without a pause writes nothing; what is left of a pause at its very end is in the answer."""
    assert command("resume_sends") == {"paused_until": None}
    assert world.items() == []
    command("pause_sends", seconds=2)
    before = world.items()
    assert command("resume_sends") == {"paused_until": iso(NOW + 2000)}
    assert world.items() == before


def test_times_handed_out(world, clock, command):
    """Times that were handed out before a pause are not handed out again after it."""
    lanes, ten = clock.outside().lanes, Lane("key", 10)
    assert [lanes.reserve(ten, NOW, NOW + 2000).at for _ in range(3)] == [NOW, NOW + 100, NOW + 200]
    command("pause_sends", seconds=600)
    assert lanes.reserve(ten, NOW, NOW + 2000) is None
    command("resume_sends")
    assert lanes.reserve(ten, NOW, NOW + 2000).at == NOW + 300
    command("pause_sends", seconds=600)
    assert lanes.reserve(ten, NOW + 50_000, NOW + 52_000) is None
    clock.at += 100_000
    command("resume_sends")
    assert lanes.reserve(ten, clock.at + 50, clock.at + 2000).at >= clock.at + 50


def test_patience(world, clock, command, messages, put, followed):
    """A pause that is longer than the stack's patience ends steps, each after it has waited for so long."""
    command("pause_sends", seconds=3600)
    one = put(1, ("messenger", "read", 600), "sms", content=[MESSENGER, SMS])
    assert followed(("messenger", one, 0), until=NOW + 10 * PATIENCE * 1000) == []
    assert (clock.at, world.read(one).timeline[-1]["reason"]) == (
        NOW + PATIENCE * 1000,
        f"unsendable: no turn within {PATIENCE} s",
    )
    assert followed(("sms", one, 1), until=NOW + 10 * PATIENCE * 1000) == []
    flow = world.read(one)
    assert (clock.at, flow.status, messages.requests) == (NOW + 2 * PATIENCE * 1000, "error", [])


def test_the_step_before(world, clock, command, messages, put):
    """The expiry of a step that waits has not begun, and the step before is open: a late status still completes it."""
    one = put(1, ("messenger", "read", 600), "sms", content=[MESSENGER, SMS])
    messages.script = [server.accepted("uuid-0")]
    send(clock.outside(), "messenger", one, 0)
    clock.at += 600_000
    command("pause_sends", seconds=600)
    waits_until(clock.outside(), "sms", 1, one)
    assert [step.outcome for step in world.read(one).steps] == [None, None]
    read = {"message_uuid": "uuid-0", "status": "read", "client_ref": f"{one}.0"}
    load("message_status").handler(callback_event(read), None)
    assert world.read(one).status == "completed"
    clock.at += 601_000
    send_or_wait(clock.outside(), "sms", one, 1)
    assert len(messages.requests) == 1


def test_no_limit(world, clock, command, monkeypatch):
    """Without a limit for the key no send looks at the gate, so both commands are refused, and nothing is written."""
    monkeypatch.setenv("MESSAGES_PER_SECOND", "0")
    function = load("accounts")
    for event in ({"action": "pause_sends", "seconds": 60}, {"action": "resume_sends"}):
        with pytest.raises(CommandRefused, match="MessagesPerSecond"):
            function.handler(event, None)
    assert world.items() == []


@pytest.mark.parametrize(
    "fields", [{}, {"seconds": 0}, {"seconds": 3601}, {"seconds": 1.5}, {"channel": "sms"}], ids=str
)
def test_refused(world, command, fields):
    """A pause has from a second to an hour, and no other field."""
    with pytest.raises(CommandRefused):
        command("pause_sends", **fields)
    assert world.items() == []
