"""Overdue workflows are started, resumed, signalled, ended or left unchanged (F2, F18, F19, F28)."""

from dataclasses import replace
from itertools import pairwise

import pytest

from failover.adapters import aws
from failover.adapters.workflow.executions import InvalidTaskToken
from failover.adapters.workflow.overdue_index import Overdue, OverduePage
from failover.rules.workflow import transitions
from tests.examples import HOUR, ID, MESSENGER, NOW, SMS, THREE_STEPS, TWO_STEPS, VIBER, workflow
from tests.left_behind import MINUTE, metrics, rejected, sent

CONTENT = [MESSENGER, VIBER, SMS]
WINDOW = 72 * HOUR * 1000
SENT_LAST = {"step": {"number": 2, "channel": "sms"}}


def with_token(flow):
    return replace(flow, task_token="token")


@pytest.fixture
def overdue(world, reconciling):
    """Store an overdue workflow whose first execution has been started."""

    def overdue(flow, content=CONTENT):
        world.put(flow, content)
        world.executions.start(workflow(*THREE_STEPS), NOW)
        return flow

    return overdue


@pytest.fixture
def signals(reconciling, monkeypatch):
    """The signals sent to the state machine, which answers with `signals.answer`."""

    class Signals(list):
        def end_race(self, signal):
            self.append(signal)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    signals = Signals()
    signals.answer = True
    monkeypatch.setattr(reconciling.app.outside.executions, "end_race", signals.end_race)
    return signals


def test_never_claimed(world, overdue, reconciling):
    """A second execution without a claim is started, or started again: that it exists is all that has to be known."""
    flow = overdue(replace(workflow(*TWO_STEPS), attempt=2))
    looks = []
    client = reconciling.app.outside.executions.client
    client.meta.events.register("before-call.stepfunctions.DescribeExecution", lambda **_: looks.append(1))
    for minutes in (1, 9, 17):
        reconciling.run(NOW + minutes * MINUTE)
        assert set(reconciling.started()) == {f"{ID}-1", f"{ID}-2"}
    reconciling.died(f"{ID}-2")
    reconciling.run(NOW + 25 * MINUTE)
    assert set(reconciling.started()) == {f"{ID}-1", f"{ID}-2", f"{ID}-3"}
    assert (looks, world.read(flow.id).attempt) == ([], 3)


def test_at_work(world, overdue, reconciling, output):
    """A workflow whose execution runs is left unchanged and checked again four minutes later."""
    overdue(sent(workflow(*THREE_STEPS), 0))
    before = world.read(ID)
    output()
    reconciling.run(before.due_at)
    assert list(reconciling.started()) == [f"{ID}-1"]
    assert "WorkflowsReconciled" not in output()
    after = world.read(ID)
    assert after.due_at == before.due_at + 4 * MINUTE
    assert (after.timeline, after.steps, after.attempt) == (before.timeline, before.steps, 1)


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT", "SUCCEEDED"])
def test_resumed(world, overdue, reconciling, output, status):
    """F19: after its execution has died in any way, the next one resumes at the next step, under the next number."""
    overdue(rejected(sent(workflow(*THREE_STEPS), 0), 0))
    reconciling.died(status=status)
    reconciling.run(NOW + 10 * MINUTE)
    assert world.read(ID).attempt == 2
    expected = {"step": {"number": 1, "channel": "viber", "expiry_time": 300, "give_up_after": 305}, "rest": SENT_LAST}
    assert reconciling.started()[f"{ID}-2"] == {"workflow": ID, "rest": expected}
    assert {"WorkflowsReconciled": [1.0], "action": "resumed"} in metrics(output())
    reconciling.run(NOW + 11 * MINUTE)
    assert len(reconciling.started()) == 2


def test_resumed_with_what_is_left_of_the_expiry(world, overdue, reconciling):
    """F19: a race for an open step waits again for the rest of its expiry, at most until 630 s after its claim."""
    overdue(transitions.claimed(workflow(*THREE_STEPS), 0, NOW))
    reconciling.died()
    reconciling.run(NOW + 4 * MINUTE)
    (step,) = [reconciling.started()[f"{ID}-2"]["rest"]["step"]]
    assert step == {"number": 0, "channel": "messenger", "expiry_time": 390, "give_up_after": 395}


