"""Cancelling at the same instant as another change: one is first, and the answer is true (F11, F27)."""

from dataclasses import replace

import pytest

from failover.outside import Outside
from failover.use_cases.sending.send import send
from failover.use_cases.workflow.transition import transition_without_signal
from tests.acts import LATER, claim, lived, sent, status
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import ID, MESSENGER, SMS
from tests.messages_server import http, problem
from tests.world import body_of

OTHERS = {
    "status": (status(0, "read"), {"completed", "cancelled"}),
    "failure": (status(0, "rejected"), {"cancelled"}),
    "claim": (claim(1, LATER), {"cancelled"}),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("first", ["cancel", "other"])
def test_one_right_before_the_other(world, app, cancel, put, monkeypatch, other, first):
    """A cancel and another change are ordered even if one falls between the other's read and write, and the cancel's
    answer matches the resulting workflow."""
    act, ends = OTHERS[other]
    put(sent(0))
    store = app.outside.store
    write, raced = store.write, []

    def overtaken(state, pointer=None):
        if not raced:
            raced.append(transition_without_signal(Outside(), world.read(ID), act))
        return write(state, pointer)

    if first == "other":
        monkeypatch.setattr(store, "write", overtaken)
        answered = cancel()
    else:
        answered = cancel()
        raced.append(transition_without_signal(Outside(), world.read(ID), act))
    truthful(world.read(ID), answered, claimed=other == "claim" and first == "other")
    assert world.read(ID).status in ends
    assert (raced[0] is None) == (first == "cancel" and other == "claim")


def truthful(flow, answered, *, claimed):
    """Check that the answer of a cancel agrees with the state of the workflow."""
    assert [entry["sequence"] for entry in flow.timeline] == list(range(1, len(flow.timeline) + 1))
    ends = [entry["event"] for entry in flow.timeline if entry["event"] in ("completed", "error", "cancelled")]
    assert ends == [flow.status]
    if answered["statusCode"] == 409:
        assert body_of(answered)["state"] == flow.status == "completed"
        return
    assert flow.status == "cancelled"
    assert [step["state"] for step in body_of(answered)["steps"]] == ["sent", "in_flight" if claimed else "never_sent"]
    assert (flow.steps[1].phase != "pending") == claimed


@pytest.mark.parametrize("other", OTHERS)
def test_at_the_same_instant(world, app, cancel, monkeypatch, other):
    """In 60 rounds there is one end, one true answer, and no claim after a cancel, in either order."""
    one_write_at_a_time(monkeypatch)
    act, ends = OTHERS[other]
    for number in range(60):
        workflow_id = f"00000000-0000-4000-8000-{number:012d}"
        flow = world.put(replace(lived(sent(0)), id=workflow_id, account=world.api_key), [MESSENGER, SMS])
        answers = []
        at_once(
            lambda flow=flow, answers=answers: answers.append(cancel(f"/workflows/{flow.id}")),
            lambda flow=flow: transition_without_signal(Outside(), world.read(flow.id), act),
        )
        after = world.read(workflow_id)
        assert after.status in ends
        truthful(after, answers[0], claimed=after.steps[1].phase == "claimed")


def test_a_send_under_way(world, cancel, put, messages, outside):
    """A step claimed before the cancel may still be sent: the answer says so, and the timeline records the result."""
    put()
    answers = []
    messages.meanwhile = lambda _: answers.append(body_of(cancel()))
    send(outside, "messenger", ID, 0)
    assert [step["state"] for step in answers[0]["steps"]] == ["in_flight", "never_sent"]
    flow = world.read(ID)
    assert (flow.status, flow.steps[0].state) == ("cancelled", "sent")
    assert [entry["event"] for entry in flow.timeline] == ["accepted", "sending", "cancelled", "sent"]


@pytest.mark.parametrize("answered", [problem(429, "slow"), http(503), http(422)])
def test_a_send_not_accepted(world, cancel, put, messages, outside, answered):
    """A claimed step that the Messages API did not accept is not sent again once the workflow is cancelled."""
    put()
    messages.script = [answered]
    messages.meanwhile = lambda _: cancel()
    send(outside, "messenger", ID, 0)
    assert len(messages.requests) == 1
    assert (world.read(ID).status, world.read(ID).steps[0].state) == ("cancelled", "unsent")
