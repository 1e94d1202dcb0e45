"""What was left behind is found: started, resumed, signalled, closed, or left in peace (faults F2, F18, F19, F28)."""

from dataclasses import replace
from itertools import pairwise

import pytest

from failover.adapters import aws
from failover.adapters.workflow.executions import InvalidTaskToken
from failover.adapters.workflow.overdue_index import Overdue, OverduePage
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.workflow import transitions
from tests.examples import HOUR, ID, MESSENGER, NOW, SMS, THREE_STEPS, TWO_STEPS, VIBER, workflow
from tests.left_behind import MINUTE, metrics

CONTENT = [MESSENGER, VIBER, SMS]
WINDOW = 72 * HOUR * 1000
SENT_LAST = {"step": {"number": 2, "channel": "sms"}}


def sent(flow, number, now=NOW):
    return transitions.answered(transitions.claimed(flow, number, now), number, Accepted("u"), now)


def rejected(flow, number, now=NOW):
    return transitions.received(flow, number, Receipt("rejected", "u", None, None), now)


def with_token(flow):
    return replace(flow, task_token="token")


@pytest.fixture
def left(world, reconciling):
    """Store a workflow as something left it behind; its first execution has been started."""

    def left(flow, content=CONTENT):
        world.put(flow, content)
        world.executions.start(workflow(*THREE_STEPS), NOW)
        return flow

    return left


@pytest.fixture
def told(reconciling, monkeypatch):
    """What the state machine was told; answers whatever `told.answer` says."""

    class Told(list):
        def end_race(self, signal):
            self.append(signal)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    signals = Told()
    signals.answer = True
    monkeypatch.setattr(reconciling.app.outside.executions, "end_race", signals.end_race)
    return signals


def test_never_started(world, reconciling, output):
    """F2: a workflow that was stored and not started is started within two minutes, as its first execution."""
    world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])
    assert reconciling.run(NOW + MINUTE - 1) == 0
    output()
    assert reconciling.run(NOW + MINUTE) == 1
    (name,) = reconciling.started()
    assert name == f"{ID}-1"
    assert {"WorkflowsReconciled": [1.0], "action": "started"} in metrics(output())
    assert world.read(ID).due_at == NOW + 5 * MINUTE
    assert reconciling.run(NOW + 2 * MINUTE) == 0


def test_never_started_twice(world, reconciling, output):
    """F2: an execution that is there after all, because an answer was lost or a twin was faster, stays the only one."""
    flow = world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])
    client = reconciling.app.outside.executions.client
    client.meta.events.register(
        "provide-client-params.stepfunctions.StartExecution", lambda **_: world.executions.start(flow, NOW)
    )
    reconciling.run(NOW + MINUTE)
    assert list(reconciling.started()) == [f"{ID}-1"]
    assert "UnexpectedFailures" not in output()


def test_at_work(world, left, reconciling, output):
    """A workflow whose execution runs is left in peace, and looked at again four minutes later."""
    left(sent(workflow(*THREE_STEPS), 0))
    before = world.read(ID)
    output()
    reconciling.run(before.due_at)
    assert list(reconciling.started()) == [f"{ID}-1"]
    assert "WorkflowsReconciled" not in output()
    after = world.read(ID)
    assert after.due_at == before.due_at + 4 * MINUTE
    assert (after.timeline, after.steps, after.attempt) == (before.timeline, before.steps, 1)


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT", "SUCCEEDED"])
def test_resumed(world, left, reconciling, output, status):
    """F19: whatever an execution died of, the next one goes on at the step that follows, under the next number."""
    left(rejected(sent(workflow(*THREE_STEPS), 0), 0))
    reconciling.died(status=status)
    reconciling.run(NOW + 10 * MINUTE)
    assert world.read(ID).attempt == 2
    expected = {"step": {"number": 1, "channel": "viber", "expiry_time": 300, "give_up_after": 305}, "rest": SENT_LAST}
    assert reconciling.started()[f"{ID}-2"] == {"workflow": ID, "rest": expected}
    assert {"WorkflowsReconciled": [1.0], "action": "resumed"} in metrics(output())
    reconciling.run(NOW + 11 * MINUTE)
    assert len(reconciling.started()) == 2


def test_resumed_with_what_is_left_of_the_expiry(world, left, reconciling):
    """F19: a step that is still open is raced again for what is left of its expiry, 639 s at most after its claim."""
    left(transitions.claimed(workflow(*THREE_STEPS), 0, NOW))
    reconciling.died()
    reconciling.run(NOW + 4 * MINUTE)
    (step,) = [reconciling.started()[f"{ID}-2"]["rest"]["step"]]
    assert step == {"number": 0, "channel": "messenger", "expiry_time": 399, "give_up_after": 404}


def test_abandoned(world, left, reconciling, output):
    """Five executions are tried, each after a longer pause, which outlast an hour; then the workflow ends in error, and
    its end is reported once."""
    left(rejected(sent(workflow(*THREE_STEPS), 0), 0))
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