def test_abandoned(world, overdue, reconciling, output):
    """Five executions are tried with growing pauses that exceed an hour in all; then the workflow ends in error, and
    its end is reported once."""
    overdue(rejected(sent(workflow(*THREE_STEPS), 0), 0))
    looked_at = []
    for attempt in range(1, transitions.MOST_ATTEMPTS + 1):
        assert world.read(ID).attempt == attempt
        reconciling.died(f"{ID}-{attempt}")
        looked_at.append(world.read(ID).due_at)
        reconciling.run(looked_at[-1])
    assert [(later - one) // MINUTE for one, later in pairwise(looked_at)] == [8, 16, 32, 64]
    flow = world.read(ID)
    assert (flow.status, flow.reason) == ("error", "unsendable: the send never began")
    assert len(reconciling.started()) == transitions.MOST_ATTEMPTS
    assert [entry["event"] for entry in flow.timeline[-2:]] == ["left", "error"]
    actions = [metric["action"] for metric in metrics(output()) if "WorkflowsReconciled" in metric]
    assert actions == ["resumed"] * 4 + ["abandoned"]
    assert reconciling.run(NOW + 2 * WINDOW) == 0


def test_signalled(world, overdue, reconciling, signals, output):
    """F18: a race that missed the signal for the end of its step is signalled."""
    overdue(with_token(rejected(sent(workflow(*THREE_STEPS), 0), 0)))
    reconciling.run(NOW + 4 * MINUTE)
    assert signals == [("token", "Rejected")]
    assert {"WorkflowsReconciled": [1.0], "action": "signalled"} in metrics(output())
    assert world.read(ID).due_at == NOW + 8 * MINUTE


def test_a_race_that_is_over(overdue, reconciling, signals, output):
    """A race that has ended by itself needs no signal, and none is counted."""
    signals.answer = False
    overdue(with_token(rejected(sent(workflow(*THREE_STEPS), 0), 0)))
    reconciling.run(NOW + 4 * MINUTE)
    assert "WorkflowsReconciled" not in output()


def test_unknown_task_token(world, overdue, reconciling, signals, output):
    """A task token that Step Functions does not recognize is counted, and the workflow waits for its timer."""
    signals.answer = InvalidTaskToken()
    overdue(with_token(rejected(sent(workflow(*THREE_STEPS), 0), 0)))
    reconciling.run(NOW + 4 * MINUTE)
    written = output()
    assert "InvalidTaskTokens" in written
    assert "UnexpectedFailures" not in written
    assert world.read(ID).due_at == NOW + 8 * MINUTE


def test_a_race_that_cannot_be_told(world, overdue, reconciling, signals):
    """If Step Functions throttles the signal, it is sent a minute later."""
    signals.answer = aws.Unavailable("stepfunctions: ThrottlingException")
    overdue(with_token(rejected(sent(workflow(*THREE_STEPS), 0), 0)))
    reconciling.run(NOW + 4 * MINUTE)
    signals.answer = True
    reconciling.run(NOW + 5 * MINUTE)
    assert signals == [("token", "Rejected")] * 2


def test_a_race_whose_send_never_claimed(world, overdue, reconciling, signals, output):
    """A first step that could not be claimed waits for its expiry: no signal is sent, and nothing fails."""
    overdue(with_token(replace(workflow(*THREE_STEPS), attempt=2)))
    reconciling.run(NOW + MINUTE)
    assert signals == []
    assert "UnexpectedFailures" not in output()
    assert world.read(ID).due_at == NOW + 9 * MINUTE


def test_unconfirmed(world, overdue, reconciling, output):
    """F28: a workflow whose last message has no receipt ends when its window is over, and not before."""
    overdue(sent(workflow("sms"), 0), [SMS])
    assert reconciling.run(NOW + WINDOW - 1) == 0
    assert reconciling.run(NOW + WINDOW) == 1
    flow = world.read(ID)
    assert (flow.status, flow.reason, flow.steps[0].state) == ("error", "unconfirmed", "unconfirmed")
    written = metrics(output())
    assert {"WorkflowsReconciled": [1.0], "action": "unconfirmed"} in written
    assert {"WorkflowsFailed": [1.0], "reason": "unconfirmed"} in written
    assert reconciling.run(NOW + 2 * WINDOW) == 0
    assert [entry["event"] for entry in world.read(ID).timeline].count("error") == 1


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "ABORTED"])
def test_a_last_step_that_may_be_on_its_way(world, overdue, reconciling, status):
    """F3: a claimed last step is never resumed, however its execution ended: its receipt window decides."""
    overdue(replace(transitions.claimed(workflow("sms"), 0, NOW), due_at=NOW), [SMS])
    reconciling.died(status=status)
    assert reconciling.run(NOW) == 1
    assert list(reconciling.started()) == [f"{ID}-1"]
    assert world.read(ID).due_at == NOW + WINDOW
    reconciling.run(NOW + WINDOW)
    assert world.read(ID).reason == "unconfirmed"


