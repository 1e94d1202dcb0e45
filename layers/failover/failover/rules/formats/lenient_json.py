"""Read JSON from the vendor as far as possible: one broken string must not lose the rest of its object.

Requests are read by `strict_json`, which refuses what JSON parsers disagree about (RFC 8259, sections 4, 6 and 8).
"""

import json
import re
from decimal import Decimal
from typing import Any

from failover.errors import Invalid

_MAX_DEPTH = 200
"""Far below Python's recursion limit, so that code which walks the value may recurse as well."""

_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates, which DynamoDB or UTF-8 cannot hold."""

_LONGEST_INTEGER = 60
"""Digits. `int` raises ValueError for thousands of digits."""


class UnreadableJson(Invalid):
    """The text is not JSON, or is nested too deeply. `reason` says which, without quoting the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(raw: bytes) -> Any:
    """Return the value of a JSON text: integers exact, other numbers as Decimal, as `strict_json` does.

    U+FFFD replaces NUL, lone surrogates, and bytes that are not UTF-8. A byte order mark is skipped, strings may have
    control characters, the last of several equal keys wins, and NaN, Infinity and numbers beyond the range of Decimal
    become None. Raises UnreadableJson if the text is not JSON, or is nested deeper than 200 levels.
    """
    try:
        value = json.loads(
            raw.decode("utf-8-sig", errors="replace"),
            strict=False,
            parse_constant=lambda _: None,
            parse_int=_integer,
            parse_float=_decimal,
        )
    except json.JSONDecodeError as error:
        raise UnreadableJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise UnreadableJson("nested too deep") from None
    return _printable(value, _MAX_DEPTH)


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else Decimal(digits)


def _decimal(digits: str) -> Decimal | None:
    try:
        return Decimal(digits)
    except ArithmeticError:
        return None


def _printable(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _UNPRINTABLE.sub("\ufffd", value)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise UnreadableJson(f"nested deeper than {_MAX_DEPTH}")
    if isinstance(value, dict):
        return {_UNPRINTABLE.sub("\ufffd", key): _printable(item, depth - 1) for key, item in value.items()}
    return [_printable(item, depth - 1) for item in value]
