"""An execution's input: the remaining steps, from every state of a workflow."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, NotTaken, Refused, Unknown
from failover.rules.workflow import transitions
from failover.rules.workflow.expiry import expires_at
from failover.rules.workflow.itinerary import itinerary
from tests.examples import NOW, THREE_STEPS, workflow

MESSENGER = {"number": 0, "channel": "messenger", "expiry_time": 600, "give_up_after": 605}
VIBER = {"number": 1, "channel": "viber", "expiry_time": 300, "give_up_after": 305}
SMS = {"number": 2, "channel": "sms"}


def claimed(number, now=NOW):
    """Late enough for earlier steps whose sends all failed to have used up their time."""
    flow = replace(workflow(*THREE_STEPS), created_at=NOW - 900_000)
    return transitions.claimed(flow, number, now)


def answered(number, answer, now=NOW):
    return transitions.answered(claimed(number), number, answer, now)


def got(flow, number, status):
    return transitions.received(flow, number, Receipt(status, "u", None, None), NOW)


def steps(flow, now=NOW):
    """The steps of an itinerary in order."""
    given, link = itinerary(flow, now), []
    rest = given["rest"]
    while rest is not None:
        link.append(rest["step"])
        rest = rest.get("rest")
    return link


def test_the_whole_list():
    """A new workflow's execution gets every step, linked, each with the function of its channel."""
    assert itinerary(workflow(*THREE_STEPS), NOW) == {
        "workflow": workflow("sms").id,
        "rest": {"step": MESSENGER, "rest": {"step": VIBER, "rest": {"step": SMS}}},
    }


def test_each_channel_has_its_function():
    """A channel names its send function, and the state machine calls it by that name."""
    for channel in CHANNELS.values():
        assert steps(workflow(channel.name)) == [{"number": 0, "channel": channel.function}]


@pytest.mark.parametrize(
    ("flow", "at", "left"),
    [
        (claimed(0), NOW, 630),
        (claimed(0), NOW + 1, 630),
        (claimed(0), NOW + 1000, 629),
        (claimed(0), NOW + 629_001, 1),
        (claimed(0), NOW + 630_000, None),
        (answered(0, Accepted("u"), NOW + 30_000), NOW + 30_000, 600),
        (answered(0, Accepted("u"), NOW + 30_000), NOW + 629_999, 1),
        (answered(0, Accepted("u"), NOW + 30_000), NOW + 630_000, None),
        (answered(0, Unknown("HTTP 500")), NOW + 100_000, 500),
        (got(answered(0, Accepted("u")), 0, "delivered"), NOW + 100_000, 500),
    ],
)
def test_an_open_step(flow, at, left):
    """A claimed, open step continues with the rest of its expiry; with none left it is omitted.

    Without a recorded answer, the answer may have come up to 30 s after the claim.
    """
    again = [] if left is None else [{**MESSENGER, "expiry_time": left, "give_up_after": left + 5}]
    assert steps(flow, at) == [*again, VIBER, SMS]


@pytest.mark.parametrize(
    "flow",
    [
        answered(0, Refused(422, "422")),
        answered(0, NotTaken("HTTP 503")),
        got(answered(0, Accepted("u")), 0, "rejected"),
        got(claimed(0), 0, "undeliverable"),
    ],
)
def test_a_closed_step(flow):
    """After a failover the execution starts with the next step, not the closed one."""
    assert steps(flow) == [VIBER, SMS]


def test_steps_before_the_latest_claim():
    """No step before the latest claimed one is repeated."""
    assert steps(answered(1, Accepted("u"))) == [VIBER, SMS]
    assert steps(got(claimed(1), 1, "rejected")) == [SMS]


@pytest.mark.parametrize("flow", [claimed(2), answered(2, Accepted("u")), transitions.claimed(workflow("sms"), 0, NOW)])
def test_nothing_is_left(flow):
    """Once the last step is claimed, an execution has nothing to do."""
    assert itinerary(flow, NOW) is None


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2),
    st.sampled_from([None, Accepted("u"), Refused(422, "422"), NotTaken("HTTP 503"), Unknown("HTTP 500")]),
    st.sampled_from([None, "submitted", "delivered", "rejected"]),
    st.integers(0, 700),
)
def test_no_step_is_sent_twice(number, answer, status, seconds):
    """I3: an itinerary contains every step that was never claimed, and can claim no other."""
    flow = claimed(number)
    if answer is not None:
        flow = transitions.answered(flow, number, answer, NOW)
    flow = (status and got(flow, number, status)) or flow
    if not flow.running:
        return
    now = NOW + seconds * 1000
    listed = [step["number"] for step in steps(flow, now)] if itinerary(flow, now) else []
    assert listed == sorted(set(listed))
    assert [n for n in listed if flow.steps[n].phase == "pending"] == list(range(number + 1, 3))
    for again in listed:
        if flow.steps[again].phase != "pending":
            assert transitions.claimed(flow, again, now) is None
            assert expires_at(flow.steps[again]) > now


def test_no_personal_data():
    """I8: an execution's input has only ids, numbers, channels and times."""
    flow = replace(answered(0, Accepted("message-uuid")), client_ref="table-12", webhook_url="https://x.test/hook")
    text = json.dumps(itinerary(flow, NOW))
    assert not any(word in text for word in ("message-uuid", "table-12", "x.test", flow.account))
    assert {key for step in steps(flow) for key in step} == {"number", "channel", "expiry_time", "give_up_after"}
