"""Cancel a workflow, and report which messages can no longer be stopped."""

from typing import Any

from failover import problems
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.workflow import presentation
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests.show import find
from failover.use_cases.workflow.cancel import cancelled


def cancel(outside: Outside, caller: Caller, workflow_id: str) -> dict[str, Any]:
    """Cancel: no further step is claimed. Raises Problem: 404, or 409 with the state of a workflow that is over."""
    workflow, _ = find(outside, caller, workflow_id)
    logger.append_keys(workflow_id=workflow.id)
    workflow, ended_now = cancelled(outside, workflow)
    if not ended_now:
        detail = f"This workflow is over: {workflow.status}."
        raise problems.Problem(problems.CONFLICT, detail, more={"state": workflow.status})
    count("WorkflowsCancelled")
    logger.info("workflow cancelled")
    return presentation.cancelled(workflow)
