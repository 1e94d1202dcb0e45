"""The tolerance of every time rule of a token: two clocks, and the rounding of a claim, may differ by this much.

A published client rounds `exp` up and `iat` down, so that a token of 24 hours spans a second more.
"""

TOLERANCE = 60
"""Seconds."""


def exceeds(seconds: float, limit: float = 0) -> bool:
    """A span of time is longer than a rule allows, whatever the clocks."""
    return seconds > limit + TOLERANCE
