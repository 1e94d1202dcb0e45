"""Queue webhooks that are not known to be queued, some time after their workflow's end (docs/reliability.md, F29).

The stream's consumer may have failed for longer than the stream keeps records. It records what it has queued. Here the
rest is checked against the attempts: a webhook that has been attempted was queued.
"""

from collections.abc import Callable

from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import publication, transitions
from failover.rules.workflow.state import Entry, Workflow
from failover.use_cases.webhooks.publish import queue
from failover.use_cases.workflow.overdue import Listing, repair_all
from failover.use_cases.workflow.settle import settle
from failover.use_cases.workflow.transition import transition

_PER_SECOND = 50


def republish(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Queue missing webhooks of ended workflows, oldest first, while there is time. Returns how many workflows."""
    listing = Listing(outside.overdue, "unpublished", outside.now())
    listing.go_on(time_left)
    _ = outside.deliveries, outside.webhook_queue
    return repair_all(listing, _repair, outside, time_left, _PER_SECOND)


def _repair(outside: Outside, workflow_id: str) -> bool:
    """Queue first, record then: a run that dies in between queues them again, which the delivery notices.

    Returns False if the workflow is gone or running, and the index does not show it yet.
    """
    stored = outside.store.read(workflow_id)
    if stored is None or stored.running:
        return False
    begun = transition(outside, stored, lambda current: transitions.repair_begun(current, outside.now()))
    if begun is None:
        return True  # the index lags a moment behind, or another run is repairing it
    workflow = begun.after
    rest = _never_queued(outside, workflow)
    queue(outside, [(workflow, rest)])
    settle(outside, workflow)
    for _ in rest:
        count("WebhooksPublishedLate")
    if rest:
        logger.warning("webhooks queued late", sequences=[entry["sequence"] for entry in rest])
    return True


def _never_queued(outside: Outside, workflow: Workflow) -> list[Entry]:
    """Without a URL no attempt is ever recorded, so there is nothing to compare; return nothing."""
    known = outside.deliveries.known(Task(workflow.id, workflow.account, workflow.application, sequence=0))
    if known is None or known.url is None:
        return []
    attempted = outside.deliveries.of(workflow.id)
    return [entry for entry in publication.unpublished(workflow) if entry["sequence"] not in attempted]
