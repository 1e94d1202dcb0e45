"""The timeline's entries about a message's status: each status once, and repeats that report something new.

Their number per message is limited, so that callbacks cannot fill the workflow's item (docs/reliability.md, F34).
"""

from typing import Any

from failover.errors import Failure
from failover.rules.channels.statuses import FAILURES, STATUSES
from failover.rules.receipts.receipt import Receipt
from failover.rules.workflow import reasons
from failover.rules.workflow.costs import reported_before
from failover.rules.workflow.state import Workflow

MOST_STATUS_ENTRIES = 8
"""Entries per message. Beyond them only the statuses that decide something are recorded, once each."""
MOST_UNKNOWN_ENTRIES = 4
"""Entries per message with an unknown word, to leave room for prices and reasons."""


class StatusesFull(Failure):
    """No room: the callback repeats a status, or has an unknown one, and its message has too many entries."""


def new_entry(workflow: Workflow, number: int, receipt: Receipt, late: bool) -> dict[str, Any] | None:
    """Return the details of an entry for this callback of step `number`. Returns None if it reports nothing new.

    A repeat reports something new if it has a price that no callback of the message had, or adds to the reason why the
    message failed. Then its entry has all that is known of the failure. Raises StatusesFull.
    """
    status, error = receipt.status, receipt.error
    repeated = status in workflow.steps[number].statuses
    if repeated:
        error = _new_error(workflow, number, receipt)
        if not error and reported_before(workflow.timeline, number, receipt.usage):
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


def _new_error(workflow: Workflow, number: int, receipt: Receipt) -> dict[str, Any] | None:
    if receipt.status not in FAILURES:
        return None
    earlier = reasons.reported(workflow.timeline, number, receipt.status)
    completed = reasons.completed(earlier, receipt.error)
    return completed if completed != earlier else None


def _has_room(workflow: Workflow, number: int, status: str, repeated: bool) -> bool:
    """A status that decides something always has room once."""
    if status in STATUSES and not repeated:
        return True
    recorded = [one["status"] for one in workflow.timeline if one["event"] == "status" and one["step"] == number]
    if status not in STATUSES and sum(word not in STATUSES for word in recorded) >= MOST_UNKNOWN_ENTRIES:
        return False
    return len(recorded) < MOST_STATUS_ENTRIES
