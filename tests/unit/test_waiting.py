"""A step that waits for its turn: it is pending, its expiry has not begun, and its wait is bounded and explained."""

from dataclasses import replace

import pytest

from failover.rules.pacing.lane import Turn
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.workflow import itinerary, transitions
from failover.rules.workflow.overdue import SLACK
from failover.rules.workflow.state import from_plain, to_plain
from tests.examples import NOW, THREE_STEPS, TWO_STEPS, workflow

TURN = Turn(NOW + 30_000, 500)
UNTIL = NOW + 900_000


def claimed(number=0, at=NOW, *, flow=None):
    return transitions.claimed(flow or workflow(*TWO_STEPS), number, at)


def released(flow, number=0, at=NOW + 1000, reason="HTTP 429"):
    return transitions.released(flow, number, flow.steps[number], reason, UNTIL, at)


def events(flow):
    return [entry["event"] for entry in flow.timeline]


@pytest.mark.decision("A step that waits for its turn")
def test_waiting():
    """A step that waits is pending, its turn is recorded, and the timeline says once that it waits."""
    flow = transitions.waiting(workflow(*TWO_STEPS), 0, TURN, UNTIL, NOW)
    step = flow.steps[0]
    assert (step.state, step.waiting_since, step.turn_at, step.turn_shift) == ("pending", NOW, NOW + 30_000, 500)
    assert events(flow) == ["accepted", "waiting"]
    assert transitions.waiting(flow, 0, TURN, UNTIL, NOW + 5) is None, "a twin does not take another turn"
    assert from_plain(to_plain(flow)) == flow


def test_due_while_it_waits():
    """A step that waits is overdue once its patience has ended, so `reconcile` does not look at it before."""
    assert transitions.waiting(workflow(*TWO_STEPS), 0, TURN, UNTIL, NOW).due_at == UNTIL + SLACK * 1000
    assert released(claimed()).due_at == UNTIL + SLACK * 1000
    flow = transitions.answered(claimed(), 0, Accepted("u"), NOW)
    flow = transitions.waiting(flow, 1, TURN, UNTIL, NOW + 700_000)
    assert transitions.received(flow, 0, Receipt("delivered", "u", None, None), NOW + 700_000).due_at > NOW + 700_000


@pytest.mark.decision("A step that waits for its turn")
def test_the_expiry_begins_with_the_send():
    """However long a step has waited, its whole expiry counts from the answer to its send."""
    flow = transitions.waiting(workflow(*TWO_STEPS), 0, TURN, UNTIL, NOW)
    flow = transitions.answered(claimed(at=NOW + 800_000, flow=flow), 0, Accepted("u"), NOW + 800_000)
    with pytest.raises(transitions.TooEarly):
        claimed(1, NOW + 800_000 + 599_999, flow=flow)
    assert claimed(1, NOW + 800_000 + 600_000, flow=flow).steps[0].outcome == "expired"


def test_the_step_before_stays_open():
    """While a step waits, a status of the step before it still completes the workflow."""
    flow = transitions.answered(claimed(), 0, Accepted("u"), NOW)
    flow = transitions.waiting(flow, 1, TURN, NOW + 1_600_000, NOW + 700_000)
    assert flow.steps[0].outcome is None
    assert itinerary.itinerary(flow, NOW + 700_000)["rest"]["step"]["number"] == 1


def test_over_meanwhile():
    """A step does not begin to wait, and is not given up, once the workflow is over or a later step has begun."""
    over = transitions.cancelled(workflow(*TWO_STEPS), NOW)
    later = claimed(1, NOW + 700_000)
    for flow in (over, later):
        assert transitions.waiting(flow, 0, TURN, UNTIL, NOW) is None
        assert transitions.given_up(flow, 0, 900, NOW) is None


@pytest.mark.decision("Certainly not sent")
def test_released():
    """A claim whose message was not taken is released: the step is pending again, and can be claimed again."""
    flow = released(claimed())
    step = flow.steps[0]
    assert (step.state, step.claimed_at, step.waiting_since, step.releases) == ("pending", None, NOW + 1000, 1)
    assert flow.timeline[-1] == {"sequence": 3, "at": NOW + 1000, "event": "postponed", "step": 0, "reason": "HTTP 429"}
    assert events(claimed(at=NOW + 2000, flow=flow))[-1] == "sending"
    assert from_plain(to_plain(flow)) == flow


def test_only_ones_own_claim():
    """No process releases the claim of another one: the message of that may have been taken."""
    mine = claimed()
    again = claimed(at=NOW + 5000, flow=released(mine))
    assert transitions.released(again, 0, mine.steps[0], "HTTP 429", UNTIL, NOW + 6000) is None
    same_instant = claimed(at=NOW, flow=released(mine, at=NOW))
    assert transitions.released(same_instant, 0, mine.steps[0], "HTTP 429", UNTIL, NOW) is None
    assert transitions.released(released(mine), 0, mine.steps[0], "HTTP 429", UNTIL, NOW + 6000) is None


def test_not_released():
    """A claim stays if its message is no longer wanted: the workflow is over, or the step has an outcome."""
    flow = claimed()
    assert transitions.released(transitions.cancelled(flow, NOW), 0, flow.steps[0], "HTTP 429", UNTIL, NOW) is None
    passed = claimed(1, NOW + 700_000, flow=flow)
    assert transitions.released(passed, 0, flow.steps[0], "HTTP 429", UNTIL, NOW + 700_000) is None


