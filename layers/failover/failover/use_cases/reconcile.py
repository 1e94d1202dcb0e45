"""Look after what was left behind: start, resume, signal and close workflows that are overdue.

Whatever is done here is done as everywhere else: one conditional write, and idempotent after it, so that two runs at
once, or one that dies in the middle, do no harm. The first write takes a workflow: it is due again a little later, so
that one which fails, or kills the run, each time it is looked after does not stand before all others for good.
"""

from collections.abc import Callable
from functools import partial

from failover.observability import count, logger, measure_seconds
from failover.outside import Outside
from failover.rules import transitions
from failover.rules.workflow import Workflow
from failover.use_cases import overdue
from failover.use_cases.signal import tell
from failover.use_cases.transition import transition


def reconcile(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Look after every overdue workflow, oldest first in each shard, while there is time; how many there were.

    Those that have something left to send come first. How long the oldest has waited is measured, if the whole index
    could be read.
    """
    now, store = outside.now(), outside.store
    moving, all_moving = overdue.listed(store.overdue, now, time_left)
    moved = overdue.look_after_all(moving, store.overdue, _look_after, outside, time_left)
    silent, all_silent = overdue.listed(store.silent, now, time_left)
    if all_moving and all_silent:
        oldest = min((one.due_at for one in (*moving, *silent)), default=now)
        measure_seconds("OldestOverdueSeconds", (now - oldest) // 1000)
    return moved + overdue.look_after_all(silent, store.silent, _look_after, outside, time_left)


def _look_after(outside: Outside, workflow_id: str) -> None:
    stored = outside.store.read(workflow_id)
    if stored is None or not stored.running:
        return
    taken = transition(outside.store, stored, lambda now: transitions.taken(now, outside.now()))
    if taken is None:
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
