"""Read JSON of others as far as it can be read: a text that was cut in half must not cost us the rest of its object.

Requests are read by `strict_json`, which refuses what readers disagree about (RFC 8259, sections 4, 6 and 8).
"""

import json
import re
from decimal import Decimal
from typing import Any

from failover.errors import Invalid

_MAX_DEPTH = 200
"""Far from Python's own limit, so that code which walks through the value may call itself, too."""

_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and halves of surrogate pairs: DynamoDB and UTF-8 do not take them."""

_LONGEST_INTEGER = 60
"""Digits; Python refuses to make an `int` of thousands of digits."""


class UnreadableJson(Invalid):
    """The text is not JSON, or it is nested too deep. `reason` says which, and quotes nothing of the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(raw: bytes) -> Any:
    """The value of a JSON text, with numbers as `strict_json` reads them: integers exact, others as Decimal.

    U+FFFD replaces NUL, halves of surrogate pairs, and bytes that are not UTF-8. A byte order mark is skipped, control
    characters may stand in strings, the last of several equal keys wins, and NaN, Infinity and numbers beyond the range
    of Decimal are None. Raises UnreadableJson.
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
