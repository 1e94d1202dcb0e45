"""When somebody ought to look at a workflow again, and when the table may forget it.

Every transition sets `due_at`; the sparse index `due` holds the workflows that have one.
"""

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.webhooks import bodies
from failover.rules.workflow.state import Step, Workflow

SLACK = 240
"""Seconds the next thing may take before it counts as overdue: a send with its retries, a signal."""
START_SLACK = 60
"""Seconds a new workflow may take to be started."""
PUBLISH_SLACK = 900
"""Seconds the webhooks of a workflow that is over may take to be queued."""
RETRY = 60
"""Seconds after which a workflow whose looking-after came to nothing is looked after again."""
IMMOVABLE = 3600
"""Seconds before reconcile looks again at a workflow about which it could do nothing."""
DELAYS = 86_400
"""Seconds by which sends that fail until they are given up, and executions that die until the last, outlast the timers.

Ten steps whose sends are throttled twenty times and time out nine times each, and five executions that die after as
much, come to less than seventeen hours.
"""


def due_at(workflow: Workflow, now: int) -> int | None:
    """When the next transition ought to have happened (ms); once the workflow is over, when its webhooks ought to have
    been queued, and None as soon as they are known to have been."""
    if not workflow.running:
        return now + PUBLISH_SLACK * 1000 if bodies.unpublished(workflow) else None
    current = max((n for n, step in enumerate(workflow.steps) if step.phase != "pending"), default=None)
    if current is None:
        return workflow.created_at + START_SLACK * 1000
    step = workflow.steps[current]
    if (silent_until := unconfirmed_at(workflow)) is not None:
        return max(silent_until, now)
    if step.outcome is not None:
        return now + SLACK * 1000
    if step.answered_at is None:
        return max((step.claimed_at or now) + SLACK * 1000, now)
    return max(step.answered_at + ((step.expiry_time or 0) + SLACK) * 1000, now)


def looked_after(workflow: Workflow, now: int) -> int:
    """When an overdue workflow that has been looked after ought to be looked at again (ms).

    The more of its executions have died, the later: what killed them may pass, and there are only so many.
    """
    silent_until = unconfirmed_at(workflow)
    return now + (SLACK << workflow.attempt - 1) * 1000 if silent_until is None else max(silent_until, now)


def in_turn(partitions: int, now: int) -> list[int]:
    """Every partition of the index `due`, beginning with another one each minute: no run is sure to reach them all."""
    first = now // 60_000 % partitions
    return [*range(first, partitions), *range(first)]


def receipt_window(channel: str, configured: int) -> int:
    """Seconds a last step of this channel may go without a receipt: what is configured, or, with 0, the channel's."""
    return configured or CHANNELS[channel].receipt_window


def unconfirmed_at(workflow: Workflow) -> int | None:
    """Until when the last step may go without a receipt (ms); None: it has not been claimed."""
    last = workflow.steps[-1]
    started = last.answered_at or last.claimed_at
    return None if started is None else started + workflow.receipt_window * 1000


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
