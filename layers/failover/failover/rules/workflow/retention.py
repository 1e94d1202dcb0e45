"""When the table may forget what it holds of a workflow (docs/operations.md, "Retention")."""

from failover.rules.workflow.state import Step, Workflow

DELAYS = 86_400
"""Seconds by which sends that fail until they are given up, and executions that die until the last, outlast the timers.

Ten steps whose sends are throttled twenty times and time out nine times each, and five executions that die after as
much, come to less than seventeen hours.
"""


def forgotten_at(now: int, retention: int) -> int:
    """`retention` seconds after `now`, as the table's TTL wants it: whole seconds, rounded up."""
    return -(-now // 1000) + retention


def content_expires_at(workflow: Workflow, retention: int) -> int:
    """When a workflow's texts and addresses may be forgotten (seconds): `retention` seconds after its end.

    While it runs, that long after the latest end it can have.
    """
    if workflow.ended_at is not None:
        return forgotten_at(workflow.ended_at, retention)
    return forgotten_at(workflow.created_at, longest_life(workflow.steps, workflow.receipt_window) + retention)


def pointers_expire_at(workflow: Workflow, now: int) -> int:
    """When what is stored `now` beside a running workflow may be forgotten: not before its record (seconds).

    Counted from now, not from its creation: it may have been resumed more than once before.
    """
    life = longest_life(workflow.steps, workflow.receipt_window)
    return forgotten_at(now, life + workflow.record_retention)


def longest_life(steps: tuple[Step, ...], receipt_window: int) -> int:
    """Seconds within which a workflow of these steps is surely over."""
    return sum(step.expiry_time or receipt_window for step in steps) + DELAYS
