"""What a customer is shown of a workflow."""

from typing import Any

from failover.rules.receipts.usage import Usage
from failover.rules.sending import client_ref
from failover.rules.timing.instants import iso
from failover.rules.workflow import reasons
from failover.rules.workflow.costs import totals
from failover.rules.workflow.state import FINAL_REPORTS, Entry, Step, Workflow


def shown(workflow: Workflow, content: list[dict[str, Any]] | None) -> dict[str, Any]:
    """The resource of `GET /beta/workflows/{id}`. Without `content` (it has been dropped) nobody is named."""
    return {
        **summary(workflow),
        **usage(totals(workflow.timeline)),
        "steps": [
            _step(number, step, content[number] if content else {}) for number, step in enumerate(workflow.steps)
        ],
        "timeline": [_entry(workflow, entry) for entry in workflow.timeline],
    }


def summary(workflow: Workflow) -> dict[str, Any]:
    """The workflow as a whole: what an entry of the list says, too."""
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
    """The answer of a cancel: what can no longer be taken back, step by step."""
    steps = [
        {"step": number, "channel": step.channel, "state": _sent(step)} for number, step in enumerate(workflow.steps)
    ]
    return {**summary(workflow), "steps": steps}


def _sent(step: Step) -> str:
    """sent; in_flight: it may go out, or may have gone out; never_sent: it has not, and will not."""
    if step.phase == "sent" or step.statuses:
        return "sent"
    return "in_flight" if step.phase in ("claimed", "unknown") else "never_sent"


def usage(totals: list[Usage]) -> dict[str, Any]:
    """{"usage": …} of a total: an object, as in the contract; an array of them where there are several currencies."""
    return {"usage": totals[0] if len(totals) == 1 else totals} if totals else {}


def _step(number: int, step: Step, content: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {"step": number, "channel": step.channel, "state": step.state}
    document.update({key: content[key] for key in ("from", "to") if key in content})
    if reference := client_ref.of_customer(content):
        document["client_ref"] = reference
    for key in ("condition_status", "expiry_time", "message_uuid", "status"):
        if getattr(step, key) is not None:
            document[key] = getattr(step, key)
    if step.answered_at is not None and step.expiry_time is not None:
        document["expires_at"] = iso(step.answered_at + step.expiry_time * 1000)
    return document


def _entry(workflow: Workflow, entry: Entry) -> dict[str, Any]:
    """An entry of the timeline; a final report, with what the messages had cost by then.

    A step that was left, with all that is known of the reason by now.
    """
    document: dict[str, Any] = {**entry, **{key: iso(entry[key]) for key in ("at", "timestamp") if key in entry}}
    if entry["event"] in FINAL_REPORTS:
        document.update(usage(totals(workflow.timeline[: entry["sequence"]])))
    if entry["event"] == "left":
        document["reason"] = reasons.as_known(entry, workflow.timeline)
    return document
