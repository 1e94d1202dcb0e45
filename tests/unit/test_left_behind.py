"""What `reconcile` decides about an overdue workflow, as pure functions."""

from dataclasses import replace

import pytest

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, NotTaken, Refused, Unknown
from failover.rules.workflow import overdue, transitions
from failover.rules.workflow.race import lost_signal
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


def test_due():
    """`reconcile` takes on a workflow at the millisecond it is due, and not before."""
    flow = workflow(*TWO_STEPS)
    assert transitions.repair_begun(flow, flow.due_at - 1) is None
    assert transitions.repair_begun(flow, flow.due_at) is not None


def test_repaired_once():
    """A workflow being reconciled is due again a minute later, so a duplicate skips it, and a crash loses a minute."""
    now = NOW + MINUTE
    begun = transitions.repair_begun(workflow(*TWO_STEPS), now)
    assert begun.due_at == now + MINUTE
    assert transitions.repair_begun(begun, now) is None
    assert transitions.repair_begun(begun, now + MINUTE) is not None


def test_beginning_a_repair_changes_only_due_at():
    """Starting to reconcile changes only `due_at`: no timeline entry, no step."""
    flow = workflow(*TWO_STEPS)
    assert replace(transitions.repair_begun(flow, NOW + HOUR * 1000), due_at=flow.due_at) == flow


def test_due_after_the_end():
    """F29: a workflow that has ended is due until its webhooks are queued, and never again."""
    assert over().due_at == NOW + 15 * MINUTE
    known = transitions.published(over(), over().timeline[-1]["sequence"])
    assert known.due_at is None
    assert transitions.repair_begun(known, NOW + WINDOW) is None


@pytest.mark.decision("Last step")
@pytest.mark.parametrize(("answer", "since"), [(Accepted("u"), 500), (Unknown("HTTP 500"), 500), (None, 0)])
def test_unconfirmed(answer, since):
    """F28: a last step without a receipt ends with its window, counted from its answer, else from its claim."""
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
    """`submitted` is no receipt: the message may not have arrived, so the window still ends the workflow."""
    flow = got(sent(workflow("sms"), 0), 0, "submitted", usage={"price": "0.05", "currency": "EUR"})
    ended = transitions.unconfirmed(flow, NOW + WINDOW)
    assert ended.status == "error"
    assert reported(ended) == [{"price": "0.05", "currency": "EUR"}], "the report has the price"


def test_only_the_last_step_is_unconfirmed():
    """Neither a step with an expiry nor a workflow that has ended is ever unconfirmed."""
    assert transitions.unconfirmed(sent(workflow(*TWO_STEPS), 0), NOW + 10 * WINDOW) is None
    ended = got(sent(workflow("sms"), 0), 0, "delivered")
    assert transitions.unconfirmed(ended, NOW + 10 * WINDOW) is None


def test_the_window_is_the_workflows_own():
    """Each workflow keeps the receipt window it was created with."""
    flow = sent(replace(workflow("sms"), receipt_window=HOUR), 0)
    assert transitions.unconfirmed(flow, NOW + HOUR * 1000) is not None


def test_postponed():
    """A moving workflow is checked again after the slack; with its last step claimed, when the window ends."""
    assert transitions.repair_done(workflow(*TWO_STEPS), NOW).due_at == NOW + 4 * MINUTE
    assert transitions.repair_done(replace(sent(workflow("sms"), 0), due_at=NOW), NOW + 5).due_at == NOW + WINDOW
    assert transitions.repair_done(over(), NOW) is None


def test_postponed_to_later_only():
    """A workflow that moved while it was reconciled keeps its own later due time."""
    assert transitions.repair_done(sent(workflow(*TWO_STEPS), 0), NOW) is None


def test_resumed():
    """The next execution has the next number, and the dead one's task token is dropped; the timeline is unchanged."""
    flow = replace(sent(workflow(*TWO_STEPS), 0), task_token="of the dead")
    resumed = transitions.resumed(flow, 1, NOW)
    assert resumed == replace(flow, attempt=2, task_token=None)
    assert transitions.resumed(resumed, 1, NOW) is None, "a duplicate that decides the same comes too late"


