"""The proof of an erasure: a document with its signature, which only a holder of the stack's key can make."""

import hashlib
import hmac
import json
from typing import Any

from failover.rules.timing.instants import from_iso, iso
from failover.rules.workflow.expiry import wait_began
from failover.rules.workflow.state import Workflow

_DAY = 86_400_000
STREAM = _DAY
"""Milliseconds for which the table's stream keeps a change, with the item as it was before."""
BACKUPS = 35 * _DAY
"""Milliseconds for which point-in-time recovery can bring an item back."""
KEPT_SECONDS = 400 * 86_400
"""How long the table keeps what an erasure did."""

type Verdict = dict[str, Any]
"""What an erasure did to one workflow, as it is stored: `at` (ms), `content` (dropped; or gone, if there was none),
`cancelled`, and `in_flight`, the steps whose message was being sent."""


def verdict(workflow: Workflow | None, now: int, *, kept: bool, cancelled: bool) -> Verdict:
    """`kept`: there was content to drop. `cancelled`: the workflow ran, and this erasure ended it."""
    return {
        "at": now,
        "content": "dropped" if kept else "gone",
        "cancelled": cancelled,
        "in_flight": [] if workflow is None else in_flight(workflow, now),
    }


def in_flight(workflow: Workflow, now: int) -> list[int]:
    """Return the steps whose message may be on its way to the Messages API: their sends have read the content."""
    return [n for n, step in enumerate(workflow.steps) if step.phase == "claimed" and now < wait_began(step)]


def shown(workflow_id: str, workflow: Workflow | None, *, readable: bool = True) -> dict[str, Any]:
    """What an answer says of a workflow. `workflow` is None if its record is gone, or not `readable`."""
    if workflow is None:
        status = "gone" if readable else "unreadable"
        return {"workflow_uuid": workflow_id, "account": None, "created_at": None, "status": status}
    return {
        "workflow_uuid": workflow_id,
        "account": workflow.account,
        "created_at": iso(workflow.created_at),
        "status": workflow.status,
    }


def erased(about: dict[str, Any], workflow: Workflow | None, done: Verdict, *, before: bool) -> dict[str, Any]:
    """Return the entry of a workflow in the proof. `before`: an earlier erasure did it."""
    until = workflow.expires_at if workflow else None
    return {
        **about,
        "content": done["content"],
        "erased_at": iso(done["at"]),
        "erased_before": before,
        "cancelled": done["cancelled"],
        "in_flight": done["in_flight"],
        "record_kept_until": None if until is None else iso(until * 1000),
    }


def document(stack: str, recipients: list[str], rows: list[dict[str, Any]], now: int, *, complete: bool) -> Any:
    """Return what is signed: `rows` are those of `erased`. Times are in ISO 8601; nothing in it names a person."""
    last = max((from_iso(row["erased_at"]) for row in rows), default=now)
    records = [row["record_kept_until"] for row in rows if row["record_kept_until"] is not None]
    return {
        "stack": stack,
        "at": iso(now),
        "recipients": recipients,
        "workflows": rows,
        "totals": {
            "workflows": len(rows),
            "dropped": sum(row["content"] == "dropped" for row in rows),
            "gone": sum(row["content"] == "gone" for row in rows),
            "erased_before": sum(row["erased_before"] for row in rows),
            "cancelled": sum(row["cancelled"] for row in rows),
            "in_flight": sum(len(row["in_flight"]) for row in rows),
        },
        "kept": {
            "timelines_until": max(records, default=None),
            "stream_until": iso(last + STREAM),
            "backups_until": iso(last + BACKUPS),
            "erasure_until": iso(now + KEPT_SECONDS * 1000),
        },
        "complete": complete,
    }


def signature(key: str, signed: Any) -> str:
    """Return the signature of a document, however its JSON is written: the order of fields does not count."""
    canonical = json.dumps(signed, sort_keys=True, separators=(",", ":"))
    return hmac.new(key.encode(), f"erasure\0{canonical}".encode(), hashlib.sha256).hexdigest()


def genuine(keys: list[str], signed: Any, offered: str) -> bool:
    """Return True if this stack has signed exactly this document."""
    return any(hmac.compare_digest(signature(key, signed), offered) for key in keys)
