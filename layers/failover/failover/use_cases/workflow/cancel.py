"""End a workflow before its time: for its customer, for an operator, and for an erasure."""

from failover.outside import Outside
from failover.rules.workflow import transitions
from failover.rules.workflow.state import Workflow
from failover.use_cases.workflow.transition import transition


def cancelled(outside: Outside, workflow: Workflow) -> tuple[Workflow, bool]:
    """End a workflow, unless it is over: no further step is claimed.

    Returns the workflow as it is then, and True if this call has ended it. Raises as `transition`.
    """
    last = workflow

    def decide(current: Workflow) -> Workflow | None:
        nonlocal last
        last = current
        return transitions.cancelled(current, outside.now())

    change = transition(outside, workflow, decide)
    return (change.after, True) if change else (last, False)
