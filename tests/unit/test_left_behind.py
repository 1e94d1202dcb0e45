"""What reconcile decides of a workflow that is overdue: pure decisions, taken one by one."""

from dataclasses import replace

import pytest

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, NotTaken, Refused, Unknown
from failover.rules.workflow import overdue, transitions
from failover.rules.workflow.race import lost_signal
from failover.rules.workflow.state import from_plain, to_plain
from tests.acts import reported
from tests.examples import HOUR, NOW, THREE_STEPS, TWO_STEPS, workflow

WINDOW = 72 * HOUR * 1000
MINUTE = 60_000


def sent(flow, number, now=NOW):
    return transitions.answered(transitions.claimed(flow, number, now), number, Accepted(f"uuid-{number}"), now)


def got(flow, number, status, now=NOW, **more):
    return transitions.received(flow, number, Receipt(status, f"uuid-{number}", None, None, **more), now)


def over():
    return transitions.cancelled(workflow(*TWO_STEPS), NOW)


def test_taken_when_it_is_due():
    """An overdue workflow is taken at the millisecond it is due, and not before."""
    flow = workflow(*TWO_STEPS)
    assert transitions.repair_begun(flow, flow.due_at - 1) is None
    assert transitions.repair_begun(flow, flow.due_at) is not None


def test_taken_once():
    """Who has been taken is due again a minute later, so a twin finds nothing to do, and a crash loses a minute."""
    now = NOW + MINUTE
    taken = transitions.repair_begun(workflow(*TWO_STEPS), now)
    assert taken.due_at == now + MINUTE
    assert transitions.repair_begun(taken, now) is None
    assert transitions.repair_begun(taken, now + MINUTE) is not None


def test_taking_changes_nothing_else():
    """Being taken leaves no trace but the time it is due: no entry in the timeline, no step touched."""
    flow = workflow(*TWO_STEPS)
    assert replace(transitions.repair_begun(flow, NOW + HOUR * 1000), due_at=flow.due_at) == flow


def test_who_is_over():
    """F29: a workflow that is over is due once more, until its webhooks are known to be queued; then never again."""
    assert over().due_at == NOW + 15 * MINUTE
    known = transitions.published(over(), over().timeline[-1]["sequence"])
    assert known.due_at is None
    assert transitions.repair_begun(known, NOW + WINDOW) is None


