"""Cancel a workflow, and report which messages can no longer be stopped."""

from typing import Any

from failover import problems
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.workflow import presentation, transitions
from failover.rules.workflow.state import Workflow
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests.show import find
from failover.use_cases.workflow.transition import transition


def cancel(outside: Outside, caller: Caller, workflow_id: str) -> dict[str, Any]:
    """Cancel: no further step is claimed. Raises Problem: 404, or 409 with the state of a workflow that is over."""
    workflow, _ = find(outside, caller, workflow_id)
    logger.append_keys(workflow_id=workflow.id)
    seen = workflow

    def decide(current: Workflow) -> Workflow | None:
        nonlocal seen
        seen = current
        return transitions.cancelled(current, outside.now())

    change = transition(outside, workflow, decide)
    if change is None:
        detail = f"This workflow is over: {seen.status}."
        raise problems.Problem(problems.CONFLICT, detail, more={"state": seen.status})
    count("WorkflowsCancelled")
    logger.info("workflow cancelled")
    return presentation.cancelled(change.after)
