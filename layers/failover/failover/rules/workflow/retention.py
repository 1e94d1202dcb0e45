"""When DynamoDB may delete the items of a workflow (docs/operations.md, "Retention")."""

from failover.rules.workflow.state import Step, Workflow

DELAYS = 129_600
"""Safety margin, in seconds: the most time that retried sends and restarted executions can add to the timers.

Ten steps whose sends are throttled twenty times and time out nine times each, with five executions that each die after
that, take less than seventeen hours. Ten steps that wait for their turn as long as the template allows take ten more.
"""

REMOVAL = 7 * 86_400
"""Seconds within which DynamoDB certainly removes an expired item."""


def forgotten_at(now: int, retention: int) -> int:
    """Return `retention` seconds after `now`, for the TTL: whole seconds since the epoch, rounded up."""
    return -(-now // 1000) + retention


def content_expires_at(workflow: Workflow, retention: int) -> int:
    """Return when a workflow's texts and addresses may be deleted (seconds): `retention` seconds after its end.

    While it runs, they count from its latest possible end.
    """
    if workflow.ended_at is not None:
        return forgotten_at(workflow.ended_at, retention)
    return forgotten_at(workflow.created_at, longest_life(workflow.steps, workflow.receipt_window) + retention)


def entries_expire_at(workflow: Workflow, retention: int) -> int:
    """Return when the entries that lead from its recipients to a new workflow may be deleted (seconds).

    Not before its content: a workflow that ends at the last moment before its content expires keeps it for another
    `retention`, and DynamoDB removes it some days later.
    """
    return content_expires_at(workflow, retention) + retention + REMOVAL


def pointers_expire_at(workflow: Workflow, now: int) -> int:
    """Return when an item stored at `now` beside a running workflow may be deleted (seconds): not before its record.

    Counted from now, not from its creation, because the workflow may have been resumed before.
    """
    life = longest_life(workflow.steps, workflow.receipt_window)
    return forgotten_at(now, life + workflow.record_retention)


def longest_life(steps: tuple[Step, ...], receipt_window: int) -> int:
    """Return the seconds within which a workflow with these steps is certainly over."""
    return sum(step.expiry_time or receipt_window for step in steps) + DELAYS
