"""The tolerance of every time rule for tokens, for clocks that differ and claims that are rounded.

A published client rounds `exp` up and `iat` down, so its 24-hour token spans a second more (docs/api.md, "Decisions").
"""

from typing import Any

TOLERANCE = 60
"""Seconds."""
_LATEST = 1e12
"""Larger numbers cannot be seconds."""


def instant(claim: Any) -> float | None:
    """Return a claim as seconds since 1970. Returns None if it is not a number, as are `NaN`, Infinity and `true`."""
    if isinstance(claim, bool) or not isinstance(claim, int | float) or not abs(claim) < _LATEST:
        return None
    return float(claim)


def exceeds(seconds: float, limit: float = 0) -> bool:
    """Return True if a time span is longer than `limit`, even with the tolerance (seconds)."""
    return seconds > limit + TOLERANCE