def test_signalled(world, left, reconciling, told, output):
    """F18: a race that was never told that its step has been left is told so."""
    left(with_token(rejected(sent(workflow(*THREE_STEPS), 0), 0)))
    reconciling.run(NOW + 4 * MINUTE)
    assert told == [("token", "Rejected")]
    assert {"WorkflowsReconciled": [1.0], "action": "signalled"} in metrics(output())
    assert world.read(ID).due_at == NOW + 8 * MINUTE


def test_a_race_that_is_over(left, reconciling, told, output):
    """A race that has ended by itself meanwhile needed no signal, and none is counted."""
    told.answer = False
    left(with_token(rejected(sent(workflow(*THREE_STEPS), 0), 0)))
    reconciling.run(NOW + 4 * MINUTE)
    assert "WorkflowsReconciled" not in output()


def test_a_token_nobody_knows(world, left, reconciling, told, output):
    """A task token that Step Functions does not recognise is counted as such, and the workflow waits for its timer."""
    told.answer = InvalidTaskToken()
    left(with_token(rejected(sent(workflow(*THREE_STEPS), 0), 0)))
    reconciling.run(NOW + 4 * MINUTE)
    written = output()
    assert "InvalidTaskTokens" in written
    assert "UnexpectedFailures" not in written
    assert world.read(ID).due_at == NOW + 8 * MINUTE


def test_a_race_that_cannot_be_told(world, left, reconciling, told):
    """Where Step Functions throttles, the race is told a minute later."""
    told.answer = aws.Unavailable("stepfunctions: ThrottlingException")
    left(with_token(rejected(sent(workflow(*THREE_STEPS), 0), 0)))
    reconciling.run(NOW + 4 * MINUTE)
    told.answer = True
    reconciling.run(NOW + 5 * MINUTE)
    assert told == [("token", "Rejected")] * 2


def test_a_race_whose_send_never_claimed(world, left, reconciling, told, output):
    """A first step that could not be claimed waits for its expiry: nothing is told, and nothing fails."""
    left(with_token(workflow(*THREE_STEPS)))
    reconciling.run(NOW + MINUTE)
    assert told == []
    assert "UnexpectedFailures" not in output()
    assert world.read(ID).due_at == NOW + 5 * MINUTE


def test_unconfirmed(world, left, reconciling, output):
    """F28: a last message without a receipt ends its workflow when the window is over, and not a minute before."""
    left(sent(workflow("sms"), 0), [SMS])
    assert reconciling.run(NOW + WINDOW - 1) == 0
    assert reconciling.run(NOW + WINDOW) == 1
    flow = world.read(ID)
    assert (flow.status, flow.reason, flow.steps[0].state) == ("error", "unconfirmed", "unconfirmed")
    assert {"WorkflowsReconciled": [1.0], "action": "unconfirmed"} in metrics(output())
    assert reconciling.run(NOW + 2 * WINDOW) == 0
    assert [entry["event"] for entry in world.read(ID).timeline].count("error") == 1


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "ABORTED"])
def test_a_last_step_that_may_be_on_its_way(world, left, reconciling, status):
    """F3: a last step that was claimed is never resumed, whatever became of its execution: its window decides."""
    left(replace(transitions.claimed(workflow("sms"), 0, NOW), due_at=NOW), [SMS])
    reconciling.died(status=status)
    assert reconciling.run(NOW) == 1
    assert list(reconciling.started()) == [f"{ID}-1"]
    assert world.read(ID).due_at == NOW + WINDOW
    reconciling.run(NOW + WINDOW)
    assert world.read(ID).reason == "unconfirmed"


def test_a_last_step_without_an_execution(world, reconciling):
    """Nor is one started that would have nothing to do, where Step Functions has forgotten the first execution."""
    world.put(replace(transitions.claimed(workflow("sms"), 0, NOW), due_at=NOW), [SMS])
    assert reconciling.run(NOW) == 1
    assert reconciling.started() == {}


def test_a_claim_as_it_is_abandoned(world, left, reconciling):
    """A send that outlives its execution and claims the last step just then is not told to have been unsendable."""
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
def test_the_index_is_behind(world, left, reconciling, output, monkeypatch, meanwhile):
    """What the index still lists although it is gone, over or has moved is left as it is."""
    if meanwhile is not None:
        left(meanwhile)
    before = world.store.read(ID)
    lagging, none = [Overdue(ID, NOW - HOUR * 1000, "due#0")], OverduePage([], None)
    page = OverduePage(lagging, None)
    index = reconciling.app.outside.overdue
    monkeypatch.setattr(index, "page", lambda queue, shard, *_: page if (queue, shard) == ("due", 0) else none)
    assert reconciling.run(NOW) == 1
    assert world.store.read(ID) == before
    assert "WorkflowsReconciled" not in output()


def test_nobody_is_named(world, left, reconciling, output):
    """I8: what reconcile logs, measures and hands to an execution has no text and no address."""
    left(rejected(sent(workflow(*THREE_STEPS), 0), 0))
    reconciling.died()
    reconciling.run(NOW + 10 * MINUTE)
    written = output() + str(reconciling.started())
    for personal in ("Hello", "447700900004", "447700900000", "sim-unread", "sim-page", "ACME"):
        assert personal not in written
