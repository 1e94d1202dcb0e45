"""F11: an expiry and a status at the same instant, and twins of every writer: exactly one side wins."""

from dataclasses import replace

import pytest

from failover.outside import Outside
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.workflow import transitions
from failover.use_cases.workflow.transition import transition_without_signal
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import MESSENGER, NOW, SMS, workflow
from tests.functions.conftest import send_or_wait

EXPIRED = NOW + 700_000


@pytest.fixture
def fresh(world, monkeypatch):
    """A workflow whose first message has been sent, with a new id for each number."""
    one_write_at_a_time(monkeypatch)

    def fresh(number):
        flow = replace(workflow(("messenger", "read", 600), "sms"), id=f"00000000-0000-4000-8000-{number:012d}")
        flow = world.put(flow, [MESSENGER, SMS])
        flow = world.store.write(transitions.claimed(flow, 0, NOW))
        return world.store.write(transitions.answered(flow, 0, Accepted("u"), NOW))

    return fresh


@pytest.mark.parametrize("status", ["read", "rejected"])
def test_status_against_the_next_claim(world, fresh, status):
    """In 200 rounds a status either decides the step or is late after its expiry, and nothing else."""
    receipt = Receipt(status, "u", None, None)
    for number in range(100):
        flow = fresh(number)
        at_once(
            lambda flow=flow: transition_without_signal(
                Outside(), flow, lambda now: transitions.claimed(now, 1, EXPIRED)
            ),
            lambda flow=flow: transition_without_signal(
                Outside(), flow, lambda now: transitions.received(now, 0, receipt, EXPIRED)
            ),
        )
        after = world.read(flow.id)
        (recorded,) = [entry for entry in after.timeline if entry["event"] == "status"]
        claimed = after.steps[1].phase == "claimed"
        if recorded.get("late"):
            assert claimed
            assert after.status == ("completed" if status == "read" else "running")
        elif status == "read":
            assert not claimed
            assert after.status == "completed"
        else:
            assert claimed
            assert after.steps[0].outcome == "rejected"
        assert [entry["sequence"] for entry in after.timeline] == list(range(1, len(after.timeline) + 1))


def test_twin_sends(world, fresh, messages):
    """Simultaneous sends of one step, in any number, make one request."""
    rounds = 15
    for number in range(rounds):
        flow = replace(workflow("sms"), id=f"11111111-0000-4000-8000-{number:012d}")
        world.put(flow, [SMS])
        at_once(*[lambda flow=flow: send_or_wait(Outside(), "sms", flow.id)] * 3)
    references = [request.body["client_ref"] for request in messages.requests]
    assert len(references) == len(set(references)) == rounds


def test_twin_receipts(world, fresh):
    """Of simultaneous copies of a callback, in any number, one is recorded and one causes a signal."""
    receipt = Receipt("read", "u", None, None)
    for number in range(30):
        flow = fresh(number)
        results = []
        at_once(
            *[
                lambda flow=flow, results=results: results.append(
                    transition_without_signal(Outside(), flow, lambda now: transitions.received(now, 0, receipt, NOW))
                )
            ]
            * 3
        )
        assert sum(result is not None for result in results) == 1
        assert [entry["event"] for entry in world.read(flow.id).timeline].count("status") == 1
