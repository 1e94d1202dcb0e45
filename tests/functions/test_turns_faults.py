"""Sends that take turns, if two run at once, one dies, an answer gets lost, or DynamoDB is out of reach (F45, F46)."""

import pytest

from failover.adapters.workflow.store import Conflict
from failover.edges import task_edge
from failover.edges.task_edge import TaskFailed
from failover.rules.workflow import transitions
from failover.use_cases.sending.send import send
from tests import messages_server as server
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import NOW
from tests.functions.conftest import send_or_wait, waits_until
from tests.functions.test_lost_answers import lose_the_answer
from tests.functions.test_turns import busy, clock, events, outside, put, step
from tests.world import unreachable

__all__ = ["clock", "events", "outside", "put", "step"]  # fixtures


def test_twins(outside, clock, messages, put, step, events, monkeypatch):
    """I3: of two invocations of one send, both before their turn and at it, one requests, and once."""
    one_write_at_a_time(monkeypatch)
    busy(outside, 30)
    one, times = put(1), []
    at_once(*[lambda: times.append(waits_until(clock.outside(), "sms", workflow_id=one))] * 2)
    assert (len(times), events(one)) == (2, ["accepted", "waiting"])
    clock.at = max(times)
    at_once(*[lambda: send_or_wait(clock.outside(), "sms", one)] * 2)
    assert (step(one).phase, len(messages.requests)) == ("sent", 1)


class Death(BaseException):
    pass


@pytest.mark.parametrize(
    ("moment", "asked_again"),
    [("after the turn", True), ("after the claim", False), ("after the answer", False), ("after the release", True)],
)
def test_death(outside, clock, messages, put, step, monkeypatch, moment, asked_again):
    """I3: wherever a send dies, it is requested again only if the 429 is recorded, or if nothing was requested."""
    write, written = outside.store.write, []
    dies_at = {"after the turn": (0, "before"), "after the claim": (0, "after"), "after the answer": (1, "before")}

    def write_or_die(state, pointer=None):
        number, when = dies_at.get(moment, (1, "after"))
        written.append(state)
        if (len(written) - 1, "before") == (number, when):
            raise Death
        stored = write(state, pointer)
        if (len(written) - 1, "after") == (number, when):
            raise Death
        return stored

    monkeypatch.setattr(outside.store, "write", write_or_die)
    messages.script = [server.http(429)] if moment != "after the turn" else []
    one = put(1)
    with pytest.raises(Death):
        send(outside, "sms", one, 0)
    asked = 1 if moment in ("after the answer", "after the release") else 0
    assert len(messages.requests) == asked
    messages.script = []
    clock.at += 5000
    if not asked_again:  # the dead one may still be sending, as far as the next one knows
        clock.at = waits_until(clock.outside(), "sms", 0, one)
    send(clock.outside(), "sms", one, 0)
    assert len(messages.requests) == asked + asked_again
    assert step(one).phase == ("sent" if asked_again else "claimed")


def test_lost_answer_of_the_release(outside, clock, messages, put, step):
    """F31: a release whose answer is lost is recognized, although another process has claimed the step and sent it."""
    one = put(1)
    messages.script = [server.http(503), server.accepted("uuid-1")]
    lose_the_answer(outside.table.client, "put_item", lambda: send(clock.outside(), "sms", one, 0), which=2)
    waits_until(outside, "sms", workflow_id=one)
    assert (step(one).message_uuid, len(messages.requests)) == ("uuid-1", 2)
    send(outside, "sms", one, 0)
    assert len(messages.requests) == 2


def test_the_claim_of_another(world, outside, clock, messages, put, step, monkeypatch):
    """I3: a send that does not recognize its release changes nothing of the claim that another has made since."""
    one, write, written = put(1), outside.store.write, []

    def claimed_by_another(state, pointer=None):
        stored = write(state, pointer)
        written.append(stored)
        if len(written) == 2:
            raise Conflict(world.store.write(transitions.claimed(stored, 0, clock.at)))
        return stored

    monkeypatch.setattr(outside.store, "write", claimed_by_another)
    messages.script = [server.http(503)]
    waits_until(outside, "sms", workflow_id=one)
    assert (step(one).state, step(one).releases, len(messages.requests)) == ("claimed", 1, 1)


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem"])
def test_lane_out_of_reach(outside, messages, put, step, operation):
    """F17: if DynamoDB is out of reach for a lane, the task fails before its claim, so the state machine retries it."""
    one = put(1)
    unreachable(outside.table.client, f"dynamodb.{operation}")
    with pytest.raises(TaskFailed, match="busy"), task_edge.guarded(one):
        send(outside, "sms", one, 0)
    assert (step(one).state, messages.requests) == ("pending", [])


def test_lane_that_cannot_be_closed(outside, messages, put, step):
    """F46: if the lane cannot be closed, the send that was throttled still waits."""
    one = put(1)
    messages.script = [server.http(429, headers="Retry-After: 5\r\n")]
    messages.meanwhile = lambda _: unreachable(outside.table.client, "dynamodb.UpdateItem")
    assert waits_until(outside, "sms", workflow_id=one) == NOW + 5000
    assert step(one).state == "pending"
