"""Queue the webhooks that nobody is known to have queued, some time after their workflow's end (fault F29).

The stream's consumer may have failed for longer than the stream keeps records. It writes down what it has queued; what
it has not written down is looked up here: a webhook that has been attempted was queued.
"""

from collections.abc import Callable

from failover.observability import count, logger
from failover.outside import Outside
from failover.rules import transitions, webhooks
from failover.rules.delivery import Task
from failover.rules.workflow import Entry, Workflow
from failover.use_cases import overdue
from failover.use_cases.publish import queue, settle
from failover.use_cases.transition import transition


def republish(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Look after the webhooks of workflows that are over, oldest first, while there is time; how many workflows."""
    found, _ = overdue.listed(outside.store.unpublished, outside.now(), time_left)
    return overdue.look_after_all(found, outside.store.unpublished, _look_after, outside, time_left)


def _look_after(outside: Outside, workflow_id: str) -> None:
    """Queue first, write it down then: whoever dies in between queues them again, and the delivery notices."""
    stored = outside.store.read(workflow_id)
    taken = stored and transition(outside.store, stored, lambda now: transitions.taken(now, outside.now()))
    if not taken:
        return  # the index is a moment behind, or somebody else looks after it
    workflow = taken[1]
    rest = _never_queued(outside, workflow)
    queue(outside, [(workflow, rest)])
    settle(outside, workflow)
    for _ in rest:
        count("WebhooksPublishedLate")
    if rest:
        logger.warning("published late", sequences=[entry["sequence"] for entry in rest])


def _never_queued(outside: Outside, workflow: Workflow) -> list[Entry]:
    """Where there is no URL, nobody waits for a webhook; none is attempted, so nobody could tell."""
    known = outside.deliveries.prepare(Task(workflow.id, workflow.account, workflow.application, sequence=0))
    if known is None or known.url is None:
        return []
    attempted = outside.deliveries.of(workflow.id)
    return [entry for entry in webhooks.unpublished(workflow) if entry["sequence"] not in attempted]
