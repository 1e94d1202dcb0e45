"""Look after what was left behind: start, resume, signal and close workflows that are overdue.

Whatever is done here is done as everywhere else: one conditional write, and idempotent after it, so that two runs at
once, or one that dies in the middle, do no harm. The first write takes a workflow: it is due again a little later, so
that one which fails, or kills the run, each time it is looked after does not stand before all others for good.
"""

from collections.abc import Callable
from functools import partial

from failover.observability import count, logger, measure_seconds
from failover.outside import Outside
from failover.rules.workflow import transitions
from failover.rules.workflow.race import lost_signal
from failover.rules.workflow.state import Workflow
from failover.use_cases.workflow.overdue import Listing, look_after_all
from failover.use_cases.workflow.signal import end_race
from failover.use_cases.workflow.transition import transition


def reconcile(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Look after every overdue workflow, oldest first in each shard, while there is time; how many there were.

    Those that have something left to send come first. How long the oldest has waited is measured, if the whole index
    could be read.
    """
    now, store = outside.now(), outside.store
    moving, silent = Listing(store.overdue, now), Listing(store.silent, now)
    moving.go_on(time_left)
    oldest = [one.due_at for one in moving.found]
    all_moving = moving.complete
    moved = look_after_all(moving, _look_after, outside, time_left)
    silent.go_on(time_left)
    oldest += [one.due_at for one in silent.found]
    if all_moving and silent.complete:
        measure_seconds("OldestOverdueSeconds", (now - min(oldest, default=now)) // 1000)
    return moved + look_after_all(silent, _look_after, outside, time_left)


def _look_after(outside: Outside, workflow_id: str) -> bool:
    """False: it is gone, or over, and the index does not know."""
    stored = outside.store.read(workflow_id)
    if stored is None or not stored.running:
        return False
    taken = transition(outside, stored, lambda now: transitions.taken(now, outside.now()))
    if taken is None:
        return True  # the index is a moment behind, or another run looks after it
    workflow = taken.after
    if transition(outside, workflow, lambda now: transitions.unconfirmed(now, outside.now())):
        _reconciled("unconfirmed")
        return True
    if workflow.steps[-1].phase == "pending":
        workflow = _moved(outside, workflow)
    transition(outside, workflow, lambda now: transitions.postponed(now, outside.now()))
    return True


def _moved(outside: Outside, workflow: Workflow) -> Workflow:
    """See that an execution is at work, and knows what has been decided; the workflow as it is then."""
    match outside.executions.status(workflow):
        case None:
            outside.executions.start(workflow, outside.now())
            _reconciled("started")
        case "RUNNING":
            if (signal := lost_signal(workflow)) and end_race(outside, signal):
                _reconciled("signalled")
        case _:
            return _resumed(outside, workflow)
    return workflow


def _resumed(outside: Outside, workflow: Workflow) -> Workflow:
    decide = partial(transitions.resumed, attempt=workflow.attempt, now=outside.now())
    change = transition(outside, workflow, decide)
    if change is None:
        return workflow
    resumed = change.after
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
