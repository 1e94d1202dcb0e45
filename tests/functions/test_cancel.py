"""F27: cancel at every instant of a workflow's life: a truthful answer, and nothing is claimed afterwards."""

import json
from dataclasses import replace

import pytest

from failover.outside import Outside
from failover.rules import transitions
from failover.rules.answers import Accepted, Refused, Unknown
from failover.rules.receipt import Receipt
from failover.use_cases.authenticate import Caller
from failover.use_cases.cancel import cancel
from failover.use_cases.send import send
from tests.conftest import one_write_at_a_time
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.functions.test_same_instant import at_once
from tests.world import body_of

EXPIRED = NOW + 700_000
LIFE = [
    ("accepted", lambda flow: flow, ["never_sent", "never_sent"]),
    ("claimed", lambda flow: transitions.claimed(flow, 0, NOW), ["in_flight", "never_sent"]),
    ("sent", lambda flow: transitions.answered(flow, 0, Accepted("u"), NOW), ["sent", "never_sent"]),
    ("delivered", lambda flow: transitions.received(flow, 0, Receipt("delivered", "u", None, None), NOW), None),
    ("next claimed", lambda flow: transitions.claimed(flow, 1, EXPIRED), ["sent", "in_flight"]),
    ("next unknown", lambda flow: transitions.answered(flow, 1, Unknown("HTTP 500"), EXPIRED), ["sent", "in_flight"]),
    ("next proven", lambda flow: transitions.received(flow, 1, Receipt("submitted", "v", None, None), EXPIRED), None),
]


def lived(until):
    """The workflow at an instant of its life, and how each of its steps is to be told."""
    flow, told = workflow(*TWO_STEPS), []
    for name, happens, states in LIFE:
        flow, told = happens(flow), states or ["sent", told[1] if name == "delivered" else "sent"]
        if name == until:
            return flow, told
    raise LookupError(until)


@pytest.mark.parametrize("instant", [name for name, _, _ in LIFE])
def test_at_every_instant(world, call, messages, instant):
    """The answer tells of each step whether it was sent, may go out, or never will; then nothing is claimed."""
    flow, told = lived(instant)
    world.put(_ours(world, flow), [MESSENGER, SMS])
    answer = call("POST", f"/workflows/{ID}/cancel")
    assert answer["statusCode"] == 200
    assert [step["state"] for step in body_of(answer)["steps"]] == told
    for number, channel in enumerate(("messenger", "sms")):
        send(Outside(now=lambda: EXPIRED), channel, ID, number)
    assert messages.requests == []
    assert [entry["event"] for entry in world.read(ID).timeline].count("cancelled") == 1


def test_refused_step(world, call):
    """A step the Messages API has refused was never sent."""
    flow = transitions.answered(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, Refused(422, "422"), NOW)
    world.put(_ours(world, flow), [MESSENGER, SMS])
    assert body_of(call("POST", f"/workflows/{ID}/cancel"))["steps"][0]["state"] == "never_sent"


@pytest.mark.parametrize("end", ["completed", "cancelled"])
def test_over(world, call, end):
    """A workflow that is over cannot be cancelled: 409 with how it ended."""
    flow, _ = lived("sent")
    if end == "completed":
        flow = transitions.received(flow, 0, Receipt("read", "u", None, None), NOW)
    else:
        flow = transitions.cancelled(flow, NOW)
    world.put(_ours(world, flow), [MESSENGER, SMS])
    before = world.read(ID)
    answer = call("POST", f"/workflows/{ID}/cancel")
    assert (answer["statusCode"], json.loads(answer["body"])["state"]) == (409, end)
    assert world.read(ID) == before


@pytest.mark.parametrize("round_", range(20))
def test_against_a_claim_in_the_same_instant(world, messages, monkeypatch, round_):
    """Cancel and claim at one instant: either the step was never sent and stays so, or it is told to be in flight."""
    one_write_at_a_time(monkeypatch)
    world.put(_ours(world, workflow(*TWO_STEPS)), [MESSENGER, SMS])
    answers = []
    at_once(
        lambda: answers.append(cancel(Outside(), Caller(world.api_key), ID)),
        lambda: send(Outside(), "messenger", ID, 0),
    )
    (answer,) = answers
    if answer["steps"][0]["state"] == "never_sent":
        assert messages.requests == []
    assert world.read(ID).status == "cancelled"
    assert answer["steps"][1]["state"] == "never_sent"


def _ours(world, flow):
    return replace(flow, account=world.api_key)
