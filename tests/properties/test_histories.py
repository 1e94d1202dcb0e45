"""The promises that hold over every history of a workflow, for events in any order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from failover.rules.channels.statuses import FAILURES, RANKS, STATUSES
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, NotTaken, Refused, Unknown
from failover.rules.workflow import transitions
from failover.rules.workflow.expiry import expires_at
from failover.rules.workflow.overdue import SLACK
from failover.rules.workflow.race import Change, Signal
from failover.rules.workflow.state import from_plain, to_plain
from failover.rules.workflow.status_entries import StatusesFull
from tests.examples import NOW, workflow

STEPS = st.lists(
    st.tuples(st.just("messenger"), st.sampled_from(["delivered", "read"]), st.integers(15, 600)), max_size=3
).map(lambda steps: workflow(*steps, "messenger"))
ANSWERS = st.sampled_from(
    [Accepted("u"), Accepted("v"), Refused(422, "422"), NotTaken("HTTP 503"), Unknown("HTTP 500")]
)
STATUS = st.sampled_from(sorted(STATUSES))
WORD = STATUS | st.sampled_from(["accepted", "queued"])
"""Unknown statuses included."""
ERRORS = st.sampled_from([None, None, {"reason": "", "code": 1300}, {"reason": "no such number"}])
UUIDS = st.sampled_from(["u", "w", None])
USAGES = st.none() | st.builds(
    lambda price, currency: {"price": price, "currency": currency},
    st.sampled_from(["0", "0.1", "0.2", "0.0333", "999999999999999.000000000000001"]),
    st.sampled_from(["EUR", "USD"]),
)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.integers(0, 3)),
        st.tuples(st.just("answer"), st.integers(0, 3), ANSWERS),
        st.tuples(st.just("status"), st.integers(0, 3), WORD, UUIDS, USAGES, ERRORS),
        st.tuples(st.just("cancel"), st.just(0)),
        st.tuples(st.just("advance"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(1, 700)),
        st.just(("next",)),
        st.just(("next",)),
    ),
    max_size=40,
)


def histories(flow, happenings):
    """(before, event, after) for every event that changed something."""
    now = NOW
    for kind, *details in happenings:
        if kind == "wait":
            now += details[0] * 1000
            continue
        if kind == "next":  # as the state machine: the next step, once the previous one's time is over
            now += 700_000
            pending = [n for n, step in enumerate(flow.steps) if step.phase == "pending"]
            kind, details = "claim", [pending[0] if pending else 0]
        number = details[0]
        if number >= len(flow.steps):
            continue
        after = _after(flow, kind, number, details[1:], now)
        if after is not None:
            yield flow, (kind, number, now), after
            flow = after


def _after(flow, kind, number, details, now):
    if kind == "status":
        status, message_uuid, usage, error = details
        receipt = Receipt(status, message_uuid, None, None, error, usage)
        try:
            return transitions.received(flow, number, receipt, now)
        except StatusesFull:
            return None
    if kind == "cancel":
        return transitions.cancelled(flow, now)
    if kind == "advance":
        try:
            return transitions.advanced(flow, number, now)
        except transitions.CannotAdvance:
            return None
    if kind == "answer":
        return transitions.answered(flow, number, details[0], now) if flow.steps[number].phase == "claimed" else None
    try:
        return transitions.claimed(flow, number, now)
    except transitions.TooEarly:
        return None


@settings(max_examples=600, deadline=None)
@given(STEPS, EVENTS)
def test_every_history(flow, happenings):
    """I1, I2, I4 and I7 hold after every event, and a stored workflow is read back unchanged."""
    ended = None
    claims = {}
    for before, (kind, number, now), after in histories(flow, happenings):
        assert from_plain(to_plain(after)) == after
        assert after.timeline[: len(before.timeline)] == before.timeline
        assert [entry["sequence"] for entry in after.timeline] == list(range(1, len(after.timeline) + 1))
        if ended is not None:
            assert (after.status, after.ended_at) == ended[:2], "I1: one terminal state"
            assert set((ended[2] or "").split()) <= set((after.reason or "").split()), "a reason loses nothing"
            assert kind != "claim", "I4: no claim after the end"
        if kind == "claim":
            assert number not in claims, "I3: a step is claimed once"
            claims[number] = now
            if number > 0:
                check_previous_step(after.steps[number - 1], now)
        for old, new in zip(before.steps, after.steps, strict=True):
            check_rise(old, new)
        if kind == "advance":
            check_advance(before, number, now, after)
        if not after.running:
            ended = (after.status, after.ended_at, after.reason)
            assert after.due_at is not None, "F29: its webhooks are not known to be queued"
            assert after.expires_at is not None
        else:
            assert after.due_at is not None


def check_previous_step(step, now):
    """I2: the step before a claimed one was refused, failed, unsendable or advanced, or its time was over."""
    assert step.outcome in FAILURES | {"refused", "unsendable", "expired", "advanced"}
    if step.outcome == "expired":
        assert now >= (step.answered_at or step.claimed_at + 30_000) + step.expiry_time * 1000


def check_advance(before, number, now, after):
    """F42: only the named step is closed, it was the current one, and no request of it can be under way."""
    changed = [n for n, (old, new) in enumerate(zip(before.steps, after.steps, strict=True)) if old != new]
    assert (changed, after.steps[number].outcome) == ([number], "advanced")
    assert after.running
    assert number < len(after.steps) - 1, "a step follows it"
    step = before.steps[number]
    assert (step.outcome, {later.phase for later in before.steps[number + 1 :]}) == (None, {"pending"})
    assert step.answered_at is not None or now >= step.claimed_at + 30_000
    assert after.due_at <= now + SLACK * 1000, "if its signal is lost, the next step is sent soon"


def check_rise(old, new):
    """I7: a status only rises, and a failure is final."""
    if old.status in FAILURES:
        assert new.status == old.status
    elif old.status is not None and new.status in RANKS:
        assert RANKS[new.status] >= RANKS[old.status]
    elif new.status in FAILURES:
        assert old.status in (None, "submitted")


@settings(max_examples=300, deadline=None)
@given(st.permutations(["submitted", "delivered", "read"]), st.sampled_from(["delivered", "read"]), st.data())
def test_order_of_success_does_not_matter(order, condition, data):
    """F13: submitted, delivered and read give the same result in any order, with repeats."""
    repeats = data.draw(st.lists(st.sampled_from(order), max_size=4))
    flow = transitions.answered(
        transitions.claimed(workflow(("messenger", condition, 60), "sms"), 0, NOW), 0, Accepted("u"), NOW
    )
    for status in [*order, *repeats]:
        flow = transitions.received(flow, 0, Receipt(status, "u", None, None), NOW) or flow
    assert (flow.status, flow.steps[0].outcome, flow.steps[0].status) == ("completed", "met", "read")
    assert sorted(flow.steps[0].statuses) == sorted(order)


@settings(max_examples=300, deadline=None)
@given(st.permutations(["submitted", "delivered", "read", "rejected"]))
def test_first_of_failure_and_success_decides(order):
    """F13: if a failure is among the statuses, the first of failure and success decides."""
    flow = transitions.claimed(workflow(("messenger", "delivered", 60), "sms"), 0, NOW)
    for status in order:
        flow = transitions.received(flow, 0, Receipt(status, "u", None, None), NOW) or flow
    failed_first = next(status for status in order if status != "submitted") == "rejected"
    assert flow.steps[0].outcome == ("rejected" if failed_first else "met")


@settings(max_examples=300, deadline=None)
@given(STEPS, EVENTS)
def test_every_decision_is_signalled(flow, happenings):
    """A signal is sent exactly when a status or an advance ends the current race."""
    for before, (kind, number, now), after in histories(flow, happenings):
        if kind not in ("status", "advance"):
            continue
        too_late = kind == "advance" and now >= expires_at(before.steps[number])
        raced = type(before)(**{**vars(before), "task_token": "t"})
        signal = Change(raced, type(after)(**{**vars(after), "task_token": "t"})).signal
        if too_late:
            assert signal is None, "the timer has ended the race of this step"
        elif before.running and not after.running:
            assert signal == Signal("t", "ConditionMet")
        elif before.running and any(
            old.outcome is None and new.outcome in FAILURES | {"advanced"}
            for old, new in zip(before.steps, after.steps, strict=True)
        ):
            assert signal == Signal("t", "Rejected")
        else:
            assert signal is None
