"""The body of a request or a callback: its size limit, and its JSON."""

from collections.abc import Callable
from typing import Any

from failover import problems
from failover.rules.formats import lenient_json, strict_json
from failover.rules.formats.faults import InvalidRequest

MAX_BYTES = 64 * 1024
"""Of a request."""
MAX_CALLBACK_BYTES = 1024 * 1024
"""Of a callback. The vendor does not retry after a 413, so the limit is above any genuine callback."""


def check_size(raw: bytes, most: int = MAX_BYTES) -> None:
    """Raises Problem (413)."""
    if len(raw) > most:
        raise problems.Problem(problems.TOO_LARGE, f"The body is longer than {most} bytes.")


def parsed(raw: bytes) -> Any:
    """The JSON value of a request's body. Raises Problem (400)."""
    try:
        return strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise _malformed(error.reason) from None


def validated[T](raw: bytes, validate: Callable[[Any], T]) -> T:
    """What `validate` makes of a request's body. Raises Problem (400 with all faults, 413)."""
    check_size(raw)
    try:
        return validate(parsed(raw))
    except InvalidRequest as error:
        raise problems.invalid_parameters(error.faults) from None


def parsed_callback(raw: bytes) -> Any:
    """The JSON value of a callback's body, read leniently. Raises Problem (400)."""
    try:
        return lenient_json.parse(raw)
    except lenient_json.UnreadableJson as error:
        raise _malformed(error.reason) from None


def _malformed(reason: str) -> problems.Problem:
    return problems.Problem(problems.INVALID_JSON, f"Malformed JSON payload: {reason}.")
