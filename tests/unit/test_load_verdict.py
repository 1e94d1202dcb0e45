"""The verdict of a load finds what it is there to find."""

from collections import Counter
from dataclasses import replace

import pytest

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, Unknown
from failover.rules.workflow import publication, transitions
from local.load import verdict
from tests.examples import NOW, TWO_STEPS, workflow


def failed_over():
    """Messenger expired, the SMS was delivered."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW)
    flow = transitions.answered(flow, 0, Accepted("uuid-0"), NOW)
    later = NOW + 601_000
    flow = transitions.answered(transitions.claimed(flow, 1, later), 1, Accepted("uuid-1"), later)
    return transitions.received(flow, 1, Receipt("delivered", "uuid-1", None, None), later + 500)


def judged(flow, requests=None, told=None):
    everything = {(flow.id, entry["sequence"]) for entry in publication.webhooks(flow)}
    counted = Counter(requests or {f"{flow.id}.0": 1, f"{flow.id}.1": 1})
    return verdict.broken({flow.id}, {flow.id: flow}, counted, everything if told is None else told)


def with_timeline(flow, *order):
    return replace(flow, timeline=tuple(flow.timeline[number] for number in order))


def test_nothing_broken():
    """A life as it should be has no violation."""
    assert judged(failed_over()) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda flow: replace(flow, status="running"), "I5"),
        (lambda flow: replace(flow, timeline=(*flow.timeline, flow.timeline[-1])), "I1"),
        (lambda flow: with_timeline(flow, 0, 1, 2, 4, 3, 5, 6, 7), "I2"),
        (lambda flow: with_timeline(flow, 0, 1, 2, 3, 7, 4, 5, 6), "I4"),
        (lambda flow: with_timeline(flow, 0, 1, 1, 2, 3, 4, 5, 6, 7), "I3"),
    ],
)
def test_broken_timelines(change, found):
    """Each invariant of a timeline is missed when it does not hold."""
    assert [entry["event"] for entry in failed_over().timeline] == [
        *("accepted", "sending", "sent", "left", "sending", "sent", "status", "completed")
    ]
    assert any(found in violation for violation in judged(change(failed_over())))


def early(flow, **step):
    """The same workflow, as if its first step had been claimed or answered at another time."""
    return replace(flow, steps=(replace(flow.steps[0], **step), *flow.steps[1:]))


@pytest.mark.parametrize(
    ("step", "violations"),
    [
        ({"answered_at": NOW + 1000}, 0),
        ({"answered_at": NOW + 1001}, 1),
        ({"answered_at": NOW + 602_000}, 1),
        ({"answered_at": None}, 1),
        ({"answered_at": None, "claimed_at": NOW - 38_000}, 0),
    ],
)
def test_left_early(step, violations):
    """I2: a step that was left before its expiry after its answer is found, also where the answer came later still."""
    assert len(judged(early(failed_over(), **step))) == violations


@pytest.mark.parametrize(("answer", "violations"), [(Unknown("HTTP 500"), 0), (Accepted("uuid-1"), 1)])
def test_a_last_message_nobody_knows_of(answer, violations):
    """A workflow that can only wait for a receipt is no violation, where the message may never have been sent."""
    flow = transitions.claimed(workflow("sms"), 0, NOW)
    assert judged(flow) == []
    assert len(judged(transitions.answered(flow, 0, answer, NOW))) == violations


def test_requested_twice():
    """I3: two requests of one message are found."""
    assert any("I3" in violation for violation in judged(failed_over(), requests={"some.0": 2}))


def test_webhook_missing():
    """I10: a webhook that did not come is found."""
    assert len(judged(failed_over(), told=set())) == 2


def test_lost():
    """What was accepted and is nowhere is found."""
    assert verdict.broken({"gone"}, {}, Counter(), set()) == ["lost: gone was accepted but is not in the table"]


def test_figures():
    """Lateness counts from the expiry, and a webhook's lag from its entry."""
    flow = failed_over()
    assert verdict.lateness([flow]) == [1.0]
    report = flow.timeline[-1]
    first = {(flow.id, report["sequence"]): report["at"] / 1000 + 2}
    assert verdict.webhook_lags({flow.id: flow}, first) == pytest.approx([2.0])
    assert verdict.quantiles([1.0, 2.0, 3.0]).startswith("p50   2.000 s   p95   3.000 s   p99   3.000 s")
