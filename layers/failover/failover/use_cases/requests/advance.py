"""Advance a workflow: end the wait of its current step, so that the next one is sent now."""

from typing import Any

from failover import problems
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.requests import advance as requested
from failover.rules.workflow import presentation, transitions
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests import body
from failover.use_cases.requests.show import find
from failover.use_cases.workflow.transition import transition


def advance(outside: Outside, caller: Caller, workflow_id: str, raw: bytes) -> dict[str, Any]:
    """Close the step that the body names, if it is the one that waits. Raises Problem.

    400, 413, 404, or 409 with the state of the step or workflow that cannot be advanced.
    """
    number = body.validated(raw, requested.validated)
    workflow, _ = find(outside, caller, workflow_id)
    logger.append_keys(workflow_id=workflow.id)
    steps = len(workflow.steps)
    if number >= steps:
        reason = f"Should be less than {steps}, the number of this workflow's steps"
        raise problems.invalid_parameters([{"name": "step", "reason": reason}])
    try:
        transition(outside, workflow, lambda current: transitions.advanced(current, number, outside.now()))
    except transitions.CannotAdvance as error:
        raise problems.Problem(problems.CONFLICT, str(error), more={"state": error.state}) from None
    count("StepsAdvanced", channel=workflow.steps[number].channel)
    logger.info("step advanced", step=number)
    return presentation.advanced(workflow, number)
