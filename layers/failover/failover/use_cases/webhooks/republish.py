"""Queue the webhooks that nobody is known to have queued, some time after their workflow's end (fault F29).

The stream's consumer may have failed for longer than the stream keeps records. It writes down what it has queued; what
it has not written down is looked up here: a webhook that has been attempted was queued.
"""

from collections.abc import Callable

from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.webhooks import bodies
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import transitions
from failover.rules.workflow.state import Entry, Workflow
from failover.use_cases.webhooks.publish import queue, settle
from failover.use_cases.workflow.overdue import Listing, look_after_all
from failover.use_cases.workflow.transition import transition


def republish(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Look after the webhooks of workflows that are over, oldest first, while there is time; how many workflows."""
    listing = Listing(outside.store.unpublished, outside.now())
    listing.go_on(time_left)
    return look_after_all(listing, _look_after, outside, time_left)


def _look_after(outside: Outside, workflow_id: str) -> bool:
    """Queue first, record it then: a run that dies in between queues them again, and the delivery notices.

    False: the workflow is gone, or runs, and the index does not know.
    """
    stored = outside.store.read(workflow_id)
    if stored is None or stored.running:
        return False
    taken = transition(outside, stored, lambda now: transitions.taken(now, outside.now()))
    if taken is None:
        return True  # the index is a moment behind, or another run looks after it
    workflow = taken.after
    rest = _never_queued(outside, workflow)
    queue(outside, [(workflow, rest)])
    settle(outside, workflow)
    for _ in rest:
        count("WebhooksPublishedLate")
    if rest:
        logger.warning("published late", sequences=[entry["sequence"] for entry in rest])
    return True


def _never_queued(outside: Outside, workflow: Workflow) -> list[Entry]:
    """Where there is no URL, nobody waits for a webhook; none is attempted, so nobody could tell."""
    known = outside.deliveries.prepare(Task(workflow.id, workflow.account, workflow.application, sequence=0))
    if known is None or known.url is None:
        return []
    attempted = outside.deliveries.of(workflow.id)
    return [entry for entry in bodies.unpublished(workflow) if entry["sequence"] not in attempted]
