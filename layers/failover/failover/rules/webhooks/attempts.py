"""A webhook as the customer sees it: its state, its attempts, and when the next one is due (docs/api.md)."""

from typing import Any

from failover.rules.formats.stored import instant
from failover.rules.timing.instants import iso
from failover.rules.workflow import publication
from failover.rules.workflow.state import Entry

NEXT = "next_attempt_at"
"""Of a recorded attempt: when the retry after it is due (ms). Missing if no retry follows, or if an earlier version
recorded the attempt, which did not store this time."""


def row(entry: Entry, recorded: dict[str, Any], url: str | None) -> dict[str, Any]:
    """Return a webhook with its attempts. `recorded` is what was recorded of it, or {} before its first attempt.

    `url` is where it would go now, or None. Raises UnreadableItem.
    """
    made = recorded.get("attempts", [])
    document = {
        "sequence": entry["sequence"],
        "kind": publication.kind(entry),
        "state": recorded.get("state", "no_url" if url is None else "pending"),
        "attempts": [_attempt(attempt) for attempt in made],
    }
    if (due := _retry_due_at(recorded)) is not None:
        document[NEXT] = iso(due)
    return document


def _attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in attempt.items() if name != NEXT}, "at": iso(attempt["at"])}


def _retry_due_at(recorded: dict[str, Any]) -> int | None:
    """Return when the retry after the last attempt is due (ms). Returns None once that retry has been claimed."""
    made = recorded.get("attempts", [])
    if not made or recorded["state"] != "pending" or made[-1]["number"] != recorded["last_attempt"]:
        return None
    due: int | None = instant(made[-1], NEXT, None)
    return due
