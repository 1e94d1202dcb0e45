"""What a field of a request may hold. A kind reads a value, or says in plain words what it wants instead.

kinds        Text, Word, Whole, Flag, Url, Matching, Parameter, AnyObject: one value
addresses    Recipient, Sender, Id, Agent: a number, a name or an id
objects      Many: an array of one kind
             Object, OneOf: an object with named fields; with exactly one of them
             Tagged: an object with a field that says which of several objects it is

`wanted` completes the sentence "Should be …". No reason quotes the value: it may be personal data.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

VERSIONS = ("v1", "v0.1")
"""Of the Messages API, the newer one first."""

type Fault = dict[str, str]
"""{"name": "workflow[1].to.number", "reason": "…"}"""


class Kind(Protocol):
    @property
    def wanted(self) -> str: ...

    def read(self, value: Any, at: str, reading: "Reading") -> Any:
        """The value as it is stored and sent; what is returned after a fault is of no use."""


@dataclass
class Reading:
    """One pass over a request: the version of the Messages API it is for, and all the faults found on the way."""

    version: str = VERSIONS[0]
    faults: list[Fault] = field(default_factory=list)

    def fault(self, at: str, reason: str) -> None:
        self.faults.append({"name": at or "body", "reason": reason})

    def unlike(self, at: str, kind: Kind, value: Any, *types: type) -> None:
        """A fault: `value` is not what the kind wants. Where not even its type is one of `types`, that is said, too."""
        other = "" if isinstance(value, types) and not isinstance(value, bool) else f", not {_type_of(value)}"
        self.fault(at, f"Should be {kind.wanted}{other}")


def join(at: str, part: str | int) -> str:
    """The path of a field or an item below `at`. A client's own words are cut after 50 characters."""
    if isinstance(part, int):
        return f"{at}[{part}]"
    return f"{at}.{part[:50]}" if at else part[:50]


def quoted(words: tuple[str, ...]) -> str:
    """'a', 'b' or 'c'"""
    *others, last = (f"'{word}'" for word in words)
    return f"{', '.join(others)} or {last}" if others else last


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str() if value.lstrip()[:1] in ("{", "["):
            return "a string that holds JSON: send the JSON itself, without quotes around it"
        case str():
            return "a string"
        case list():
            return "an array"
        case Mapping():
            return "an object"
        case _:
            return "a number"


@dataclass(frozen=True)
class Text:
    most: int
    """Characters: Unicode code points."""
    least: int = 1

    @property
    def wanted(self) -> str:
        return f"a string of {self.least} to {self.most} characters"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        if isinstance(value, str) and self.least <= len(value) <= self.most:
            return value
        return reading.unlike(at, self, value, str)


@dataclass(frozen=True)
class Word:
    words: tuple[str, ...]
    refusals: tuple[tuple[str, str], ...] = ()
    """(a word that may be expected here, why it is not possible)"""

    @property
    def wanted(self) -> str:
        return quoted(self.words)

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        if isinstance(value, str) and value in self.words:
            return value
        for word, reason in self.refusals:
            if value == word:
                return reading.fault(at, reason)
        return reading.unlike(at, self, value, str)


@dataclass(frozen=True)
class Whole:
    """A whole number, which may also come as a string of digits."""

    low: int
    high: int
    unit: str = "seconds"
    as_text: bool = False
    """The Messages API wants this number as a string."""

    @property
    def wanted(self) -> str:
        return f"{self.low} to {self.high} {self.unit}, as a whole number"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        number = _integer(value)
        if isinstance(number, str) and re.fullmatch(r"[ \t\n\r\f\v]*[0-9]{1,9}[ \t\n\r\f\v]*", number):
            number = int(number)
        if isinstance(number, int) and not isinstance(number, bool) and self.low <= number <= self.high:
            return str(number) if self.as_text else number
        return reading.unlike(at, self, value, int, Decimal, float, str)


@dataclass(frozen=True)
class Flag:
    wanted = "true or false"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        return value if isinstance(value, bool) else reading.unlike(at, self, value)


_BLANKS = r"\s\x00-\x20\x7f-\xa0\ufeff"
r"""Controls and white space, the same for every regex engine that knows Unicode: U+FEFF is in the `\s` of JavaScript.

A list of the blanks would be no better: one generator of clients writes `\u2028` out in its JavaScript.
"""


@dataclass(frozen=True)
class Url:
    """Of something the provider fetches or a person opens. Nothing here calls it."""

    most: int = 2000
    pattern = rf"^[Hh][Tt][Tt][Pp][Ss]?://[^{_BLANKS}]+$"

    @property
    def wanted(self) -> str:
        return f"an http or https URL of at most {self.most} characters, without blanks"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        if isinstance(value, str) and len(value) <= self.most and re.fullmatch(self.pattern, value):
            return value
        return reading.unlike(at, self, value, str)


@dataclass(frozen=True)
class Matching:
    """A string of a certain form."""

    pattern: str
    wanted: str

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        if isinstance(value, str) and re.fullmatch(self.pattern, value):
            return value
        return reading.unlike(at, self, value, str)


LONGEST_NUMBER = 50
"""Digits that an id or a number may have as a JSON integer."""


def written_out(value: Any) -> Any:
    """Numbers and ids may come as JSON integers, which are kept to the last digit."""
    value = _integer(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**LONGEST_NUMBER:
        return str(value)
    return value


def _integer(value: Any) -> Any:
    """A number that JSON writes with a fraction of zero is an integer all the same."""
    if isinstance(value, Decimal) and value.adjusted() < LONGEST_NUMBER and value == value.to_integral_value():
        return int(value)
    return value


@dataclass(frozen=True)
class Parameter:
    """Of a template. Older clients wrote {"default": "…"}; the Messages API wants the string in both its versions."""

    wanted = 'a string, or {"default": "…"}'

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        text = value["default"] if isinstance(value, dict) and set(value) == {"default"} else value
        return text if isinstance(text, str) else reading.unlike(at, self, value, dict)


@dataclass(frozen=True)
class AnyObject:
    """An object of the provider's own, handed on as it is."""

    wanted = "an object with at least one field"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        return value if isinstance(value, dict) and value else reading.unlike(at, self, value, dict)