@pytest.mark.parametrize("status", ["submitted", "delivered", "rejected", "queued"])
def test_taken_after_all(status):
    """I3: a status of a message whose claim was released proves that it was taken: it is not requested again."""
    flow = transitions.received(released(claimed()), 0, Receipt(status, "u", None, None), NOW + 2000)
    assert (flow.steps[0].phase, flow.steps[0].statuses) == ("unknown", (status,))
    assert transitions.claimed(flow, 0, NOW + 3000) is None
    assert transitions.waiting(flow, 0, TURN, UNTIL, NOW + 3000) is None
    if flow.steps[0].outcome is None:
        with pytest.raises(transitions.TooEarly):
            transitions.claimed(flow, 1, NOW + 2000 + 599_999)
    assert transitions.claimed(flow, 1, NOW + 2000 + 600_000).steps[1].phase == "claimed"


def test_a_status_of_what_was_never_requested():
    """A status of a step that only waits is of no message of it, and changes nothing."""
    flow = transitions.waiting(workflow(*TWO_STEPS), 0, TURN, UNTIL, NOW)
    assert transitions.received(flow, 0, Receipt("delivered", "u", None, None), NOW) is None


def test_under_way():
    """Until a claim has an answer or a status, or its time is over, its request may be under way."""
    flow = claimed()
    assert transitions.under_way_until(flow, 0) == NOW + 30_000
    assert transitions.under_way_until(released(flow), 0) == 0
    assert transitions.under_way_until(transitions.answered(flow, 0, Accepted("u"), NOW), 0) == 0
    assert transitions.under_way_until(transitions.cancelled(flow, NOW), 0) == 0


def test_a_turn_is_kept():
    """A released step keeps its turn, which has come: it does not go to the end of the line."""
    flow = transitions.waiting(workflow(*TWO_STEPS), 0, TURN, UNTIL, NOW)
    flow = released(claimed(at=TURN.at, flow=flow), at=TURN.at + 300)
    assert (flow.steps[0].turn_at, flow.steps[0].waiting_since) == (TURN.at, NOW)


def test_endless_releases():
    """A message that is refused without end fills the timeline no further than with its first three refusals."""
    flow = workflow(*TWO_STEPS)
    for number in range(50):
        flow = released(claimed(at=NOW + number, flow=flow))
    assert (events(flow).count("postponed"), events(flow).count("sending")) == (3, 4)
    assert flow.steps[0].releases == 50


@pytest.mark.decision("A step that waits for its turn")
@pytest.mark.parametrize(
    ("flow", "reason"),
    [
        (workflow(*THREE_STEPS), "unsendable: no turn within 900 s"),
        (released(claimed(flow=workflow(*THREE_STEPS))), "unsendable: not taken for 900 s: HTTP 429"),
    ],
    ids=["no turn", "not taken"],
)
def test_given_up(flow, reason):
    """A step that has waited for too long is left with that reason, and the next one can be sent."""
    flow = transitions.given_up(flow, 0, 900, NOW + 900_000)
    assert (flow.running, flow.steps[0].state, flow.timeline[-1]["reason"]) == (True, "unsendable", reason)
    assert transitions.claimed(flow, 0, NOW + 900_000) is None, "it is not sent afterwards"
    assert transitions.claimed(flow, 1, NOW + 900_000).steps[1].phase == "claimed"
    assert itinerary.itinerary(flow, NOW + 900_000)["rest"]["step"]["number"] == 1


def test_the_last_step_is_given_up():
    """If the last step has waited for too long, the workflow ends in error, and says why; earlier steps are closed."""
    flow = transitions.answered(claimed(), 0, Accepted("u"), NOW)
    with pytest.raises(transitions.TooEarly):
        transitions.given_up(flow, 1, 900, NOW + 1000)
    flow = transitions.given_up(flow, 1, 900, NOW + 1_600_000)
    assert (flow.status, flow.reason) == ("error", "unsendable: no turn within 900 s")
    assert flow.steps[0].outcome == "expired"


def test_cancelled_while_it_waits():
    """A step that waits is cancelled as one that was never sent."""
    flow = transitions.cancelled(released(claimed()), NOW + 2000)
    assert transitions.claimed(flow, 0, NOW + 3000) is None


def test_resumed_while_it_waits():
    """An execution that dies while its step waits is resumed at that step."""
    flow = transitions.waiting(workflow(*TWO_STEPS), 0, TURN, UNTIL, NOW)
    flow = transitions.resumed(flow, 1, NOW + 1000)
    assert (flow.attempt, flow.steps[0].turn_at) == (2, TURN.at)
    assert itinerary.itinerary(flow, NOW)["rest"]["step"]["number"] == 0
    assert replace(flow, attempt=1).running


def test_a_closed_step_stays_closed():
    """A step that was left because its send never began is not sent once the step after it waits for its turn."""
    flow = claimed(1, NOW + 700_000)
    assert (flow.steps[0].phase, flow.steps[0].outcome) == ("pending", "unsendable")
    flow = released(flow, 1, NOW + 701_000)
    assert claimed(0, NOW + 702_000, flow=flow) is None
    assert claimed(1, NOW + 702_000, flow=flow) is not None
