"""Points in time: milliseconds since the epoch internally, ISO 8601 in requests and answers."""

from datetime import UTC, datetime, timedelta

LATEST = 253_402_300_800_000
"""The start of the year 10000, beyond four-digit years."""
_EPOCH = datetime.fromtimestamp(0, UTC)


def iso(milliseconds: int) -> str:
    """Return the time as `2026-01-31T12:00:00.000Z`."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def from_iso(text: str) -> int:
    """Return the milliseconds of an ISO 8601 time; without an offset it is UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // timedelta(milliseconds=1)
