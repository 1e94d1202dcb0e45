"""Message statuses, their ranks, and which conditions they meet (docs/api.md, "How a workflow proceeds")."""

RANKS = {"submitted": 1, "delivered": 2, "read": 3}
"""Statuses that only rise. Each includes those of lower rank: what was read was delivered."""

FAILURES = frozenset({"rejected", "undeliverable"})
"""Final statuses, unless `delivered` or `read` came first."""

STATUSES = frozenset(RANKS) | FAILURES
"""The statuses that decide something. Any other word is recorded and forwarded, and changes nothing."""

ADVANCED = "advanced"
"""Stands in the place of a status in the webhook about a step that the customer advanced. The vendor has no such word.
"""

CONDITIONS = ("delivered", "read")


def reached(status: str | None) -> bool:
    """Return True if the message has reached its recipient."""
    return RANKS.get(status or "", 0) >= RANKS["delivered"]


def meets(status: str | None, condition: str) -> bool:
    """Return True if `status` meets the condition status `condition`; `read` also meets `delivered`."""
    return RANKS.get(status or "", 0) >= RANKS[condition]


def risen(current: str | None, reported: str) -> str | None:
    """Return a message's status after `reported`, given its `current` one (None before the first).

    A failure counts only before `delivered` or `read`, and is final.
    """
    if current in FAILURES or reported not in STATUSES:
        return current
    if reported in FAILURES:
        return current if current and reached(current) else reported
    return max(current or reported, reported, key=lambda status: RANKS.get(status, 0))
