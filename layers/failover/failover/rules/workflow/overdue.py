"""When a workflow is overdue, so that `start_workflows` starts it or `reconcile` repairs it.

Every transition sets `due_at`; the sparse index `due` contains the workflows that have one.
"""

from typing import Literal

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.timing.backoff import grown
from failover.rules.workflow import publication
from failover.rules.workflow.state import Workflow

SLACK = 240
"""Seconds a send with its retries, or a signal, may take before the workflow is overdue."""
START_SLACK = 30
"""Seconds a new workflow may take to be started and to claim its first step: longer than its POST may run (28 s).

If the POST or the first send is slower still, `start_workflows` starts the workflow again, which changes nothing: a
start is idempotent by its name."""
PUBLISH_SLACK = 900
"""Seconds the webhooks of an ended workflow may take to be queued."""
RETRY = 60
"""Seconds before `reconcile` retries a workflow whose repair failed."""
IMMOVABLE = 3600
"""Seconds before `reconcile` retries a workflow that it cannot repair."""


SHARDS = 8
"""Partitions of each queue, so that no single one takes the writes of all workflows."""

type Queue = Literal["unstarted", "due", "silent", "unpublished"]
"""`unstarted`: its first execution may not have been started. `due`: something remains to be sent. `silent`: only the
last receipt is missing. `unpublished`: the workflow is over, and not all its webhooks are recorded as queued. No queue
can delay the workflows of another that is named before it."""


def unstarted(workflow: Workflow) -> bool:
    """Return True if nothing shows that the first execution was started: no step has begun or waits for its turn."""
    return (
        workflow.running
        and workflow.attempt == 1
        and not any(step.begun or step.waiting_since is not None for step in workflow.steps)
    )


def partition(workflow: Workflow) -> str:
    """Return the partition of the index `due` for a workflow: its queue and its shard."""
    return f"{_queue(workflow)}#{int(workflow.id[:8], 16) % SHARDS}"


def _queue(workflow: Workflow) -> Queue:
    if not workflow.running:
        return "unpublished"
    if workflow.steps[-1].begun:
        return "silent"
    return "unstarted" if unstarted(workflow) else "due"


def due_at(workflow: Workflow, now: int) -> int | None:
    """Return the time by which the next transition should have happened (ms).

    Once the workflow is over: the time by which its webhooks should be queued, or None if all are recorded as queued.
    """
    if not workflow.running:
        return now + PUBLISH_SLACK * 1000 if publication.unpublished(workflow) else None
    current = max((n for n, step in enumerate(workflow.steps) if step.begun), default=None)
    following = workflow.steps[0 if current is None else min(current + 1, len(workflow.steps) - 1)]
    if not following.begun and following.waiting_since is not None:
        return max(workflow.due_at or 0, now + SLACK * 1000)  # that of the wait, which is not to be repaired before
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
    """Return the time at which a repaired workflow is due again (ms).

    The pause doubles with each execution that died: the cause may pass, and the number of executions is limited.
    """
    silent_until = unconfirmed_at(workflow)
    return now + int(grown(SLACK, workflow.attempt) * 1000) if silent_until is None else max(silent_until, now)


def in_turn(now: int) -> list[int]:
    """Return all shards, rotated by one every minute, since a run may not have time for all of them."""
    first = now // 60_000 % SHARDS
    return [*range(first, SHARDS), *range(first)]


def receipt_window(channel: str, configured: int) -> int:
    """Return the seconds a last step waits for its outcome: `configured`, or the channel's own window if that is 0."""
    return configured or CHANNELS[channel].receipt_window


def unconfirmed_at(workflow: Workflow) -> int | None:
    """Return the time until which the last step waits for its outcome (ms), or None if it is not claimed."""
    last = workflow.steps[-1]
    started = last.answered_at or last.claimed_at
    return None if started is None else started + workflow.receipt_window * 1000
