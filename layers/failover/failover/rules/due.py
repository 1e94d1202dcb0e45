"""When somebody ought to look at a workflow again, and when the table may forget it.

Every transition sets `due_at`; the sparse index `due` holds the workflows that have one.
"""

from failover.rules.workflow import Step, Workflow

SLACK = 240
"""Seconds the next thing may take before it counts as overdue: a send with its retries, a signal."""
START_SLACK = 60
"""Seconds a new workflow may take to be started."""


def due_at(workflow: Workflow, now: int) -> int | None:
    """When the next transition ought to have happened (ms); None once the workflow is over."""
    if not workflow.running:
        return None
    current = max((n for n, step in enumerate(workflow.steps) if step.phase != "pending"), default=None)
    if current is None:
        return workflow.created_at + START_SLACK * 1000
    step = workflow.steps[current]
    if step.outcome is not None:
        return now + SLACK * 1000
    if step.answered_at is None:
        return (step.claimed_at or now) + SLACK * 1000
    window = workflow.receipt_window if step.expiry_time is None else step.expiry_time + SLACK
    return step.answered_at + window * 1000


def looked_after(workflow: Workflow, now: int) -> int:
    """When an overdue workflow that has been looked after ought to be looked at again (ms)."""
    last = workflow.steps[-1]
    started = last.answered_at or last.claimed_at
    return now + SLACK * 1000 if started is None else max(started + workflow.receipt_window * 1000, now)


def forgotten_at(now: int, retention: int) -> int:
    """`retention` seconds after `now`, as the table's TTL wants it: whole seconds, rounded up."""
    return -(-now // 1000) + retention


def pointers_expire_at(workflow: Workflow) -> int:
    """When the pointers from its messages may be forgotten: not before the record they lead to (seconds)."""
    life = longest_life(workflow.steps, workflow.receipt_window)
    return forgotten_at(workflow.created_at, life + workflow.record_retention)


def longest_life(steps: tuple[Step, ...], receipt_window: int) -> int:
    """Seconds within which a workflow of these steps is surely over."""
    return sum((step.expiry_time or receipt_window) + SLACK for step in steps) + SLACK
