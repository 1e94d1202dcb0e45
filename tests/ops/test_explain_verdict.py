"""Why a workflow was late: each rule by a case, made by the product's own transitions."""

from dataclasses import replace

import pytest

from failover.rules.pacing.lane import Turn
from failover.rules.sending.answers import Accepted, Refused, Unknown
from failover.rules.workflow import publication, transitions
from ops.explain.story import Attempt, Execution, Story, Webhook, seconds
from ops.explain.verdict import verdict
from tests import acts
from tests.acts import LATER, NOW, lived

SECOND = 1000


def at(flow_at, act):
    """An act of `tests.acts` that happens at another time: `LATER` plus so many milliseconds."""

    def moved(flow):
        after = act(flow)
        added = len(after.timeline) - len(flow.timeline)
        timeline = [*after.timeline[:-added], *({**one, "at": flow_at} for one in after.timeline[-added:])]
        ended = flow_at if after.ended_at is not None else None
        return replace(after, timeline=tuple(timeline), ended_at=ended)

    return moved


def waited(number, until):
    """A step that waits for its turn from NOW on, and is claimed then."""
    return (
        lambda flow: transitions.waiting(flow, number, Turn(until, None), until, NOW),
        lambda flow: transitions.claimed(flow, number, until),
    )


def told(*done, now=LATER, **more):
    """The verdict about a workflow that these acts have led to."""
    return verdict(Story(lived(*done), now, **more))


def started(milliseconds):
    return (Execution(1, "SUCCEEDED", NOW + milliseconds),)


def test_nothing_unusual():
    """A message that is read at once is not late, and the first line says how long it took."""
    lines = told(acts.sent(0), at(NOW + 3 * SECOND, acts.status(0, "read")))
    assert lines == [
        "Step 0 (messenger) met its condition, read, 3.0 s after the request.",
        "Nothing took unusually long.",
    ]


def test_a_turn():
    """A step that waited for its turn at the vendor's limit is named with its time."""
    lines = told(*waited(0, NOW + 412 * SECOND), acts.answer(0, Accepted("u"), NOW + 412 * SECOND))
    assert "Step 0 (messenger) waited 412 s for its turn at the vendor's limit." in lines


def test_a_message_that_is_not_taken():
    """A step that was requested again and again says how often, and the vendor's reason."""

    def released(flow):
        return transitions.released(flow, 0, flow.steps[0], "HTTP 429", LATER, NOW + SECOND)

    lines = told(acts.claim(0), released, acts.sent(0, NOW + 61 * SECOND))
    assert "Step 0 (messenger) was not taken by the vendor once (HTTP 429), which took 60 s." in lines


def test_left_without_a_turn():
    """A step that was given up after its patience says so."""
    lines = told(waited(0, NOW)[0], lambda flow: transitions.given_up(flow, 0, 900, NOW + 900 * SECOND))
    assert "Step 0 (messenger) waited 15 min for its turn at the vendor's limit, and was left without a send." in lines


def test_a_late_start():
    """An execution that started long after the request is named with its time."""
    lines = told(acts.sent(0, NOW + 60 * SECOND), executions=started(60 * SECOND))
    assert lines[1] == ("The execution started 60 s after the request: Step Functions did not take it at once.")
    assert len(lines) == 2, "the send itself was not late"


def test_not_started_yet():
    """Without an execution nothing has failed or was slow: the workflow has not been started."""
    lines = told(now=NOW + 60 * SECOND, executions=())
    assert lines[1:] == ["No execution has been started for 60 s: Step Functions has not taken it yet."]


def test_a_send_that_failed_before_its_claim():
    """If the execution started at once, a late first send failed before, or its function was slow."""
    lines = told(acts.sent(0, NOW + 60 * SECOND), executions=started(0))
    assert "Step 0 (messenger) was first tried 60 s later than it could: its send failed or was slow." in lines


def test_a_slow_answer():
    """A Messages API that took long to answer is named with its time."""
    lines = told(acts.claim(0), acts.answer(0, Accepted("u"), NOW + 14 * SECOND))
    assert "The Messages API took 14 s to answer the send of step 0." in lines


