"""The input of an execution of the state machine: the remaining steps, as a linked list.

It has ids, channels and times, and no personal data.
"""

from dataclasses import replace
from typing import Any

from failover.errors import Invalid
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.formats.ids import is_id
from failover.rules.formats.stored import UnreadableItem, checked
from failover.rules.workflow.expiry import expires_at
from failover.rules.workflow.state import Step, Workflow

_GIVE_UP_SLACK = 5
"""Seconds the race's token outlives its timer, so that the timer always ends the race first."""


class InvalidInput(Invalid):
    """The input of a send was not made by us. The message names the field and none of its values."""


def asked_step(event: Any) -> tuple[str, int]:
    """Return (workflow id, step number) of a send's event {"workflow": id, "step": number}. Raises InvalidInput."""
    try:
        workflow_id, number = checked(event, "workflow", str), checked(event, "step", int)
    except UnreadableItem as error:
        raise InvalidInput(str(error)) from None
    if not is_id(workflow_id):
        raise InvalidInput("workflow")
    return workflow_id, number


def itinerary(workflow: Workflow, now: int) -> dict[str, Any] | None:
    """Return {"workflow": id, "rest": {"step": …, "rest": …}}. Returns None if the last step is claimed.

    A resumed workflow goes on at the step that is still open, with the rest of its expiry (its send finds the claim and
    sends nothing), or at the next one.
    """
    steps = list(enumerate(workflow.steps))
    begun = [number for number, step in steps if step.begun]
    if begun:
        current = begun[-1]
        if workflow.is_last(current):
            return None
        step, seconds = workflow.steps[current], -(-(expires_at(workflow.steps[current]) - now) // 1000)
        steps = steps[current + 1 :]
        if step.outcome is None and seconds > 0:
            steps = [(current, replace(step, expiry_time=seconds)), *steps]
    rest: dict[str, Any] | None = None
    for number, step in reversed(steps):
        link: dict[str, Any] = {"step": _step(number, step)}
        if rest is not None:
            link["rest"] = rest
        rest = link
    return {"workflow": workflow.id, "rest": rest}


def _step(number: int, step: Step) -> dict[str, Any]:
    channel = CHANNELS.get(step.channel)  # one of a later release has no function here, so its step fails over
    document: dict[str, Any] = {"number": number, "channel": channel.function if channel else step.channel}
    if step.expiry_time is not None:
        document["expiry_time"] = step.expiry_time
        document["give_up_after"] = step.expiry_time + _GIVE_UP_SLACK
    return document
