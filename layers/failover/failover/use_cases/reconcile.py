"""Look after what was left behind: start, resume, signal and close workflows that are overdue.

Whatever is done here is done as everywhere else: one conditional write, and idempotent after it, so that two runs at
once, or one that dies in the middle, do no harm.
"""

from collections.abc import Callable
from functools import partial

from failover.adapters import aws
from failover.adapters.store import DUE_SHARDS
from failover.observability import count, logger, unexpected
from failover.outside import Outside
from failover.rules import transitions
from failover.rules.workflow import Workflow
from failover.use_cases.transition import TooContended, transition

_MOST_PER_SHARD = 50
"""Workflows of one shard in one run; the rest is there in the next, a minute later."""


def reconcile(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Look after every overdue workflow, oldest first in each shard, while there is time; how many there were."""
    looked_after = 0
    for shard in range(DUE_SHARDS):
        for workflow_id in outside.store.overdue(shard, outside.now(), _MOST_PER_SHARD):
            if not time_left():
                return looked_after
            logger.append_keys(workflow_id=workflow_id)
            try:
                _look_after(outside, workflow_id)
            except (aws.Unavailable, TooContended) as error:
                logger.warning("unavailable", error=str(error) or type(error).__name__)
            except Exception as error:
                unexpected(error)  # one broken workflow must not keep the others waiting
            finally:
                logger.remove_keys(["workflow_id"])
            looked_after += 1
    return looked_after


def _look_after(outside: Outside, workflow_id: str) -> None:
    workflow = outside.store.read(workflow_id)
    if workflow is None or workflow.due_at is None or workflow.due_at > outside.now():
        return  # the index is a moment behind
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
            if (unheard := transitions.unheard(workflow)) and outside.executions.tell(*unheard):
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
    _reconciled("resumed" if resumed.running else "abandoned")
    return resumed


def _reconciled(action: str) -> None:
    logger.warning("reconciled", action=action)
    count("WorkflowsReconciled", action=action)
