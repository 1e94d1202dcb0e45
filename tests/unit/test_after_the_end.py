"""The end of a workflow and what follows: cancels, the totals of the final report, amendments."""

import pytest

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, NotTaken
from failover.rules.workflow import transitions
from tests.acts import reported
from tests.examples import HOUR, NOW, THREE_STEPS, TWO_STEPS, workflow

CENT = {"price": "0.01", "currency": "EUR"}
TWO_CENTS = {"price": "0.02", "currency": "EUR"}
DOLLAR = {"price": "1", "currency": "USD"}


def sent(flow, number, now=NOW):
    return transitions.answered(transitions.claimed(flow, number, now), number, Accepted(f"u{number}"), now)


def got(flow, number, status, usage=None, now=NOW):
    return transitions.received(flow, number, Receipt(status, f"u{number}", None, None, usage=usage), now)


def both_sent():
    """The first step has expired; the second is the last and has been sent."""
    return sent(sent(workflow(*TWO_STEPS), 0), 1, NOW + 600_000)


def events(flow):
    return [entry["event"] for entry in flow.timeline]


def test_cancelled():
    """A cancel ends the workflow at once with one final report; afterwards nothing is claimed or due."""
    flow = transitions.cancelled(sent(workflow(*THREE_STEPS), 0), NOW + 5)
    assert (flow.status, flow.reason, flow.ended_at) == ("cancelled", None, NOW + 5)
    assert flow.timeline[-1] == {"sequence": 4, "at": NOW + 5, "event": "cancelled"}
    assert flow.expires_at == NOW // 1000 + 1 + 90 * 24 * HOUR
    assert transitions.claimed(flow, 1, NOW + HOUR * 1000) is None


def test_cancelling_leaves_the_steps_as_they_are():
    """A cancel closes no step: a sent message may still be delivered, and an unsent step stays pending."""
    flow = transitions.cancelled(sent(workflow(*THREE_STEPS), 0), NOW)
    assert [step.state for step in flow.steps] == ["sent", "pending", "pending"]


@pytest.mark.parametrize(
    "flow",
    [
        got(sent(workflow("sms"), 0), 0, "delivered"),
        got(sent(workflow("sms"), 0), 0, "rejected"),
        transitions.cancelled(workflow("sms"), NOW),
    ],
    ids=lambda flow: flow.status,
)
def test_cancelled_once(flow):
    """A workflow that has ended cannot be cancelled, not even by repeating the request."""
    assert transitions.cancelled(flow, NOW) is None


def test_a_claim_that_was_under_way():
    """The answer of a send claimed before the cancel is recorded, and reopens nothing."""
    flow = transitions.cancelled(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), NOW)
    accepted = transitions.answered(flow, 0, Accepted("u0"), NOW + 1)
    assert (accepted.status, accepted.steps[0].state) == ("cancelled", "sent")
    not_taken = transitions.answered(flow, 0, NotTaken("HTTP 503"), NOW + 1)
    assert (not_taken.status, not_taken.steps[0].state) == ("cancelled", "unsent")
    assert events(not_taken)[-1] == "unsent", "and no step is left any more"


@pytest.mark.parametrize(
    ("end", "event"),
    [
        (lambda flow: got(flow, 1, "delivered"), "completed"),
        (lambda flow: got(flow, 1, "rejected"), "error"),
        (lambda flow: transitions.cancelled(flow, NOW), "cancelled"),
        (lambda flow: transitions.unconfirmed(flow, NOW + 600_000 + 72 * HOUR * 1000), "error"),
    ],
)
def test_totals(end, event):
    """Every ending writes one final entry with the sum of the messages' highest prices, per currency."""
    flow = got(both_sent(), 0, "delivered", CENT)
    flow = got(got(flow, 0, "submitted", TWO_CENTS), 1, "submitted", DOLLAR)
    over = end(flow)
    assert over.timeline[-1]["event"] == event
    assert reported(over) == [TWO_CENTS, DOLLAR]


def test_the_price_of_the_status_that_ends_it():
    """The total includes the price in the status that ends the workflow."""
    assert reported(got(sent(workflow("sms"), 0), 0, "delivered", CENT)) == [CENT]


def test_nothing_charged():
    """Without a price the final entry has no total."""
    assert reported(got(sent(workflow("sms"), 0), 0, "delivered")) == []


def ended():
    """A workflow completed by its last step; the first step had expired without a status."""
    return got(both_sent(), 1, "delivered", CENT)


