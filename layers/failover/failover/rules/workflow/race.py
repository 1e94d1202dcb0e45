"""The race of a step in the state machine, and the signal that ends it (statemachine/failover.asl.yaml)."""

from dataclasses import dataclass
from typing import NamedTuple

from failover.rules.channels.statuses import ADVANCED
from failover.rules.workflow.expiry import expires_at
from failover.rules.workflow.state import Workflow


class Signal(NamedTuple):
    """The arguments of the SendTaskFailure that ends a race."""

    task_token: str
    error: str
    """`ConditionMet` if the workflow is over, also by a cancel; `Rejected` goes on to the next step."""


@dataclass(frozen=True)
class Change:
    """A transition that was written to the table."""

    before: Workflow
    after: Workflow

    @property
    def signal(self) -> Signal | None:
        """The signal, if this write ended the workflow or gave a step its outcome while a race waits.

        An advance after the expiry signals nothing: the timer has ended that step's race. If the next step's send never
        reached the claim, the token may be that of its race, which would be left before its time.
        """
        before, after = self.before, self.after
        if not before.running or after.task_token is None:
            return None
        if not after.running:
            return Signal(after.task_token, "ConditionMet")
        changed = [new for old, new in zip(before.steps, after.steps, strict=True) if new.outcome != old.outcome]
        if not changed or (changed[0].outcome == ADVANCED and after.timeline[-1]["at"] >= expires_at(changed[0])):
            return None
        return Signal(after.task_token, "Rejected")


def lost_signal(workflow: Workflow) -> Signal | None:
    """Return the signal for a race that still waits although its step has an outcome, or None.

    That includes the race of the next step, if its send never reached the claim: nothing of it is on its way. The first
    step's race has no step before it, so only its expiry ends it.
    """
    begun = [step for step in workflow.steps if step.begun]
    if not workflow.running or workflow.task_token is None or not begun or begun[-1].outcome is None:
        return None
    return Signal(workflow.task_token, "Rejected")
