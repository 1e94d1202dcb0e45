"""What a field of a request may hold: the descriptions from which rules/models makes pydantic types.

kinds        Text, Word, Whole, Flag, Url, Matching, Checked, Parameter, AnyObject, Anything: one value
addresses    Recipient, Sender, Id, Agent, Dialled: a number, a name or an id
objects      Many: an array of one kind
             Object, OneOf: an object with named fields; with exactly one of them
             Tagged: an object with a field that says which of several objects it is

The documentation and the OpenAPI document are made from them, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from failover.rules.formats.unseen import all_seen

VERSIONS = ("v1", "v0.1")
"""Of the Messages API, the newer one first."""


class Kind(Protocol):
    def __hash__(self) -> int: ...

    @property
    def wanted(self) -> str:
        """Completes the sentence "Should be …"."""

    @property
    def types(self) -> tuple[type, ...]:
        """Of JSON values. For a value of another type the reason says what it is."""


def join(at: str, part: str | int) -> str:
    """The path of a field or an item below `at`. A client's own words are cut after 50 characters."""
    if isinstance(part, int):
        return f"{at}[{part}]"
    return f"{at}.{part[:50]}" if at else part[:50]


def quoted(words: tuple[str, ...]) -> str:
    """'a', 'b' or 'c'"""
    *others, last = (f"'{word}'" for word in words)
    return f"{', '.join(others)} or {last}" if others else last


@dataclass(frozen=True)
class Text:
    most: int
    """Characters: Unicode code points."""
    least: int = 1
    types = (str,)

    @property
    def wanted(self) -> str:
        return f"a string of {self.least} to {self.most} characters"


@dataclass(frozen=True)
class Word:
    words: tuple[str, ...]
    refusals: tuple[tuple[str, str], ...] = ()
    """(a word that is not taken, why not)"""
    note: str = ""
    """Completes `wanted`."""
    types = (str,)

    @property
    def wanted(self) -> str:
        return quoted(self.words) + self.note


@dataclass(frozen=True)
class Whole:
    """A whole number, which may also come as a string of digits."""

    low: int
    high: int
    unit: str = "seconds"
    as_text: bool = False
    """The Messages API wants this number as a string."""
    types = (int, Decimal, float, str)

    @property
    def wanted(self) -> str:
        return f"{self.low} to {self.high} {self.unit}, as a whole number"


@dataclass(frozen=True)
class Flag:
    wanted = "true or false"
    types = ()


_BLANKS = r"\s\x00-\x20\x7f-\xa0\ufeff"
r"""Controls and white space, the same for every regex engine that knows Unicode: U+FEFF is in the `\s` of JavaScript.

A list of the blanks would be no better: one generator of clients writes `\u2028` out in its JavaScript.
"""


@dataclass(frozen=True)
class Url:
    """Of something the provider fetches or a person opens. Nothing here calls it."""

    most: int = 2000
    types = (str,)
    fits = staticmethod(all_seen)
    pattern = rf"^[Hh][Tt][Tt][Pp][Ss]?://[^{_BLANKS}]+$"

    @property
    def wanted(self) -> str:
        return f"an http or https URL of at most {self.most} characters, without blanks or invisible characters"


@dataclass(frozen=True)
class Matching:
    """A string of a certain form."""

    pattern: str
    wanted: str
    fits: Callable[[str], bool]
    """Judges what the pattern cannot."""
    types = (str,)


@dataclass(frozen=True)
class Checked:
    """A string that a function judges."""

    fault: Callable[[str], str | None]
    """The reason for refusing the string; None: there is none."""
    wanted: str
    types = ()


LONGEST_NUMBER = 50
"""Digits that an id or a number may have as a JSON integer."""


@dataclass(frozen=True)
class Parameter:
    """Of a template. Older clients wrote {"default": "…"}; the Messages API wants the string in both its versions."""

    wanted = 'a string, or {"default": "…"}'
    types = (dict,)


@dataclass(frozen=True)
class AnyObject:
    """An object of the provider's own, handed on as it is."""

    wanted = "an object with at least one field"
    types = (dict,)


@dataclass(frozen=True)
class Anything:
    """What another description is for."""

    wanted = "any value"
    types = ()