def test_amended_by_cost():
    """A status after the end that changes the total sends the report again with the new total."""
    flow = got(ended(), 0, "submitted", TWO_CENTS, NOW + HOUR)
    assert flow.timeline[-1] == {"sequence": len(flow.timeline), "at": NOW + HOUR, "event": "amended"}
    assert reported(flow) == [{"price": "0.03", "currency": "EUR"}]
    assert (flow.status, flow.ended_at) == ("completed", ended().ended_at)


def test_amended_by_another_currency():
    """A price in another currency changes the totals too."""
    assert reported(got(ended(), 0, "submitted", DOLLAR)) == [CENT, DOLLAR]


@pytest.mark.decision("An amended report")
@pytest.mark.parametrize("status", ["delivered", "read"])
def test_amended_by_a_second_message(status):
    """A second message that reaches the recipient sends the report again, but only once."""
    flow = got(ended(), 0, status)
    assert events(flow)[-2:] == ["status", "amended"]
    assert reported(flow) == [CENT]
    further = got(flow, 0, "read" if status == "delivered" else "delivered")
    assert events(further)[-1] == "status"


@pytest.mark.parametrize("status", ["submitted", "rejected", "undeliverable"])
def test_not_amended(status):
    """A late status without a cost or a second recipient contact is recorded and changes nothing else."""
    flow = got(ended(), 0, status)
    assert events(flow)[-1] == "status"
    assert flow.timeline[-1]["late"] is True


@pytest.mark.parametrize(
    ("number", "status", "price"),
    [(1, "read", "0.01"), (1, "read", "0.010"), (0, "submitted", "0"), (0, "submitted", "0.00")],
)
def test_not_amended_by_what_adds_no_cost(number, status, price):
    """A repeated price, in any notation, or a price of zero is no cost."""
    flow = got(ended(), number, status, {"price": price, "currency": "EUR"})
    assert events(flow)[-1] == "status"


def test_not_amended_by_the_first_message_that_reached():
    """After a cancel or an error the first message that reaches the recipient does not amend the report."""
    for over in (transitions.cancelled(both_sent(), NOW), got(both_sent(), 1, "rejected")):
        flow = got(over, 0, "delivered")
        assert events(flow)[-1] == "status"


def test_a_message_that_was_said_to_have_failed():
    """A message rejected first and delivered later has reached the recipient; with another one that is twice."""
    flow = got(got(got(both_sent(), 0, "rejected"), 1, "delivered"), 0, "delivered")
    assert flow.steps[0].status == "rejected", "the first of the two decides its step"
    assert events(flow)[-1] == "amended"


def test_amended_each_time_it_changes():
    """Each further price is its own amendment; the one with the highest `sequence` is current."""
    flow = got(got(ended(), 0, "submitted", CENT), 0, "delivered", TWO_CENTS)
    amended = [reported(flow, entry) for entry in flow.timeline if entry["event"] == "amended"]
    assert [totals[0]["price"] for totals in amended] == ["0.02", "0.03"]
    assert sum(event in ("completed", "error", "cancelled") for event in events(flow)) == 1


def test_a_known_status_with_a_new_price():
    """A known status with a new price is recorded and sent as a webhook, and decides nothing again."""
    flow = got(sent(workflow("sms"), 0), 0, "submitted", CENT)
    dearer = got(flow, 0, "submitted", TWO_CENTS)
    assert events(dearer) == [*events(flow), "status"]
    assert dearer.steps == flow.steps
    assert reported(got(dearer, 0, "delivered")) == [TWO_CENTS]


def test_a_known_status_with_a_new_price_after_the_end():
    """The final report is sent again with the new price."""
    flow = got(ended(), 1, "delivered", TWO_CENTS)
    assert events(flow)[-2:] == ["status", "amended"]
    assert reported(flow) == [TWO_CENTS]


@pytest.mark.parametrize("price", [None, "0.01", "0.010", "0.02", "0.020"])
def test_a_known_status_with_a_known_price(price):
    """F12: a repeated price has no effect, in any notation and after any other status."""
    flow = got(got(sent(workflow("sms"), 0), 0, "submitted", CENT), 0, "submitted", TWO_CENTS)
    assert got(flow, 0, "submitted", price and {"price": price, "currency": "EUR"}) is None


def test_a_price_another_message_has_named():
    """Each message has its own price."""
    flow = got(got(both_sent(), 1, "submitted", CENT), 0, "submitted")
    assert got(flow, 0, "submitted", CENT) is not None