def test_a_lost_answer():
    """If it is unknown whether the message was accepted, the expiry was spent on it."""
    lines = told(acts.claim(0), acts.answer(0, Unknown("connection reset"), NOW), acts.claim(1, LATER))
    expected = (
        "It is unknown whether the message of step 0 was accepted (connection reset), so 12 min were spent on its"
    )
    assert any(line.startswith(expected) for line in lines)


def test_an_expiry():
    """A step that expired says what was missing; that the next one was sent then is as asked."""
    lines = told(acts.sent(0, NOW), acts.claim(1, NOW + 601 * SECOND))
    assert lines[1] == (
        "Step 0 (messenger) was not read within its expiry of 10 min (no status came), so step 1 was sent then."
    )
    assert len(lines) == 2, "a second after the expiry is not late"


def test_a_late_failover_after_an_expiry():
    """A next step that was claimed long after the expiry says so, and whether an execution had died."""
    done = lived(acts.sent(0, NOW), acts.claim(1, NOW + 900 * SECOND))
    (line,) = [line for line in verdict(Story(done, LATER)) if "after the expiry" in line]
    assert line == (
        "Step 1 was claimed 300 s after the expiry of step 0: the signal was lost, or the send failed before its claim."
    )
    resumed = verdict(Story(replace(done, attempt=2), LATER))
    assert any("once an execution died, and reconcile started the next one" in line for line in resumed)


def test_a_turn_after_an_expiry():
    """Time that the next step waited for its turn is the limit's, not the failover's."""
    done = lived(acts.sent(0, NOW), *waited(1, NOW + 900 * SECOND))
    done = replace(done, steps=(done.steps[0], replace(done.steps[1], waiting_since=NOW + 600 * SECOND)))
    lines = verdict(Story(done, LATER))
    assert "Step 1 (sms) waited 300 s for its turn at the vendor's limit." in lines
    assert not any("after the expiry" in line for line in lines)


def test_a_late_failover_after_a_status():
    """A rejection whose next step did not follow at once says so."""
    lines = told(acts.sent(0), acts.status(0, "rejected"), acts.claim(1, LATER + 240 * SECOND))
    assert any(line.startswith("Step 1 was tried 240 s after step 0 had ended: the signal was lost") for line in lines)


def test_a_late_callback():
    """A status that the vendor reported long after it happened is named with its time."""
    lines = told(acts.sent(0), acts.status(0, "read", LATER - 90 * SECOND))
    assert "The vendor's callback for read of step 0 came 90 s after it had happened." in lines
    assert "The message of step 0 was read 610 s after the Messages API had accepted it." not in lines


def test_a_person_who_reads_late():
    """A message that was read long after it was accepted was not late: its recipient took the time."""
    lines = told(acts.sent(0), acts.status(0, "read"))
    assert "The message of step 0 was read 12 min after the Messages API had accepted it." in lines


def test_a_restored_table():
    """A workflow that ran when the table was restored says that nothing more was sent for it."""

    def restored(flow):
        entry = {"sequence": len(flow.timeline) + 1, "at": NOW + 60 * SECOND, "event": "restored"}
        return replace(flow, timeline=(*flow.timeline, entry))

    assert (
        "The table was restored from a backup 60 s after the request: nothing more was sent for this workflow."
    ) in told(acts.sent(0), restored)


def webhooks(flow, *attempts, state="delivered"):
    entry = publication.webhooks(flow)[0]
    made = [Attempt(number, entry["at"] + after, 80, *result) for number, (after, *result) in enumerate(attempts, 1)]
    return entry, (Webhook(entry["sequence"], state, tuple(made)),)


FLOW = lived(acts.sent(0), at(NOW + SECOND, acts.status(0, "read")))


def test_a_webhook_that_was_refused():
    """A webhook that the customer's server refused at first says how often, how, and when it arrived."""
    _, found = webhooks(FLOW, (0, 503), (10_000, None, "timeout"), (40_000, 503), (310_000, 200))
    lines = verdict(Story(FLOW, LATER, found))
    assert (
        "The webhook of read of step 0 was not taken by the customer's server 3 times (503, timeout), "
        "and was delivered 310 s after the change."
    ) in lines


