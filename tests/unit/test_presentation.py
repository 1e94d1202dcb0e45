"""A workflow as the customer sees it."""

from dataclasses import replace

import pytest

from failover.rules.sending.answers import Unknown
from failover.rules.timing.instants import iso
from failover.rules.workflow.presentation import progress, resource
from tests.acts import LATER, answer, cancelled, claim, lived, sent, status
from tests.examples import HOUR, MESSENGER, NOW, SMS


@pytest.mark.parametrize(
    ("acts", "shown"),
    [
        pytest.param([], None, id="not begun"),
        pytest.param([sent(0)], None, id="the step before it"),
        pytest.param([sent(0), claim(1, LATER)], None, id="claimed, not sent"),
        pytest.param([sent(0), sent(1, LATER)], LATER, id="sent"),
        pytest.param([sent(0), claim(1, LATER), status(1, "submitted")], LATER, id="sent, as its status proves"),
        pytest.param([sent(0), claim(1, LATER), answer(1, Unknown("timeout"), LATER)], LATER, id="perhaps sent"),
        pytest.param([sent(0), sent(1, LATER), status(1, "delivered")], None, id="met"),
        pytest.param([sent(0), sent(1, LATER), status(1, "rejected")], None, id="rejected"),
        pytest.param([sent(0), sent(1, LATER), cancelled], None, id="cancelled"),
    ],
)
def test_unconfirmed_at(acts, shown):
    """An open last step that was sent, and no other, shows the end of its receipt window."""
    steps = resource(lived(*acts), None, NOW)["steps"]
    end = None if shown is None else iso(shown + 72 * HOUR * 1000)
    assert [step.get("unconfirmed_at") for step in steps] == [None, end]


def waits(number):
    """The step has had no turn since NOW."""
    return lambda flow: replace(
        flow,
        steps=tuple(replace(step, waiting_since=NOW) if n == number else step for n, step in enumerate(flow.steps)),
    )


@pytest.mark.decision("A step that waits for its turn")
@pytest.mark.parametrize(
    ("acts", "shown"),
    [
        pytest.param([], {}, id="not begun"),
        pytest.param([waits(0)], {0: "pending"}, id="waits"),
        pytest.param([sent(0), waits(1)], {1: "pending"}, id="waits, the step before still open"),
        pytest.param([sent(0), status(0, "rejected"), waits(1)], {1: "pending"}, id="waits, the step before closed"),
        pytest.param([waits(0), claim(0)], {}, id="claimed after that"),
        pytest.param([waits(0), sent(0)], {}, id="sent after that"),
        pytest.param([sent(0), waits(1), status(0, "read")], {}, id="the step before is met"),
        pytest.param([waits(0), cancelled], {}, id="cancelled"),
    ],
)
def test_waiting_since(acts, shown):
    """A step that waits to be sent is pending and says since when; its expiry has not begun."""
    steps = resource(lived(*acts), None, NOW)["steps"]
    assert {step["step"]: step["state"] for step in steps if step.get("waiting_since") == iso(NOW)} == shown
    assert all("expires_at" not in steps[number] for number in shown)
    assert sum("waiting_since" in step for step in steps) == len(shown)


def test_as_of():
    """A workflow says when it was read."""
    assert resource(lived(), None, LATER)["as_of"] == iso(LATER)


def test_progress():
    """The steps of a list are those of the workflow, without content and ids of messages."""
    flow = lived(sent(0), status(0, "delivered"), sent(1, LATER))
    content = [{**MESSENGER, "client_ref": "order-1"}, SMS]
    hidden = {"from", "to", "client_ref", "message_uuid"}
    whole = resource(flow, content, NOW)["steps"]
    assert progress(flow)["steps"] == [{k: v for k, v in step.items() if k not in hidden} for step in whole]
    assert {"from", "to", "message_uuid"} <= whole[1].keys()
