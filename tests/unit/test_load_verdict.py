"""The load test's verdict finds every violation it exists for."""

from collections import Counter
from dataclasses import replace

import pytest

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, NotTaken, Unknown
from failover.rules.workflow import publication, transitions
from local.load import verdict
from tests.examples import NOW, TWO_STEPS, workflow


def failed_over():
    """Messenger expired; the SMS was delivered."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW)
    flow = transitions.answered(flow, 0, Accepted("uuid-0"), NOW)
    later = NOW + 601_000
    flow = transitions.answered(transitions.claimed(flow, 1, later), 1, Accepted("uuid-1"), later)
    return transitions.received(flow, 1, Receipt("delivered", "uuid-1", None, None), later + 500)


def judged(flow, requests=None, received=None):
    everything = {(flow.id, entry["sequence"]) for entry in publication.webhooks(flow)}
    counted = Counter(requests or {f"{flow.id}.0": 1, f"{flow.id}.1": 1})
    return verdict.broken({flow.id}, {flow.id: flow}, counted, everything if received is None else received)


def with_timeline(flow, *order):
    return replace(flow, timeline=tuple(flow.timeline[number] for number in order))


def test_nothing_broken():
    """A correct workflow has no violations."""
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
    """A timeline that breaks an invariant is found."""
    assert [entry["event"] for entry in failed_over().timeline] == [
        *("accepted", "sending", "sent", "left", "sending", "sent", "status", "completed")
    ]
    assert any(found in violation for violation in judged(change(failed_over())))


def early(flow, **step):
    """The same workflow with its first step claimed or answered at another time."""
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
    """I2: a step closed before its expiry after the answer is found, even if the answer came still later."""
    assert len(judged(early(failed_over(), **step))) == violations


@pytest.mark.parametrize(("answer", "violations"), [(Unknown("HTTP 500"), 0), (Accepted("uuid-1"), 1)])
def test_a_last_message_without_an_answer(answer, violations):
    """A workflow that waits for a receipt is no violation if its message may never have been sent."""
    flow = transitions.claimed(workflow("sms"), 0, NOW)
    assert judged(flow) == []
    assert len(judged(transitions.answered(flow, 0, answer, NOW))) == violations


def test_requested_twice():
    """I3: two requests for one message are found."""
    assert any("I3" in violation for violation in judged(failed_over(), requests={"some.0": 2}))


def postponed(flow, *, event="postponed", step=0):
    """The same workflow, whose first claim was released and taken again."""
    released = {**flow.timeline[1], "event": event, "step": step, "reason": "HTTP 429"}
    return replace(flow, timeline=(*flow.timeline[:2], released, *flow.timeline[1:]))


@pytest.mark.parametrize(("more", "violations"), [({}, 0), ({"step": 1}, 1), ({"event": "waiting"}, 1)])
def test_claimed_again(more, violations):
    """I3: a step may be claimed again only after its own claim was postponed."""
    found = judged(postponed(failed_over(), **more))
    assert len([violation for violation in found if "I3" in violation]) == violations


def given_up(number):
    """The step with this number was never taken; the others were delivered, or expired."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW)
    answers = [Accepted("uuid-0"), Accepted("uuid-1")]
    answers[number] = NotTaken("HTTP 429")
    flow = transitions.answered(flow, 0, answers[0], NOW)
    flow = transitions.answered(transitions.claimed(flow, 1, NOW + 601_000), 1, answers[1], NOW + 601_500)
    return flow if number else transitions.received(flow, 1, Receipt("delivered", "uuid-1", None, None), NOW + 602_000)


def test_the_last_hope():
    """A last message that was never sent is lost, and an earlier one is not: the next step was."""
    first, last = given_up(0), given_up(1)
    assert [entry["step"] for entry in verdict.unsendable(first)] == [0]
    assert judged(first) == []
    assert judged(last) == [f"{last.id}: lost: the last step was never sent, unsendable: HTTP 429"]


@pytest.mark.parametrize(("seconds", "under_way"), [(0, True), (89, True), (90, False)])
def test_a_last_send_under_way(seconds, under_way):
    """The load waits for the last send as long as it may go on, and then takes its process for dead."""
    flow = transitions.claimed(workflow("sms"), 0, NOW)
    assert verdict.silent(flow)
    assert verdict.sending(flow, NOW + seconds * 1000) == under_way
    assert not verdict.sending(transitions.answered(flow, 0, Unknown("HTTP 500"), NOW), NOW)


def test_webhook_missing():
    """I10: a missing webhook is found."""
    assert len(judged(failed_over(), received=set())) == 2


def test_lost():
    """An accepted workflow that no longer exists is found."""
    assert verdict.broken({"gone"}, {}, Counter(), set()) == ["lost: gone was accepted but is not in the table"]


def test_figures():
    """Lateness counts from the expiry, a webhook's lag from its entry."""
    flow = failed_over()
    assert verdict.lateness([flow]) == [1.0]
    report = flow.timeline[-1]
    first = {(flow.id, report["sequence"]): report["at"] / 1000 + 2}
    assert verdict.webhook_lags({flow.id: flow}, first) == pytest.approx([2.0])
    assert verdict.quantiles([1.0, 2.0, 3.0]).startswith("p50   2.000 s   p95   3.000 s   p99   3.000 s")
