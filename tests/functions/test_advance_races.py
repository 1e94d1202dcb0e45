"""Advancing at the same instant as another change: one is first, and the answer is true (F11, F42)."""

from dataclasses import replace

import pytest

from failover.outside import Outside
from failover.use_cases.sending.send import send
from failover.use_cases.workflow.transition import transition_without_signal
from tests.acts import LATER, advanced, cancelled, claim, lived, sent, status
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import ID, MESSENGER, SMS
from tests.functions.conftest import waits_until
from tests.world import body_of

OTHERS = {
    "status": (status(0, "read"), "completed"),
    "failure": (status(0, "rejected"), "rejected"),
    "unimportant status": (status(0, "delivered"), None),
    "expiry": (claim(1, LATER), "expired"),
    "cancel": (cancelled, "cancelled"),
}
"""Each other change, and the `state` of the 409 if it was first (None: the advance is not refused)."""


def truthful(flow, answered, state):
    """Check that the answer of an advance agrees with the workflow, and that one step at most was closed."""
    assert [entry["sequence"] for entry in flow.timeline] == list(range(1, len(flow.timeline) + 1))
    left = [(entry["step"], entry["outcome"]) for entry in flow.timeline if entry["event"] == "left"]
    if answered["statusCode"] == 200:
        assert left == [(0, "advanced")]
        assert body_of(answered)["next"] == {"step": 1, "channel": "sms"}
    else:
        assert (answered["statusCode"], body_of(answered)["state"]) == (409, state)
        assert (0, "advanced") not in left
    assert len(left) <= 1
    assert flow.steps[1].outcome is None


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("first", ["advance", "other"])
def test_one_right_before_the_other(world, app, advance, put, monkeypatch, other, first):
    """An advance and another change are ordered even if one falls between the other's read and write."""
    act, state = OTHERS[other]
    put(sent(0))
    store = app.outside.store
    write, raced = store.write, []

    def overtaken(flow, pointer=None):
        if not raced:
            raced.append(transition_without_signal(Outside(), world.read(ID), act))
        return write(flow, pointer)

    if first == "other":
        monkeypatch.setattr(store, "write", overtaken)
        answered = advance()
        assert (answered["statusCode"] == 200) == (state is None)
    else:
        answered = advance()
        raced.append(transition_without_signal(Outside(), world.read(ID), act))
        assert answered["statusCode"] == 200
    truthful(world.read(ID), answered, state)
    assert raced[0] is not None


@pytest.mark.parametrize("other", OTHERS)
def test_at_the_same_instant(world, app, advance, monkeypatch, other):
    """In 20 rounds the first write decides, in either order, and the answer is true."""
    one_write_at_a_time(monkeypatch)
    act, state = OTHERS[other]
    for number in range(20):
        flow = another(world, number)
        answers = []
        at_once(
            lambda flow=flow, answers=answers: answers.append(advance(path=f"/workflows/{flow.id}")),
            lambda flow=flow: transition_without_signal(Outside(), world.read(flow.id), act),
        )
        truthful(world.read(flow.id), answers[0], state)


def another(world, number):
    """Store a workflow whose first step waits."""
    workflow_id = f"00000000-0000-4000-8000-{number:012d}"
    return world.put(replace(lived(sent(0)), id=workflow_id, account=world.api_key), [MESSENGER, SMS])


def test_twins(world, app, advance, monkeypatch):
    """Of four advances at once one is answered 200 and the others 409, and one step is closed."""
    one_write_at_a_time(monkeypatch)
    for number in range(20):
        flow = another(world, number)
        answers = []
        at_once(*[lambda flow=flow, got=answers: got.append(advance(path=f"/workflows/{flow.id}"))] * 4)
        assert sorted(answered["statusCode"] for answered in answers) == [200, 409, 409, 409]
        assert {body_of(one)["state"] for one in answers if one["statusCode"] == 409} == {"advanced"}
        (positive,) = [one for one in answers if one["statusCode"] == 200]
        truthful(world.read(flow.id), positive, None)


def test_a_send_under_way(world, advance, put, messages, outside):
    """A step cannot be advanced while its send is under way, and can be as soon as the answer is recorded."""
    put()
    answers = []
    messages.meanwhile = lambda _: answers.append(advance())
    send(outside, "messenger", ID, 0)
    assert (answers[0]["statusCode"], body_of(answers[0])["state"]) == (409, "claimed")
    assert advance()["statusCode"] == 200
    assert world.read(ID).steps[0].state == "advanced"


def test_while_the_next_send_waits(world, advance, put, messages, outside):
    """A send that came a little too early, and waits for the rest of the expiry, goes on after an advance."""
    put(sent(0, outside.now() - 590_000))
    waits_until(outside, "sms", 1)
    assert advance()["statusCode"] == 200
    send(outside, "sms", ID, 1)
    assert len(messages.requests) == 1
    assert [step.state for step in world.read(ID).steps] == ["advanced", "sent"]


def test_never_two_steps(world, advance, put):
    """An advance that was on its way while the next step was sent does not close that one."""
    put(sent(0), advanced(0), sent(1, LATER))
    before = world.items()
    assert body_of(advance())["state"] == "advanced"
    assert world.items() == before
