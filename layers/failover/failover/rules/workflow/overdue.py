"""When a workflow is overdue, so that `reconcile` must repair it.

Every transition sets `due_at`; the sparse index `due` holds the workflows that have one.
"""

from typing import Literal

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.timing.backoff import grown
from failover.rules.workflow import publication
from failover.rules.workflow.state import Workflow

SLACK = 240
"""Seconds the next thing may take before it counts as overdue: a send with its retries, a signal."""
START_SLACK = 60
"""Seconds a new workflow may take to be started."""
PUBLISH_SLACK = 900
"""Seconds the webhooks of a workflow that is over may take to be queued."""
RETRY = 60
"""Seconds before `reconcile` retries a workflow whose repair failed."""
IMMOVABLE = 3600
"""Seconds before `reconcile` tries again to repair a workflow that it could do nothing about."""


SHARDS = 8
"""Partitions of each queue: enough that no partition takes every workflow's writes."""

type Queue = Literal["due", "silent", "unpublished"]
"""`due`: something is left to send. `silent`: only the last message's receipt is missing. `unpublished`: the workflow
is over, and its webhooks are not known to be queued. The last two queues cannot delay a workflow of the first."""


def partition(workflow: Workflow) -> str:
    """Where the index `due` keeps a workflow: its queue and its shard."""
    queue: Queue = "unpublished" if not workflow.running else "silent"
    if workflow.running and workflow.steps[-1].phase == "pending":
        queue = "due"
    return f"{queue}#{int(workflow.id[:8], 16) % SHARDS}"


def due_at(workflow: Workflow, now: int) -> int | None:
    """When the next transition ought to have happened (ms); once the workflow is over, when its webhooks ought to have
    been queued, and None as soon as they are known to have been."""
    if not workflow.running:
        return now + PUBLISH_SLACK * 1000 if publication.unpublished(workflow) else None
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


def due_after_repair(workflow: Workflow, now: int) -> int:
    """When a repaired workflow is due again (ms).

    The pause doubles with each execution that died: their cause may pass, and a workflow has only so many of them.
    """
    silent_until = unconfirmed_at(workflow)
    return now + int(grown(SLACK, workflow.attempt) * 1000) if silent_until is None else max(silent_until, now)


def in_turn(now: int) -> list[int]:
    """All shards, rotated by one every minute, since a run may not have time for all of them."""
    first = now // 60_000 % SHARDS
    return [*range(first, SHARDS), *range(first)]


def receipt_window(channel: str, configured: int) -> int:
    """Seconds a last step of this channel may go without a receipt: what is configured, or, with 0, the channel's."""
    return configured or CHANNELS[channel].receipt_window


def unconfirmed_at(workflow: Workflow) -> int | None:
    """Until when the last step may go without a receipt (ms); None: it has not been claimed."""
    last = workflow.steps[-1]
    started = last.answered_at or last.claimed_at
    return None if started is None else started + workflow.receipt_window * 1000
