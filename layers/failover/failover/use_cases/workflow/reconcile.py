"""Repair overdue workflows: start, resume, signal or close them.

Each repair is one conditional write and idempotent calls after it, so two runs at once, or one that dies half-way, do
no harm. The first write makes the workflow due again a little later: a workflow whose repair always fails, or kills the
run, must not stay in front of the others.
"""

from collections.abc import Callable
from functools import partial

from failover.observability import count, logger, measure_seconds
from failover.outside import Outside
from failover.rules.workflow import transitions
from failover.rules.workflow.race import lost_signal
from failover.rules.workflow.state import Workflow
from failover.use_cases.workflow.overdue import Listing, repair_all
from failover.use_cases.workflow.signal import end_race
from failover.use_cases.workflow.transition import transition


def reconcile(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Repair every overdue workflow, oldest first in each shard, while there is time. Returns how many there were.

    Workflows with something left to send come first. Measures how long the oldest has waited, if the whole index could
    be read.
    """
    index, now = outside.overdue, outside.now()
    moving, silent = Listing(index, "due", now), Listing(index, "silent", now)
    moving.go_on(time_left)
    oldest = [one.due_at for one in moving.found]
    all_moving = moving.complete
    moved = repair_all(moving, _repair, outside, time_left)
    silent.go_on(time_left)
    oldest += [one.due_at for one in silent.found]
    if all_moving and silent.complete:
        measure_seconds("OldestOverdueSeconds", (now - min(oldest, default=now)) // 1000)
    return moved + repair_all(silent, _repair, outside, time_left)


def _repair(outside: Outside, workflow_id: str) -> bool:
    """Returns False if the workflow is gone or over, and the index does not show it yet."""
    stored = outside.store.read(workflow_id)
    if stored is None or not stored.running:
        return False
    begun = transition(outside, stored, lambda current: transitions.repair_begun(current, outside.now()))
    if begun is None:
        return True  # the index lags a moment behind, or another run is repairing it
    workflow = begun.after
    if transition(outside, workflow, lambda current: transitions.unconfirmed(current, outside.now())):
        _reconciled("unconfirmed")
        return True
    if workflow.steps[-1].phase == "pending":
        workflow = _moved(outside, workflow)
    transition(outside, workflow, lambda current: transitions.repair_done(current, outside.now()))
    return True


def _moved(outside: Outside, workflow: Workflow) -> Workflow:
    """Make sure that an execution is running, and that a decided race has ended. Returns the workflow after that."""
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
