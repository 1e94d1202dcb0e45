"""What a workflow's change comes to: how it ended, after how long, and what was spent."""

from decimal import Decimal

import pytest

from failover.rules.sending.answers import Accepted, Refused, Unknown
from failover.rules.workflow import transitions
from failover.rules.workflow.race import Change
from failover.rules.workflow.results import Completed, Failed, ending, spent
from tests import acts
from tests.acts import LATER, NOW, lived
from tests.examples import TWO_STEPS, workflow


def change(*done):
    """The change that the last of these acts is."""
    return Change(lived(*done[:-1]), lived(*done))


def priced(price, currency="EUR", word="read"):
    return acts.status(0, word, usage={"price": price, "currency": currency})


def test_completed():
    """A completed workflow has the channel that met its condition, and the times since the answer and the POST."""
    answered = acts.answer(0, Accepted("uuid-0"), NOW + 5_000)
    done = change(acts.claim(0, NOW + 1_000), answered, acts.status(0, "read"))
    assert ending(done) == Completed(TWO_STEPS[0][0], 695, 700)


def test_the_step_that_met_the_condition():
    """The channel is that of the step whose condition was met, also if a later one has been sent."""
    done = change(acts.sent(0), acts.sent(1, LATER - 50_000), acts.status(0, "read"))
    assert ending(done).channel == TWO_STEPS[0][0]


def test_a_status_before_the_answer():
    """Without an answer the time counts from the claim."""
    assert ending(change(acts.claim(0, NOW + 1_000), acts.status(0, "read"))).seconds_to_condition == 699


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (acts.answer(1, Refused(422, "no"), LATER), "refused"),
        (lambda flow: transitions.received(flow, 1, acts.Receipt("rejected", None, None, None), LATER), "rejected"),
        (lambda flow: transitions.unconfirmed(flow, LATER + 10**10), "unconfirmed"),
    ],
)
def test_failed(last, reason):
    """A failed workflow has the outcome of its last step."""
    assert ending(change(acts.sent(0), acts.claim(1, LATER), last)) == Failed(reason)


def test_one_change_ends_a_workflow():
    """No other change is an ending: not a step before it, not a status after it, not a cancel."""
    assert ending(change(acts.claim(0))) is None
    assert ending(change(acts.sent(0), acts.status(0, "rejected"))) is None
    assert ending(change(acts.claim(0), acts.answer(0, Unknown("lost")))) is None
    assert ending(change(acts.sent(0), acts.status(0, "read"), priced("0.03"))) is None
    assert ending(change(acts.sent(0), acts.cancelled)) is None


def test_a_price():
    """A callback's price is spent once; a price that rises is spent by the difference, one that falls is not."""
    assert spent(change(acts.sent(0), priced("0.03"))) == {"EUR": Decimal("0.03")}
    assert spent(change(acts.sent(0), acts.status(0, "delivered"))) == {}
    dearer = change(acts.sent(0), priced("0.03", word="delivered"), priced("0.05"))
    assert spent(dearer) == {"EUR": Decimal("0.02")}
    assert spent(change(acts.sent(0), priced("0.03", word="delivered"), priced("0.01"))) == {}


def test_a_price_in_another_currency():
    """A price in another currency replaces the one before, so that the sums of both stay right."""
    replaced = change(acts.sent(0), priced("0.03", word="delivered"), priced("0.04", "USD"))
    assert spent(replaced) == {"EUR": Decimal("-0.03"), "USD": Decimal("0.04")}


def test_nothing_is_spent_without_callbacks():
    """A change that adds nothing to the timeline spends nothing."""
    flow = workflow(*TWO_STEPS)
    assert spent(Change(flow, flow)) == {}