def test_a_last_step_without_an_execution(world, reconciling):
    """No execution is started for a claimed last step, even if Step Functions has forgotten the first one."""
    world.put(replace(transitions.claimed(workflow("sms"), 0, NOW), due_at=NOW), [SMS])
    assert reconciling.run(NOW) == 1
    assert reconciling.started() == {}


def test_a_claim_as_it_is_abandoned(world, overdue, reconciling):
    """A send that outlives its execution and claims the last step at that moment is not recorded as unsendable."""
    flow = replace(rejected(sent(workflow(*TWO_STEPS), 0), 0), attempt=transitions.MOST_ATTEMPTS)
    world.put(flow, [MESSENGER, SMS])
    world.executions.start(flow, NOW)
    reconciling.died(f"{ID}-{flow.attempt}")
    client = reconciling.app.outside.executions.client

    def claim(**_):
        reconciling.write(transitions.claimed(world.read(ID), 1, NOW + 4 * MINUTE))

    client.meta.events.register("provide-client-params.stepfunctions.DescribeExecution", claim)
    reconciling.run(NOW + 4 * MINUTE)
    after = world.read(ID)
    assert (after.status, after.steps[1].state) == ("running", "claimed")
    assert len(reconciling.started()) == 1


@pytest.mark.parametrize(
    "meanwhile",
    [
        None,
        workflow(*THREE_STEPS),
        transitions.cancelled(workflow(*THREE_STEPS), NOW),
        transitions.cancelled(workflow(*THREE_STEPS), NOW - HOUR * 1000),
    ],
    ids=["gone", "not due", "over", "over, and its webhooks not known to be queued"],
)
def test_the_index_is_behind(world, overdue, reconciling, output, monkeypatch, meanwhile):
    """A workflow that the index still lists although it is gone, over or no longer due is left unchanged."""
    if meanwhile is not None:
        overdue(meanwhile)
    before = world.store.read(ID)
    lagging, none = [Overdue(ID, NOW - HOUR * 1000, "due#0")], OverduePage([], None)
    page = OverduePage(lagging, None)
    index = reconciling.app.outside.overdue
    monkeypatch.setattr(index, "page", lambda queue, shard, *_: page if (queue, shard) == ("due", 0) else none)
    assert reconciling.run(NOW) == 1
    assert world.store.read(ID) == before
    assert "WorkflowsReconciled" not in output()


def test_nobody_is_named(world, overdue, reconciling, output):
    """I8: logs, metrics and execution inputs of reconcile contain no text and no address."""
    overdue(rejected(sent(workflow(*THREE_STEPS), 0), 0))
    reconciling.died()
    reconciling.run(NOW + 10 * MINUTE)
    written = output() + str(reconciling.started())
    for personal in ("Hello", "447700900004", "447700900000", "sim-unread", "sim-page", "ACME"):
        assert personal not in written
