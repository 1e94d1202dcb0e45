"""Whatever breaks, dies, comes twice or is cancelled: what holds over every life of a workflow, and that it ends."""

from hypothesis import event, given, settings
from hypothesis import strategies as st

from failover.rules import due, webhooks
from failover.rules.answers import Accepted, NotTaken, Refused, Unknown
from failover.rules.receipt import Receipt
from failover.rules.statuses import STATUSES
from failover.rules.transitions import MOST_ATTEMPTS
from failover.rules.workflow import from_plain, to_plain
from failover.use_cases.send import send
from tests.properties.life import Life
from tests.properties.test_histories import STEPS, left_rightly, rises

FUSES = st.none() | st.tuples(st.integers(0, 5), st.sampled_from(["before", "after"]))
ANSWERS = [Accepted("u"), Accepted("u"), Unknown("HTTP 500"), NotTaken("HTTP 503"), Refused(422, "422")]
AT_ANY_INSTANT = [
    st.tuples(st.just("act"), FUSES),
    st.tuples(st.just("status"), FUSES, st.integers(0, 3), st.sampled_from(sorted(STATUSES))),
    st.tuples(st.just("stray send"), FUSES, st.integers(0, 3)),
]
WHATEVER = st.one_of(*AT_ANY_INSTANT * 3, st.tuples(st.just("cancel"), FUSES))
HAPPENINGS = st.lists(
    st.one_of(
        *AT_ANY_INSTANT,
        st.tuples(st.just("start"), FUSES),
        st.tuples(st.just("act"), st.none()),
        st.tuples(st.just("reconcile"), FUSES),
        st.tuples(st.just("overdue"), FUSES),
        st.tuples(st.just("overdue"), st.none()),
        st.tuples(st.just("die"), st.none(), st.sampled_from(["FAILED", "ABORTED", "TIMED_OUT"])),
        st.tuples(st.just("die and overdue"), FUSES, st.sampled_from(["FAILED", "ABORTED", "TIMED_OUT"])),
        st.tuples(st.just("wait"), st.none(), st.integers(1, 700)),
    ),
    max_size=40,
)

ROUNDS = 500
"""More than any life has instants at which something is due."""


def written(before, after, now):
    """I1, I2, I4, I7 at each write, and the timeline that only grows."""
    assert from_plain(to_plain(after)) == after
    assert after.timeline[: len(before.timeline)] == before.timeline
    assert [entry["sequence"] for entry in after.timeline] == list(range(1, len(after.timeline) + 1))
    assert after.due_at is not None or not after.running, "whoever runs is found again"
    assert (after.expires_at is None) == after.running, "F26: nothing that runs is forgotten"
    assert after.attempt <= MOST_ATTEMPTS
    if not before.running:
        assert (after.status, after.reason, after.ended_at) == (before.status, before.reason, before.ended_at), "I1"
    for number, (old, new) in enumerate(zip(before.steps, after.steps, strict=True)):
        rises(old, new)
        if new.outcome == "unsendable" != old.outcome:
            assert new.phase in ("pending", "unsent"), "nothing that may be on its way is told to be unsendable"
        if old.phase == "pending" and new.phase != "pending":
            assert before.running, "I4: no step is claimed after the end"
            if number > 0:
                left_rightly(after.steps[number - 1], now)


def happen(life, kind, fuse, *details):
    life.fuse = fuse
    execution = life.executions.get(f"{life.flow.id}-{life.flow.attempt}")
    if kind == "start":
        life.survives(lambda: life.start(life.flow, life.now) if not life.executions else None)
    elif kind == "act" and execution:
        life.act(execution)
    elif kind == "status" and details[0] < len(life.flow.steps):
        life.receive(details[0], Receipt(details[1], "u", None, None))
    elif kind == "stray send":
        begun = sum(step.phase != "pending" for step in life.flow.steps)
        number = min(details[0], begun, len(life.flow.steps) - 1)
        life.survives(lambda: send(life.outside, "messenger", life.flow.id, number))
    elif kind == "cancel":
        life.cancel()
    elif kind == "reconcile":
        life.reconcile()
    elif kind.startswith("die") and execution and execution.status == "RUNNING":
        execution.status = details[0]
    elif kind == "wait":
        life.wait(details[0])
    if kind.endswith("overdue"):
        life.now = max(life.now, life.flow.due_at or 0)
        life.reconcile()
    life.fuse = None


def left_to_itself(life, doomed):
    """Nothing else happens: executions go on, and reconcile runs in each minute. `doomed` ones die at the last."""
    for _ in range(ROUNDS):
        if not life.flow.running:
            return
        for execution in life.executions.values():
            while execution.status == "RUNNING" and (execution.until or 0) <= life.now:
                if doomed and len(execution.steps) == 1:
                    execution.status = "FAILED"
                else:
                    life.act(execution)
        life.reconcile()
        if life.flow.running:
            timers = [one.until for one in life.executions.values() if one.status == "RUNNING" and one.until]
            life.now = max(life.now, min([*timers, -(-life.flow.due_at // 60_000) * 60_000]))
    raise AssertionError("I5: it never ends")


@settings(max_examples=400, deadline=None)
@given(STEPS, HAPPENINGS, st.data())
def test_every_life(flow, happenings, data):
    """I1 to I5, I7, I8 and I10 hold, whatever happened in whatever order, and whoever died in the middle of it."""

    def meanwhile(*kinds):
        happening, fuse, now = data.draw(st.none() | WHATEVER), life.fuse, life.now
        if happening and happening[0] in kinds:
            happen(life, *happening)
            life.fuse, life.now = fuse, now

    def answer():
        meanwhile("status", "cancel")
        return data.draw(st.sampled_from(ANSWERS))

    life = Life(flow, written, answer, described=lambda: meanwhile("status", "cancel", "stray send", "act"))
    happen(life, "start", data.draw(FUSES))
    cancelled_at = data.draw(st.none() | st.integers(0, 40), "cancelled at")
    for at, happening in enumerate(happenings):
        happen(life, *happening)
        if at == cancelled_at:
            happen(life, "cancel", data.draw(FUSES))
        assert all(requests == 1 for requests in life.requested.values()), "I3: one request at most may have been taken"
    broken_until = life.now
    left_to_itself(life, data.draw(st.booleans(), "doomed"))
    event(
        f"{life.flow.status}: {(life.flow.reason or '').split(':')[0].split(' after')[0]}, attempt {life.flow.attempt}"
    )
    assert all(requests == 1 for requests in life.requested.values()), "I3"
    longest = due.longest_life(flow.steps, flow.receipt_window) * 1000
    assert life.flow.ended_at <= broken_until + longest, "I5: it ends"
    _told(life.flow)


def _told(flow):
    """I10: each status is one webhook, and the end one report that is not amended."""
    told = [entry["event"] for entry in webhooks.told(flow)]
    assert told.count("status") == sum(len(step.statuses) for step in flow.steps)
    assert sum(word in ("completed", "error", "cancelled") for word in told) == 1