@pytest.mark.parametrize(("state", "end"), [("failed", "and is not tried again."), ("pending", "and is still tried.")])
def test_a_webhook_that_did_not_arrive(state, end):
    """A webhook that has not arrived says whether it is still tried."""
    _, found = webhooks(FLOW, (0, 401), state=state)
    lines = verdict(Story(FLOW, LATER, found))
    assert f"The webhook of read of step 0 was not taken by the customer's server once (401), {end}" in lines


def test_a_webhook_that_was_queued_late():
    """A webhook whose first attempt came late says so."""
    _, found = webhooks(FLOW, (125_000, 200))
    lines = verdict(Story(FLOW, LATER, found))
    assert "The webhook of read of step 0 was first attempted 125 s after the change: the queue was behind." in lines


def test_the_longest_delay_comes_first():
    """Delays are ordered by the time that they explain."""
    flow = lived(*waited(0, NOW + 20 * SECOND), acts.answer(0, Accepted("u"), NOW + 34 * SECOND))
    first, second = verdict(Story(flow, LATER))[1:]
    assert "waited 20 s" in first
    assert "took 14 s" in second


@pytest.mark.parametrize(
    ("done", "first"),
    [
        ((), "Running for 12 min: step 0 has not been sent."),
        (waited(0, NOW)[:1], "Running for 12 min: step 0 waits since 12 min, because it has no turn"),
        ((acts.sent(0, LATER - 60_000),), "Running for 12 min: step 0 was sent, and waits 540 s more for read."),
        ((acts.sent(0),), "Running for 12 min: step 0 expired 100 s ago, and the next one has not been claimed."),
        ((acts.sent(0), acts.sent(1, LATER)), "Running for 12 min: step 1 was sent, and no status has decided it."),
        ((acts.sent(0), acts.status(0, "rejected")), "Running for 12 min: step 1 has not been sent."),
        ((acts.sent(0), acts.cancelled), "The customer cancelled the workflow 12 min after the request."),
        (
            (acts.sent(0), acts.claim(1, LATER), acts.answer(1, Refused(422, "no"), LATER)),
            "The workflow ended in error 12 min after the request: refused",
        ),
    ],
)
def test_the_first_line(done, first):
    """The first line says how the workflow ended, or what it waits for."""
    assert told(*done)[0].startswith(first)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0.0 s"),
        (412, "0.4 s"),
        (59_900, "60 s"),
        (599_000, "599 s"),
        (3_600_000, "1 h 0 min"),
        (7_500_000, "2 h 5 min"),
        (90_000_000, "1 d 1 h"),
    ],
)
def test_durations(milliseconds, text):
    """A duration is written as people say it."""
    assert seconds(milliseconds) == text


def test_many_webhooks_that_did_not_arrive():
    """Webhooks that failed in the same way are one line."""
    flow = lived(acts.sent(0), acts.status(0, "delivered"), acts.status(0, "read"))
    found = [
        Webhook(entry["sequence"], "pending", (Attempt(1, entry["at"], 80, 503), Attempt(2, entry["at"], 80, 503)))
        for entry in publication.webhooks(flow)
    ]
    lines = verdict(Story(flow, LATER + 60_000, tuple(found)))
    assert lines[-1] == "3 webhooks were not taken by the customer's server 6 times (503), and are still tried."


def test_messages_before_webhooks():
    """What delayed the message comes before what delayed its webhooks, even if that took longer."""
    flow = lived(acts.claim(0), acts.answer(0, Accepted("u"), NOW + 14 * SECOND), acts.status(0, "delivered"))
    (entry,) = publication.webhooks(flow)
    failed = Webhook(entry["sequence"], "failed", (Attempt(1, entry["at"], 80, 401),))
    lines = verdict(Story(flow, LATER + 10**8, (failed,)))
    assert "took 14 s" in lines[1]
    assert "webhook" in lines[-1]
