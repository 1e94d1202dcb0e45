"""Read a request's JSON exactly, or refuse it with a reason (docs/api.md, "Rejected").

RFC 8259 leaves duplicate keys, lone surrogates and the size of numbers to the parser. This one refuses what it cannot
keep exactly.
"""

import codecs
import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from failover.errors import Invalid

MAX_DEPTH = 32

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
_LONGEST_INTEGER = 60
"""Digits; no field takes more. `int` raises ValueError for thousands of digits."""


_REASONS = {
    "Expecting value": "expected a value",
    "Expecting property name": "expected a name in double quotes",
    "Expecting ':'": "expected ':'",
    "Expecting ','": "expected ','",
    "Unterminated string": "unterminated string",
    "Invalid control character": "unescaped control character",
    "Invalid \\escape": "unknown escape sequence",
    "Invalid \\u": "incomplete escape sequence",
    "Extra data": "unexpected text after the JSON value",
    "Illegal trailing comma": "comma before a closing bracket",
}
"""Our reasons, by the beginning of the message of Python's json."""


class InvalidJson(Invalid):
    """The text is not JSON that we accept. `reason` says why, and quotes no string of the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(raw: bytes) -> Any:
    """Return the value of a UTF-8 JSON text: integers exact, other numbers as Decimal. Raises InvalidJson."""
    if raw.startswith(codecs.BOM_UTF8):
        raise InvalidJson("starts with a byte order mark: send UTF-8 without one")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidJson(f"not UTF-8 at byte {error.start}") from None
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=integer,
            parse_float=_decimal,
        )
    except json.JSONDecodeError as error:
        raise InvalidJson(f"{_reason(error)} at line {error.lineno}, column {error.colno}") from None
    _check_strings(value)
    return value


def _reason(error: json.JSONDecodeError) -> str:
    return next((why for start, why in _REASONS.items() if error.msg.startswith(start)), "not JSON")


def _check_depth(text: str) -> None:
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise InvalidJson(f"nested more than {MAX_DEPTH} levels deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise InvalidJson("the same key twice in an object")
    return result


def _constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is not JSON")


def integer(digits: str) -> int | Decimal:
    """Return a JSON integer of any length, exactly."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else Decimal(digits)


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except ArithmeticError:
        raise InvalidJson("a number's exponent is too large") from None


def _check_strings(value: Any) -> None:
    if isinstance(value, str):
        if _UNPRINTABLE.search(value):
            raise InvalidJson("NUL or half a surrogate pair in a string")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key)
            _check_strings(item)
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)
