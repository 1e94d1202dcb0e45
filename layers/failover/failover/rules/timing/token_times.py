"""The tolerance of every time rule of a token: two clocks, and the rounding of a claim, may differ by this much.

A published client rounds `exp` up and `iat` down, so that a token of 24 hours spans a second more.
"""

from typing import Any

TOLERANCE = 60
"""Seconds."""
_LATEST = 1e12
"""A number beyond it cannot be seconds."""


def instant(claim: Any) -> float | None:
    """The seconds since 1970 that a claim gives; None: it is not a number (`NaN`, Infinity and `true` are none)."""
    if isinstance(claim, bool) or not isinstance(claim, int | float) or not abs(claim) < _LATEST:
        return None
    return float(claim)


def exceeds(seconds: float, limit: float = 0) -> bool:
    """A span of time is longer than a rule allows, whatever the clocks."""
    return seconds > limit + TOLERANCE
