"""The clock of a step: when its wait began, and when it expires (docs/api.md, "How a workflow proceeds")."""

from failover.rules.sending import backoff
from failover.rules.workflow import overdue
from failover.rules.workflow.state import Step, Workflow


def wait_began(step: Step) -> int:
    """Return when a step's clock started (ms): at the answer to its send, or else at the latest possible one.

    A claim without an answer is a send that died, or still runs. Returns 0 if the step was never claimed.
    """
    if step.claimed_at is None:
        return 0
    return step.answered_at or step.claimed_at + int(backoff.LONGEST_SEND * 1000)


def expires_at(step: Step) -> int:
    """Return when a step expires (ms). Returns 0 if it was never claimed."""
    return wait_began(step) + (step.expiry_time or 0) * 1000 if step.claimed_at is not None else 0


def open_until(workflow: Workflow, number: int) -> int:
    """Return when a step expires (ms), even if it was never claimed because its send always failed.

    Such a step has its whole expiry if it is the first, as its race waits so long. A later one has at most SLACK
    seconds from the end of the step before: then `reconcile` ends its race (`race.lost_signal`), since no message of it
    is on its way.
    """
    step = workflow.steps[number]
    if step.claimed_at is not None:
        return expires_at(step)
    if number == 0:
        return workflow.created_at + (step.expiry_time or 0) * 1000
    ended = [e["at"] for e in workflow.timeline if e["event"] == "left" and e["step"] == number - 1]
    began = ended[0] if ended else open_until(workflow, number - 1)
    return began + min(step.expiry_time or 0, overdue.SLACK) * 1000
