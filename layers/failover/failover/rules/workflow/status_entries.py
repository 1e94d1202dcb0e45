"""What the timeline keeps of a message's callbacks: each status once, and what a repeat says that is new.

Callbacks must not fill the item until nothing else can be written, so the entries of one message are counted.
"""

from typing import Any

from failover.errors import Failure
from failover.rules.channels.statuses import FAILURES, STATUSES
from failover.rules.receipts.receipt import Receipt
from failover.rules.workflow import reasons
from failover.rules.workflow.costs import named_before
from failover.rules.workflow.state import Workflow

MOST_STATUS_ENTRIES = 8
"""Entries about one message's status, before only the statuses that decide something are recorded, once each."""
MOST_UNKNOWN_ENTRIES = 4
"""Of these, those whose word is unknown to us: they must not take the room of prices and reasons."""


class StatusesFull(Failure):
    """A callback repeats a status, or has an unknown one, and the timeline has no more room for its message."""


def new_entry(workflow: Workflow, number: int, receipt: Receipt, late: bool) -> dict[str, Any] | None:
    """What an entry about this callback of step `number`'s message tells; None: all of it is known.

    A repeat is new if it names a price that none of this message's callbacks has named, or tells more of why the
    message failed. Then its entry has all that is known of the failure. Raises StatusesFull.
    """
    status, error = receipt.status, receipt.error
    repeated = status in workflow.steps[number].statuses
    if repeated:
        error = _told_newly(workflow, number, receipt)
        if not error and named_before(workflow.timeline, number, receipt.usage):
            return None
    if not _has_room(workflow, number, status, repeated):
        raise StatusesFull
    entry: dict[str, Any] = {"status": status}
    if error:
        entry["error"] = error
    if receipt.usage:
        entry["usage"] = receipt.usage
    if receipt.timestamp is not None:
        entry["timestamp"] = receipt.timestamp
    if late:
        entry["late"] = True
    return entry


def _told_newly(workflow: Workflow, number: int, receipt: Receipt) -> dict[str, Any] | None:
    if receipt.status not in FAILURES:
        return None
    known = reasons.reported(workflow.timeline, number, receipt.status)
    completed = reasons.completed(known, receipt.error)
    return completed if completed != known else None


def _has_room(workflow: Workflow, number: int, status: str, repeated: bool) -> bool:
    """A status that decides something always has, once."""
    if status in STATUSES and not repeated:
        return True
    recorded = [one["status"] for one in workflow.timeline if one["event"] == "status" and one["step"] == number]
    if status not in STATUSES and sum(word not in STATUSES for word in recorded) >= MOST_UNKNOWN_ENTRIES:
        return False
    return len(recorded) < MOST_STATUS_ENTRIES
