"""What an execution of the state machine is given: the steps that are left, as the linked list it walks.

Ids, channels and times; nothing of a person.
"""

from dataclasses import replace
from typing import Any

from failover.errors import Invalid
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.formats.ids import is_id
from failover.rules.formats.stored import UnreadableItem, checked
from failover.rules.workflow.state import Step, Workflow
from failover.rules.workflow.transitions import expires_at

_GIVE_UP_SLACK = 5
"""Seconds the race's token outlives its timer: the timer must always be the one that ends it."""


class InvalidInput(Invalid):
    """A send was asked for by an input that is none of ours. The words name the field and none of its values."""


def asked_step(event: Any) -> tuple[str, int]:
    """(workflow id, step number) of the event of a send: {"workflow": id, "step": number}. Raises InvalidInput."""
    try:
        workflow_id, number = checked(event, "workflow", str), checked(event, "step", int)
    except UnreadableItem as error:
        raise InvalidInput(str(error)) from None
    if not is_id(workflow_id):
        raise InvalidInput("workflow")
    return workflow_id, number


def itinerary(workflow: Workflow, now: int) -> dict[str, Any] | None:
    """{"workflow": id, "rest": {"step": …, "rest": …}}; None: the last step has been claimed, nothing is left to do.

    A workflow that is resumed goes on where it stands: at the step that is still open, with what is left of its
    expiry (whose send finds its claim and sends nothing), or at the one after it.
    """
    steps = list(enumerate(workflow.steps))
    begun = [number for number, step in steps if step.phase != "pending"]
    if begun:
        current = begun[-1]
        if workflow.is_last(current):
            return None
        step, left = workflow.steps[current], -(-(expires_at(workflow.steps[current]) - now) // 1000)
        steps = steps[current + 1 :]
        if step.outcome is None and left > 0:
            steps = [(current, replace(step, expiry_time=left)), *steps]
    rest: dict[str, Any] | None = None
    for number, step in reversed(steps):
        link: dict[str, Any] = {"step": _step(number, step)}
        if rest is not None:
            link["rest"] = rest
        rest = link
    return {"workflow": workflow.id, "rest": rest}


def _step(number: int, step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {"number": number, "channel": CHANNELS[step.channel].function}
    if step.expiry_time is not None:
        told["expiry_time"] = step.expiry_time
        told["give_up_after"] = step.expiry_time + _GIVE_UP_SLACK
    return told
