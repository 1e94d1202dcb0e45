"""The message statuses, their ranks, and what each says of a condition (contract, sections 0, 7.1 and 8)."""

RANKS = {"submitted": 1, "delivered": 2, "read": 3}
"""Statuses that only rise. A status of a higher rank includes the lower ones: who has read, has received."""

FAILURES = frozenset({"rejected", "undeliverable"})
"""Statuses that end a message, unless `delivered` or `read` came first."""

STATUSES = frozenset(RANKS) | FAILURES
"""The words that decide something. Any other one is recorded and forwarded, and changes nothing."""

CONDITIONS = ("delivered", "read")


def reached(status: str | None) -> bool:
    """The person has the message."""
    return RANKS.get(status or "", 0) >= RANKS["delivered"]


def meets(status: str | None, condition: str) -> bool:
    """`status` satisfies `condition`; `read` satisfies `delivered`."""
    return RANKS.get(status or "", 0) >= RANKS[condition]


def risen(known: str | None, arriving: str) -> str | None:
    """The status a message has after `arriving`, given the `known` one (None: no status yet).

    A failure stands only if the person had not been reached before it, and nothing follows a failure.
    """
    if known in FAILURES or arriving not in STATUSES:
        return known
    if arriving in FAILURES:
        return known if known and reached(known) else arriving
    return max(known or arriving, arriving, key=lambda status: RANKS.get(status, 0))
