"""A workflow as the customer sees it (docs/api.md, "The workflow", "Cancel" and "Advance")."""

from typing import Any

from failover.rules.receipts.usage import Usage
from failover.rules.sending import client_ref
from failover.rules.timing.instants import iso
from failover.rules.workflow import overdue, reasons
from failover.rules.workflow.costs import totals
from failover.rules.workflow.state import EVENTS, FINAL_REPORTS, Entry, Step, Workflow


def href(word: str, workflow_id: str) -> str:
    """Return the path of a workflow at the endpoint that created it, relative to the stack's `ApiUrl`."""
    return f"/workflows/{workflow_id}" if word == "workflow" else f"v0.1/dispatch/{workflow_id}"


def resource(workflow: Workflow, content: list[dict[str, Any]] | None, now: int) -> dict[str, Any]:
    """Return the answer of `GET /beta/workflows/{id}`, as read at `now` (ms).

    Once `content` is dropped (None), it has no personal data.
    """
    return {
        "as_of": iso(now),
        **summary(workflow),
        **usage(totals(workflow.timeline)),
        "steps": [_step(workflow, number, content[number] if content else {}) for number in range(len(workflow.steps))],
        "timeline": [_entry(workflow, entry) for entry in workflow.timeline],
    }


def progress(workflow: Workflow) -> dict[str, Any]:
    """Return what the list shows with `expand=steps`: the steps without content and ids of messages, and the usage."""
    steps = [_step(workflow, number, {}) for number in range(len(workflow.steps))]
    for step in steps:
        step.pop("message_uuid", None)
    return {**usage(totals(workflow.timeline)), "steps": steps}


def summary(workflow: Workflow) -> dict[str, Any]:
    """Return the fields about the workflow as a whole."""
    document: dict[str, Any] = {
        f"{workflow.word}_uuid": workflow.id,
        "template": "failover",
        "status": workflow.status,
        "created_at": iso(workflow.created_at),
    }
    if workflow.ended_at is not None:
        document["ended_at"] = iso(workflow.ended_at)
    for key in ("reason", "client_ref"):
        if getattr(workflow, key) is not None:
            document[key] = getattr(workflow, key)
    return document


def cancelled(workflow: Workflow) -> dict[str, Any]:
    """Return the answer of a cancel: for each step, whether its message is sent, in flight, or will never be sent."""
    steps = [
        {"step": number, "channel": step.channel, "state": sent(step)} for number, step in enumerate(workflow.steps)
    ]
    return {**summary(workflow), "steps": steps}


def sent(step: Step) -> str:
    """`sent`, `in_flight` (it may be sent, or may have been), or `never_sent` (it was not, and will not be)."""
    if step.phase == "sent" or step.statuses:
        return "sent"
    return "never_sent" if step.phase in ("pending", "unsent") else "in_flight"  # also a phase of a later release


def advanced(workflow: Workflow, number: int) -> dict[str, Any]:
    """Return the answer of an advance from step `number`: which step is sent next."""
    following = {"step": number + 1, "channel": workflow.steps[number + 1].channel}
    return {**summary(workflow), "step": number, "outcome": "advanced", "next": following}


def usage(totals: list[Usage]) -> dict[str, Any]:
    """Return {"usage": …}: an object, or an array of them for several currencies. Returns {} without prices."""
    return {"usage": totals[0] if len(totals) == 1 else totals} if totals else {}


def _step(workflow: Workflow, number: int, content: dict[str, Any]) -> dict[str, Any]:
    step = workflow.steps[number]
    document: dict[str, Any] = {"step": number, "channel": step.channel, "state": step.state}
    document.update({key: content[key] for key in ("from", "to") if key in content})
    if reference := client_ref.of_customer(content):
        document["client_ref"] = reference
    for key in ("condition_status", "expiry_time", "message_uuid", "status"):
        if getattr(step, key) is not None:
            document[key] = getattr(step, key)
    if step.waiting_since is not None and step.state == "pending" and workflow.running:
        document["waiting_since"] = iso(step.waiting_since)
    if step.answered_at is not None and step.expiry_time is not None:
        document["expires_at"] = iso(step.answered_at + step.expiry_time * 1000)
    sent = step.answered_at is not None or bool(step.statuses)
    if workflow.is_last(number) and workflow.running and step.outcome is None and sent:
        until = overdue.unconfirmed_at(workflow)
        document |= {} if until is None else {"unconfirmed_at": iso(until)}
    return document


def _entry(workflow: Workflow, entry: Entry) -> dict[str, Any]:
    """Return an entry of the timeline.

    A final report has the total at that time; a `left` entry has a reason with all details known by now. The details of
    an event of a later release are shown as they are.
    """
    times = ("at", "timestamp") if entry["event"] in EVENTS else ("at",)
    document: dict[str, Any] = {**entry, **{key: iso(entry[key]) for key in times if key in entry}}
    if entry["event"] in FINAL_REPORTS:
        document.update(usage(totals(workflow.timeline[: entry["sequence"]])))
    if entry["event"] == "left":
        document["reason"] = reasons.of_entry(entry, workflow.timeline)
    return document
