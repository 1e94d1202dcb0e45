"""What a customer is shown of a workflow."""

from datetime import UTC, datetime
from typing import Any

from failover.rules.workflow import Step, Workflow


def iso(milliseconds: int) -> str:
    """ISO 8601, UTC, milliseconds and Z."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def shown(workflow: Workflow, content: list[dict[str, Any]] | None) -> dict[str, Any]:
    """The resource of `GET /beta/workflows/{id}`. Without `content` (it has been dropped) nobody is named."""
    document: dict[str, Any] = {
        f"{workflow.word}_uuid": workflow.id,
        "template": "failover",
        "status": workflow.status,
        "created_at": iso(workflow.created_at),
        "steps": [
            _step(number, step, content[number] if content else {}) for number, step in enumerate(workflow.steps)
        ],
        "timeline": [_entry(entry) for entry in workflow.timeline],
    }
    if workflow.ended_at is not None:
        document["ended_at"] = iso(workflow.ended_at)
    if workflow.reason is not None:
        document["reason"] = workflow.reason
    return document


def _step(number: int, step: Step, content: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {"step": number, "channel": step.channel, "state": step.state}
    document.update({key: content[key] for key in ("from", "to") if key in content})
    if client_ref := content.get("client_ref") or content.get("message", {}).get("client_ref"):
        document["client_ref"] = client_ref
    for key in ("condition_status", "expiry_time", "message_uuid", "status"):
        if getattr(step, key) is not None:
            document[key] = getattr(step, key)
    if step.answered_at is not None and step.expiry_time is not None:
        document["expires_at"] = iso(step.answered_at + step.expiry_time * 1000)
    return document


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    instants: dict[str, Any] = {key: iso(entry[key]) for key in ("at", "timestamp") if key in entry}
    return {**entry, **instants}
