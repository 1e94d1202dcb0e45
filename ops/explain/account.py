"""A workflow's story as one chronological account, in plain English."""

import json
import re
from collections.abc import Iterator
from typing import Any

from failover.rules.timing.instants import iso
from failover.rules.workflow import publication
from failover.rules.workflow.state import Entry, Workflow
from ops.explain.story import Moment, Story, seconds

_FIELDS = (
    "step",
    "steps",
    "sequence",
    "sequences",
    "attempt",
    "state",
    "status",
    "type",
    "answer",
    "reason",
    "outcome",
    "known",
    "signal",
    "in_time",
    "action",
    "until",
    "seconds",
    "url_known",
    "error",
    "trace_id",
)
"""The fields of a log line that are shown. docs/operations.md has all of them; none holds a text or an address."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,80}")
"""Of an error in an execution's history. Anything else is not shown."""


def account(story: Story) -> list[str]:
    """Return a line for each moment, in order: its time, the time since the request, its source, what happened."""
    began = story.workflow.created_at
    return [
        f"{iso(moment.at)}  {_since(moment.at - began):>11}  {moment.source:<9}  {moment.text}"
        for moment in sorted(moments(story), key=lambda one: one.at)
    ]


def _since(milliseconds: int) -> str:
    return f"{milliseconds / 1000:+.1f} s" if abs(milliseconds) < 3_600_000 else f"+{seconds(milliseconds)}"


def moments(story: Story) -> Iterator[Moment]:
    """All moments of a story; those of one instant in the order in which they depend on each other."""
    flow = story.workflow
    for entry in flow.timeline:
        yield Moment(entry["at"], "workflow", of_entry(flow, entry))
    for execution in story.executions:
        yield Moment(execution.started_at, "execution", f"execution {execution.number} starts")
        yield from execution.moments
        if execution.ended_at is not None:
            text = f"execution {execution.number} ends: {execution.status.lower().replace('_', ' ')}"
            yield Moment(execution.ended_at, "execution", text)
    yield from story.logs
    for webhook in story.webhooks:
        found = publication.find(flow, webhook.sequence)
        about = f"webhook {webhook.sequence}" + (f" ({what(found)})" if found else "")
        for one in webhook.attempts:
            text = f"{about}, attempt {one.number}: {one.result} after {seconds(one.milliseconds)}"
            yield Moment(one.at, "webhook", text)


def what(entry: Entry) -> str:
    """Return what a webhook reports: `delivered of step 0`, or `the final report`."""
    if publication.kind(entry) == "final_report":
        return "the final report"
    return f"{entry.get('status', entry.get('outcome', entry['event']))} of step {entry['step']}"


def of_entry(flow: Workflow, entry: Entry) -> str:
    """Return an entry of the timeline in words."""
    named = f"step {entry['step']} ({flow.steps[entry['step']].channel})" if "step" in entry else "the workflow"
    reason = entry.get("reason", "no reason was recorded")
    match entry["event"]:
        case "accepted":
            return f"the request is accepted: {', '.join(step.channel for step in flow.steps)}"
        case "waiting":
            return f"{named} has no turn at the vendor's limit yet, and waits"
        case "sending":
            return f"{named} is claimed, and its message requested"
        case "postponed":
            return f"{named} is not taken by the vendor, and will be requested again: {reason}"
        case "sent":
            return f"{named} is accepted by the Messages API"
        case "unsent":
            return f"{named} is not sent: {reason}"
        case "unknown":
            return f"{named} may or may not have been accepted: {reason}"
        case "status":
            return f"callback: {named} is {entry['status']}{_circumstances(entry)}"
        case "left":
            return f"{named} ends without success: {reason}"
        case "error":
            return f"the workflow ends in error: {reason}"
        case "restored":
            return "the table was restored from a backup: nothing more is sent for this workflow"
        case "amended":
            return "the final report is sent again: a later status changed it"
        case event:
            return f"the workflow is {event}" + (f", by {named}" if "step" in entry else "")


def _circumstances(entry: Entry) -> str:
    said = []
    if "timestamp" in entry and entry["at"] - entry["timestamp"] >= 1_000:
        said.append(f"{seconds(entry['at'] - entry['timestamp'])} after it happened")
    if entry.get("late"):
        said.append("after the step had ended")
    return f" ({', '.join(said)})" if said else ""


def of_log_line(message: str) -> str | None:
    """Return a log line of ours in words, or None: a metric, a line of Lambda itself, or not JSON."""
    try:
        line = json.loads(message)
    except ValueError:
        return None
    if not isinstance(line, dict) or "_aws" in line or not isinstance(line.get("message"), str):
        return None
    level = "" if line.get("level") in ("INFO", "DEBUG") else f"{line.get('level')} "
    shown = ", ".join(f"{name} {_value(line[name])}" for name in _FIELDS if line.get(name) is not None)
    frames = line.get("frames")
    if isinstance(frames, list) and frames:
        shown += f", in {frames[-1]}"
    return f"{line.get('service')}: {level}{line['message']}" + (f" ({shown})" if shown else "")


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


_ERRORS = {
    "NotYourTurn": "its time has not come: the send will be invoked again",
    "ConditionMet": "the race ends: the workflow is over",
    "Rejected": "the race ends: the step has its outcome",
    "Expired": "the race ends: the step's expiry is over",
    "DynamoDb.ConditionalCheckFailedException": "the race ends: there is an outcome already",
}
_ENTERED = {
    "Send": "invokes the send of a step",
    "SendLast": "invokes the send of the last step",
    "Race": "waits for the step's outcome or its expiry",
    "Wait": "waits until the time that the send has named",
    "Unheard": "could not wait for the outcome, and waits for the expiry alone",
}


def of_history(event: dict[str, Any]) -> str | None:
    """Return an event of an execution's history in words, or None if it says nothing new."""
    kind = str(event["type"])
    if kind.endswith("StateEntered"):
        return _ENTERED.get(event["stateEnteredEventDetails"]["name"])
    details: dict[str, Any] = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
    if kind in ("TaskFailed", "TaskTimedOut", "TaskSubmitFailed", "TaskStartFailed", "ExecutionFailed"):
        error = str(details.get("error", ""))
        if known := _ERRORS.get(error):
            return known
        named = error if _NAME.fullmatch(error) else "an error"
        return f"{_words(kind)}: {named}"
    return None


def _words(kind: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
