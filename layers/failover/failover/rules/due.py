"""When somebody ought to look at a workflow again, and when the table may forget it.

Every transition sets `due_at`; the sparse index `due` holds the workflows that have one.
"""

from failover.rules.workflow import Step, Workflow

SLACK = 240
"""Seconds the next thing may take before it counts as overdue: a start, a send with its retries, a signal."""


def due_at(workflow: Workflow, now: int) -> int | None:
    """When the next transition ought to have happened (ms); None once the workflow is over."""
    if not workflow.running:
        return None
    current = max((n for n, step in enumerate(workflow.steps) if step.phase != "pending"), default=None)
    if current is None:
        return workflow.created_at + SLACK * 1000
    step = workflow.steps[current]
    if step.outcome is not None:
        return now + SLACK * 1000
    if step.answered_at is None:
        return (step.claimed_at or now) + SLACK * 1000
    window = workflow.receipt_window if step.expiry_time is None else step.expiry_time + SLACK
    return step.answered_at + window * 1000


def forgotten_at(now: int, retention: int) -> int:
    """`retention` seconds after `now`, as the table's TTL wants it: whole seconds, rounded up."""
    return -(-now // 1000) + retention


def longest_life(steps: tuple[Step, ...], receipt_window: int) -> int:
    """Seconds within which a workflow of these steps is surely over."""
    return sum((step.expiry_time or receipt_window) + SLACK for step in steps) + SLACK
