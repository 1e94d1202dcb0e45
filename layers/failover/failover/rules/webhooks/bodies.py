"""The bodies of webhooks (docs/api.md, "A message's status" and "The final report").

A body is made anew at each attempt, and is the same each time: it depends only on the timeline up to its own entry, and
on what never changes. Only sender, recipient and the step's `client_ref` disappear, with the content.
"""

from typing import Any

from failover.rules.channels.statuses import FAILURES, risen
from failover.rules.receipts.usage import Usage
from failover.rules.sending import client_ref
from failover.rules.timing.instants import iso
from failover.rules.workflow import reasons
from failover.rules.workflow.costs import by_step, totals
from failover.rules.workflow.presentation import href, usage
from failover.rules.workflow.publication import MESSAGE_STATUS
from failover.rules.workflow.state import FINAL_REPORTS, Entry, Workflow


def body(workflow: Workflow, content: list[dict[str, Any]] | None, entry: Entry) -> dict[str, Any]:
    """Return the body of the webhook for `entry`. `content` is None once it is dropped."""
    if entry["event"] in FINAL_REPORTS:
        document = _final_report(workflow, entry)
    else:
        uuids = _message_uuids(workflow.timeline[: entry["sequence"]])
        document = _message_status(workflow, content, entry, uuids.get(entry["step"]))
    return {**document, "sequence": entry["sequence"]}


def message(workflow: Workflow, number: int, content: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Return a message as a resource: its current status and price, and all details of its failure."""
    step = workflow.steps[number]
    statuses = [e for e in workflow.timeline if e["event"] == MESSAGE_STATUS and e["step"] == number]
    last = statuses[-1] if statuses else {"step": number, "at": step.answered_at or workflow.created_at}
    document = _message_status(workflow, content, last, step.message_uuid)
    document.pop("error", None)
    if step.status in FAILURES and (error := reasons.explanation(workflow.timeline, number, step.status)):
        document["error"] = error
    return {**document, "status": step.status or "submitted", **_charged(by_step(workflow.timeline).get(number))}


def link(workflow: Workflow) -> dict[str, Any]:
    """Return {"workflow": {…}} or {"dispatch": {…}}, as in the endpoint that created it, with href and id."""
    return {workflow.word: {"href": href(workflow.word, workflow.id), f"{workflow.word}_uuid": workflow.id}}


def _message_status(
    workflow: Workflow, content: list[dict[str, Any]] | None, entry: Entry, message_uuid: str | None
) -> dict[str, Any]:
    step = content[entry["step"]] if content else {}
    document: dict[str, Any] = {}
    if message_uuid is not None:
        document["message_uuid"] = message_uuid
    document.update({party: step[party] for party in ("to", "from") if party in step})
    if content is None:
        document["content_dropped"] = True
    document["timestamp"] = iso(entry["timestamp"] if "timestamp" in entry else entry["at"])
    document["status"] = entry.get("status") or entry.get("outcome")
    document.update({key: entry[key] for key in ("reason", "error", "usage") if key in entry})
    document.update(_reference(client_ref.of_customer(step) or workflow.client_ref))
    document["_links"] = link(workflow)
    return document


def _final_report(workflow: Workflow, entry: Entry) -> dict[str, Any]:
    past = workflow.timeline[: entry["sequence"]]
    document: dict[str, Any] = {
        "template": "failover",
        "status": workflow.status,
        "timestamp": iso(entry["at"]),
        **usage(totals(past)),
        f"{workflow.word}_uuid": workflow.id,
        **_reference(workflow.client_ref),
    }
    if workflow.status == "error":
        document["reason"] = reasons.of_workflow(past) or workflow.reason
    if entry["event"] == "amended":
        document["amended"] = True
    document["_links"] = {"messages": _messages(workflow, past)}
    return document


def _messages(workflow: Workflow, past: tuple[Entry, ...]) -> list[dict[str, Any]]:
    """Return the messages that the Messages API accepted, as of the last entry of `past`."""
    statuses: dict[int, str | None] = {}
    for entry in past:
        if entry["event"] == "sent":
            statuses.setdefault(entry["step"], None)
        elif entry["event"] == MESSAGE_STATUS:
            statuses[entry["step"]] = risen(statuses.get(entry["step"]), entry["status"])
    uuids, usages = _message_uuids(past), by_step(past)
    return [
        {
            "message_uuid": uuids[number],
            "href": f"v0.1/messages/{uuids[number]}",
            "channel": workflow.steps[number].channel,
            **_charged(usages.get(number)),
            "status": statuses[number] or "submitted",
        }
        for number in sorted(statuses)
        if number in uuids
    ]


def _message_uuids(past: tuple[Entry, ...]) -> dict[int, str]:
    """Return the known ids of the messages by step, as of the last entry of `past`."""
    uuids: dict[int, str] = {}
    for entry in past:
        if entry["event"] in ("sent", MESSAGE_STATUS) and "message_uuid" in entry:
            uuids.setdefault(entry["step"], entry["message_uuid"])
    return uuids


def _charged(price: Usage | None) -> dict[str, Any]:
    return usage([price] if price else [])


def _reference(reference: str | None) -> dict[str, str]:
    return {"client_ref": reference} if reference else {}
