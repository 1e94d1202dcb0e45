"""The body of a request or a callback: how long it may be, and how it is read."""

from typing import Any

from failover import problems
from failover.rules import strict_json

MAX_BYTES = 64 * 1024


def check_size(raw: bytes) -> None:
    """Raises Problem (413)."""
    if len(raw) > MAX_BYTES:
        raise problems.Problem(problems.TOO_LARGE, f"The body is longer than {MAX_BYTES} bytes.")


def parsed(raw: bytes) -> Any:
    """The JSON value of a body. Raises Problem (400)."""
    try:
        return strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise problems.Problem(problems.INVALID_JSON, f"Malformed JSON payload: {error.reason}.") from None