@pytest.mark.decision("A workflow whose executions keep dying")
def test_abandoned():
    """The fifth dead execution ends the workflow in error: its last step is unsendable, with one final report."""
    flow = replace(got(sent(workflow(*TWO_STEPS), 0), 0, "rejected"), attempt=transitions.MOST_ATTEMPTS)
    ended = transitions.resumed(flow, transitions.MOST_ATTEMPTS, NOW + 7)
    assert (ended.status, ended.reason) == ("error", "unsendable: the send never began")
    assert [step.outcome for step in ended.steps] == ["rejected", "unsendable"]
    assert [entry["event"] for entry in ended.timeline[-2:]] == ["left", "error"]
    assert (ended.ended_at, ended.attempt) == (NOW + 7, transitions.MOST_ATTEMPTS)


@pytest.mark.parametrize("attempt", [1, transitions.MOST_ATTEMPTS])
def test_nothing_to_resume_once_the_last_step_is_claimed(attempt):
    """If a send outlives its execution and claims the last step, the workflow is neither resumed nor abandoned."""
    flow = replace(transitions.claimed(workflow("sms"), 0, NOW), attempt=attempt)
    assert transitions.resumed(flow, attempt, NOW) is None


def test_nothing_to_resume_once_it_is_over():
    """A workflow that ended while its execution was checked stays unchanged."""
    assert transitions.resumed(over(), 1, NOW) is None


@pytest.mark.parametrize(
    "close",
    [
        lambda flow: got(flow, 0, "rejected"),
        lambda flow: got(flow, 0, "undeliverable"),
        lambda flow: transitions.answered(flow, 0, Refused(422, "422"), NOW),
        lambda flow: transitions.answered(flow, 0, NotTaken("HTTP 503"), NOW),
    ],
)
def test_lost_signal(close):
    """A race that still waits although its step is closed is signalled, while the workflow runs."""
    flow = replace(close(transitions.claimed(workflow(*TWO_STEPS), 0, NOW)), task_token="token")
    assert lost_signal(flow) == ("token", "Rejected")
    assert lost_signal(replace(flow, task_token=None)) is None
    assert lost_signal(transitions.cancelled(flow, NOW)) is None


def test_a_race_that_may_wait():
    """A race whose step is open waits for its expiry: no signal is sent."""
    assert lost_signal(replace(sent(workflow(*TWO_STEPS), 0), task_token="token")) is None


def test_a_race_of_a_step_never_claimed():
    """If every send of the first step failed before the claim, its race waits for the expiry without a signal."""
    assert lost_signal(replace(workflow(*TWO_STEPS), task_token="token")) is None


def test_a_race_of_a_later_step_never_claimed():
    """The race of a later step that was never claimed is signalled: no message of it can be on its way."""
    flow = got(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, "rejected")
    assert lost_signal(replace(flow, task_token="token")) == ("token", "Rejected")


def test_the_step_after_a_race_that_reconcile_ends():
    """When reconcile ends the race of a step that was never claimed, the next one may be claimed at once."""
    flow = workflow(("messenger", "read", 600), ("viber_service_msg", "delivered", 86_400), "sms")
    rejected = replace(got(sent(flow, 0), 0, "rejected"), task_token="of step 1")
    assert lost_signal(rejected) == ("of step 1", "Rejected")
    assert transitions.claimed(rejected, 2, rejected.due_at).steps[1].outcome == "unsendable"


def test_due_after_a_failover():
    """After a failover the next step has the slack to be claimed."""
    flow = got(sent(workflow(*THREE_STEPS), 0), 0, "rejected", NOW + 9)
    assert flow.due_at == NOW + 9 + 4 * MINUTE


def test_due_never_lies_in_the_past():
    """A status long after a step's due time makes its workflow due now, not hours ago."""
    late = NOW + 20 * HOUR * 1000
    assert got(sent(workflow(*TWO_STEPS), 0), 0, "submitted", late).due_at == late
    assert got(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, "submitted", late).due_at == late


def test_the_partitions_take_turns():
    """The partition that comes last rotates every minute, and each partition is visited."""
    orders = [overdue.in_turn(NOW + minute * MINUTE) for minute in range(8)]
    assert all(sorted(order) == list(range(8)) for order in orders)
    assert sorted(order[0] for order in orders) == list(range(8))
    assert overdue.in_turn(NOW) == overdue.in_turn(NOW + MINUTE - 1 - NOW % MINUTE), "the same within a minute"
