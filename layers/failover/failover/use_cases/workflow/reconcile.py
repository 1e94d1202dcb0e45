"""Repair overdue workflows whose first execution was started: resume, signal or close them.

Each repair is one conditional write and idempotent calls after it, so two runs at once, or one that dies half-way, do
no harm. The first write makes the workflow due again a little later: a workflow whose repair always fails, or kills the
run, must not stay in front of the others.
"""

from collections.abc import Callable
from functools import partial

from failover.observability import count, measure_seconds
from failover.outside import Outside
from failover.rules.workflow import transitions
from failover.rules.workflow.race import lost_signal
from failover.rules.workflow.state import Workflow
from failover.use_cases.workflow.overdue import Listing, reconciled, repair_all
from failover.use_cases.workflow.signal import end_race
from failover.use_cases.workflow.transition import transition

MOVING_PER_SECOND = 9
"""Repairs of workflows with something left to send. Each may look at an execution, and DescribeExecution takes 10 calls
a second in most Regions, and 15 at once."""
SILENT_PER_SECOND = 50
"""Repairs of workflows that only wait for a receipt: no calls of Step Functions."""


def reconcile(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Repair every workflow that is overdue, oldest first in each shard, while there is time. Returns how many.

    Workflows with something left to send come first. Measures how long the oldest has waited, if the whole index could
    be read.
    """
    index, now = outside.overdue, outside.now()
    moving, silent = Listing(index, "due", now), Listing(index, "silent", now)
    moving.go_on(time_left)
    oldest = [one.due_at for one in moving.found]
    all_moving = moving.complete
    moved = repair_all(moving, _repair, outside, time_left, MOVING_PER_SECOND)
    silent.go_on(time_left)
    oldest += [one.due_at for one in silent.found]
    if all_moving and silent.complete:
        measure_seconds("OldestOverdueSeconds", (now - min(oldest, default=now)) // 1000)
    return moved + repair_all(silent, _repair, outside, time_left, SILENT_PER_SECOND)


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
        reconciled("unconfirmed")
        return True
    if not workflow.steps[-1].begun:
        workflow = _moved(outside, workflow)
    transition(outside, workflow, lambda current: transitions.repair_done(current, outside.now()))
    return True


def _moved(outside: Outside, workflow: Workflow) -> Workflow:
    """Make sure that an execution is running, and that a decided race has ended. Returns the workflow after that.

    If no step has begun, there is no race to end, and starting the execution again shows whether it runs.
    """
    if not any(step.begun for step in workflow.steps):
        return workflow if outside.executions.start(workflow, outside.now()) else _resumed(outside, workflow)
    match outside.executions.status(workflow):
        case None:
            outside.executions.start(workflow, outside.now())
            reconciled("started")
        case "RUNNING":
            if (signal := lost_signal(workflow)) and end_race(outside, signal):
                reconciled("signalled")
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
        reconciled("resumed")
    else:
        reconciled("abandoned")
        count("WorkflowsAbandoned")
    return resumed
