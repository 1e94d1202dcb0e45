"""Points in time: milliseconds since the epoch inside, ISO 8601 outside."""

from datetime import UTC, datetime, timedelta

LATEST = 253_402_300_800_000
"""The year 10000, which ISO 8601 times of four-digit years cannot show."""
_EPOCH = datetime.fromtimestamp(0, UTC)


def iso(milliseconds: int) -> str:
    """ISO 8601, UTC, milliseconds and Z."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def from_iso(text: str) -> int:
    """The milliseconds of an ISO 8601 time, in UTC where it has no offset. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // timedelta(milliseconds=1)