@pytest.mark.decision("Last step")
@pytest.mark.parametrize(("answer", "since"), [(Accepted("u"), 500), (Unknown("HTTP 500"), 500), (None, 0)])
def test_unconfirmed(answer, since):
    """F28: a last step without a receipt is left when its window ends, counted from its answer, or else its claim."""
    flow = transitions.claimed(workflow("sms"), 0, NOW)
    if answer is not None:
        flow = transitions.answered(flow, 0, answer, NOW + since)
    end = NOW + since + WINDOW
    assert flow.due_at == end
    assert transitions.unconfirmed(flow, end - 1) is None
    ended = transitions.unconfirmed(flow, end)
    assert (ended.status, ended.reason, ended.steps[0].outcome) == ("error", "unconfirmed", "unconfirmed")
    assert (ended.ended_at, ended.expires_at) == (end, end // 1000 + (end % 1000 > 0) + 90 * 24 * HOUR)
    left, final = ended.timeline[-2:]
    assert left == {
        "sequence": left["sequence"],
        "at": end,
        "event": "left",
        "step": 0,
        "outcome": "unconfirmed",
        "reason": "unconfirmed",
    }
    assert (final["event"], final["step"], final["reason"], final["at"]) == ("error", 0, "unconfirmed", end)


def test_unconfirmed_although_submitted():
    """`submitted` is no receipt: the person may have nothing, so the window still ends the workflow."""
    flow = got(sent(workflow("sms"), 0), 0, "submitted", usage={"price": "0.05", "currency": "EUR"})
    ended = transitions.unconfirmed(flow, NOW + WINDOW)
    assert ended.status == "error"
    assert reported(ended) == [{"price": "0.05", "currency": "EUR"}], "what was charged is in the report"


def test_only_the_last_step_is_unconfirmed():
    """A step with a timer is never unconfirmed, however long it is silent; nor is a workflow that is over."""
    assert transitions.unconfirmed(sent(workflow(*TWO_STEPS), 0), NOW + 10 * WINDOW) is None
    ended = got(sent(workflow("sms"), 0), 0, "delivered")
    assert transitions.unconfirmed(ended, NOW + 10 * WINDOW) is None


def test_the_window_is_the_workflows_own():
    """Each workflow keeps the window it was created with."""
    flow = sent(replace(workflow("sms"), receipt_window=HOUR), 0)
    assert transitions.unconfirmed(flow, NOW + HOUR * 1000) is not None


def test_postponed():
    """A workflow that moves is looked at again after the slack; with its last step claimed, when the window ends."""
    assert transitions.repair_done(workflow(*TWO_STEPS), NOW).due_at == NOW + 4 * MINUTE
    assert transitions.repair_done(replace(sent(workflow("sms"), 0), due_at=NOW), NOW + 5).due_at == NOW + WINDOW
    assert transitions.repair_done(over(), NOW) is None


def test_postponed_to_later_only():
    """A workflow that has moved while it was looked after keeps its own, later time."""
    assert transitions.repair_done(sent(workflow(*TWO_STEPS), 0), NOW) is None


def test_resumed():
    """The next execution has the next number, and the dead one's task token is forgotten; the timeline says nothing."""
    flow = replace(sent(workflow(*TWO_STEPS), 0), task_token="of the dead")
    resumed = transitions.resumed(flow, 1, NOW)
    assert resumed == replace(flow, attempt=2, task_token=None)
    assert transitions.resumed(resumed, 1, NOW) is None, "its twin has found the same, and comes later"


@pytest.mark.decision("A workflow whose executions keep dying")
def test_abandoned():
    """The fifth execution that dies ends the workflow in error, its last step unsendable, with one final report."""
    flow = replace(got(sent(workflow(*TWO_STEPS), 0), 0, "rejected"), attempt=transitions.MOST_ATTEMPTS)
    ended = transitions.resumed(flow, transitions.MOST_ATTEMPTS, NOW + 7)
    assert (ended.status, ended.reason) == ("error", "unsendable: the send never began")
    assert [step.outcome for step in ended.steps] == ["rejected", "unsendable"]
    assert [entry["event"] for entry in ended.timeline[-2:]] == ["left", "error"]
    assert (ended.ended_at, ended.attempt) == (NOW + 7, transitions.MOST_ATTEMPTS)


@pytest.mark.parametrize("attempt", [1, transitions.MOST_ATTEMPTS])
def test_nothing_to_resume_once_the_last_step_is_claimed(attempt):
    """A send may outlive its execution and claim the last step: that is neither resumed nor given up as unsendable."""
    flow = replace(transitions.claimed(workflow("sms"), 0, NOW), attempt=attempt)
    assert transitions.resumed(flow, attempt, NOW) is None


def test_nothing_to_resume_once_it_is_over():
    """A workflow that ended while its execution was looked at stays as it is."""
    assert transitions.resumed(over(), 1, NOW) is None


@pytest.mark.parametrize(
    "left",
    [
        lambda flow: got(flow, 0, "rejected"),
        lambda flow: got(flow, 0, "undeliverable"),
        lambda flow: transitions.answered(flow, 0, Refused(422, "422"), NOW),
        lambda flow: transitions.answered(flow, 0, NotTaken("HTTP 503"), NOW),
    ],
)
def test_unheard(left):
    """A race that waits although its step has been left is told so, while the workflow runs."""
    flow = replace(left(transitions.claimed(workflow(*TWO_STEPS), 0, NOW)), task_token="token")
    assert lost_signal(flow) == ("token", "Rejected")
    assert lost_signal(replace(flow, task_token=None)) is None
    assert lost_signal(transitions.cancelled(flow, NOW)) is None


def test_a_race_that_may_wait():
    """A race whose step is open waits for its expiry: nothing is told."""
    assert lost_signal(replace(sent(workflow(*TWO_STEPS), 0), task_token="token")) is None


def test_a_race_of_a_step_never_claimed():
    """The first step's send may fail before its claim, every time: its race waits for the expiry, untold."""
    assert lost_signal(replace(workflow(*TWO_STEPS), task_token="token")) is None


def test_a_race_of_a_later_step_never_claimed():
    """A later step's race is told where its send never claimed it: nothing of it is on its way."""
    flow = got(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, "rejected")
    assert lost_signal(replace(flow, task_token="token")) == ("token", "Rejected")


def test_the_step_after_a_race_that_reconcile_ends():
    """When reconcile ends the race of a step that was never claimed, the next one may be claimed at once."""
    flow = workflow(("messenger", "read", 600), ("viber_service_msg", "delivered", 86_400), "sms")
    rejected = replace(got(sent(flow, 0), 0, "rejected"), task_token="of step 1")
    assert lost_signal(rejected) == ("of step 1", "Rejected")
    assert transitions.claimed(rejected, 2, rejected.due_at).steps[1].outcome == "unsendable"


def test_due_for_a_step_that_was_left():
    """The next step has the slack to be claimed."""
    flow = got(sent(workflow(*THREE_STEPS), 0), 0, "rejected", NOW + 9)
    assert flow.due_at == NOW + 9 + 4 * MINUTE


def test_due_never_lies_in_the_past():
    """A status that comes long after a step was due makes its workflow due now, not hours ago."""
    late = NOW + 20 * HOUR * 1000
    assert got(sent(workflow(*TWO_STEPS), 0), 0, "submitted", late).due_at == late
    assert got(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, "submitted", late).due_at == late


def test_the_partitions_take_turns():
    """Whatever is left at the end of a run belongs to another partition each minute, and none is left out."""
    orders = [overdue.in_turn(NOW + minute * MINUTE) for minute in range(8)]
    assert all(sorted(order) == list(range(8)) for order in orders)
    assert sorted(order[0] for order in orders) == list(range(8))
    assert overdue.in_turn(NOW) == overdue.in_turn(NOW + MINUTE - 1 - NOW % MINUTE), "the same within a minute"


def test_a_step_of_a_later_version():
    """A field that this version does not know, of the workflow or of a step, keeps nobody from looking after it."""
    flow = workflow(*TWO_STEPS)
    plain = to_plain(flow)
    later = {**plain, "new": 1, "steps": [{**step, "new": 1} for step in plain["steps"]]}
    assert from_plain(later) == flow
