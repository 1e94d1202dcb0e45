"""Look after what was left behind: start, resume, signal and close workflows that are overdue.

Whatever is done here is done as everywhere else: one conditional write, and idempotent after it, so that two runs at
once, or one that dies in the middle, do no harm. The first write takes a workflow: it is due again a little later, so
that one which fails, or kills the run, each time it is looked after does not stand before all others for good.
"""

from collections.abc import Callable
from functools import partial

from failover.adapters import aws
from failover.adapters.store import DUE_SHARDS, Overdue
from failover.observability import count, logger, measure_seconds, unexpected
from failover.outside import Outside
from failover.rules import due, transitions
from failover.rules.workflow import Workflow
from failover.use_cases.signal import tell
from failover.use_cases.transition import TooContended, transition

_MOST_PER_SHARD = 50
"""Workflows of one shard in one run; the rest is there in the next, a minute later."""


def reconcile(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Look after every overdue workflow, oldest first in each shard, while there is time; how many there were."""
    looked_after = 0
    for overdue in _overdue(outside, time_left):
        if not time_left():
            break
        logger.append_keys(workflow_id=overdue.workflow_id)
        try:
            _look_after(outside, overdue.workflow_id)
        except (aws.Unavailable, TooContended) as error:
            logger.warning("unavailable", error=str(error) or type(error).__name__)
        except Exception as error:
            unexpected(error)  # one broken workflow must not keep the others waiting
        finally:
            logger.remove_keys(["workflow_id"])
        looked_after += 1
    return looked_after


def _overdue(outside: Outside, time_left: Callable[[], bool]) -> list[Overdue]:
    """What the shards hold, in their turn. How long the oldest waits is measured, if all of them could be read."""
    now, found, read = outside.now(), [], 0
    for shard in due.in_turn(DUE_SHARDS, now):
        if not time_left():
            break
        try:
            found += outside.store.overdue(shard, now, _MOST_PER_SHARD)
            read += 1
        except aws.Unavailable as error:
            logger.warning("unavailable", error=str(error))
    if read == DUE_SHARDS:
        oldest = min((overdue.due_at for overdue in found), default=now)
        measure_seconds("OldestOverdueSeconds", (now - oldest) // 1000)
    return found


def _look_after(outside: Outside, workflow_id: str) -> None:
    stored = outside.store.read(workflow_id)
    taken = stored and transition(outside.store, stored, lambda now: transitions.taken(now, outside.now()))
    if not taken:
        return  # the index is a moment behind, or somebody else looks after it
    workflow = taken[1]
    if transition(outside.store, workflow, lambda now: transitions.unconfirmed(now, outside.now())):
        _reconciled("unconfirmed")
        return
    if workflow.steps[-1].phase == "pending":
        workflow = _moved(outside, workflow)
    transition(outside.store, workflow, lambda now: transitions.postponed(now, outside.now()))


def _moved(outside: Outside, workflow: Workflow) -> Workflow:
    """See that an execution is at work, and knows what has been decided; the workflow as it is then."""
    match outside.executions.status(workflow):
        case None:
            outside.executions.start(workflow, outside.now())
            _reconciled("started")
        case "RUNNING":
            if (unheard := transitions.unheard(workflow)) and tell(outside, *unheard):
                _reconciled("signalled")
        case _:
            return _resumed(outside, workflow)
    return workflow


def _resumed(outside: Outside, workflow: Workflow) -> Workflow:
    decide = partial(transitions.resumed, attempt=workflow.attempt, now=outside.now())
    told = transition(outside.store, workflow, decide)
    if told is None:
        return workflow
    resumed = told[1]
    if resumed.running:
        outside.executions.start(resumed, outside.now())
        _reconciled("resumed")
    else:
        _reconciled("abandoned")
        count("WorkflowsAbandoned")
    return resumed


def _reconciled(action: str) -> None:
    logger.warning("reconciled", action=action)
    count("WorkflowsReconciled", action=action)
