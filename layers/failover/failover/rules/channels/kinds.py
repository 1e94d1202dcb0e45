"""The kinds of fields in a request, as plain descriptions. `rules.requests.models` turns them into pydantic types.

kinds        Text, Word, Whole, Flag, Url, Matching, Checked, Parameter, AnyObject, Anything: one value
addresses    Recipient, Sender, Id, Agent, Dialled: a number, a name or an id
objects      Many: an array of one kind
             Object, OneOf: an object with named fields, or with exactly one of them
             Tagged: one of several objects; a field says which

docs/api.md's tables and the OpenAPI document are generated from them as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from failover.rules.formats.unseen import all_seen

VERSIONS = ("v1", "v0.1")
"""Versions of the Messages API, the newer first."""


class Kind(Protocol):
    def __hash__(self) -> int: ...

    @property
    def wanted(self) -> str:
        """Completes the sentence "Should be …"."""

    @property
    def types(self) -> tuple[type, ...]:
        """JSON types of valid values. For a value of another type the fault names that type."""


def join(at: str, part: str | int) -> str:
    """Return the path of a field or item below `at`. Field names are cut after 50 characters: a client chose them."""
    if isinstance(part, int):
        return f"{at}[{part}]"
    return f"{at}.{part[:50]}" if at else part[:50]


def quoted(words: tuple[str, ...]) -> str:
    """Return `'a', 'b' or 'c'`."""
    *others, last = (f"'{word}'" for word in words)
    return f"{', '.join(others)} or {last}" if others else last


@dataclass(frozen=True)
class Text:
    most: int
    """Unicode code points."""
    least: int = 1
    types = (str,)

    @property
    def wanted(self) -> str:
        return f"a string of {self.least} to {self.most} characters"


@dataclass(frozen=True)
class Word:
    words: tuple[str, ...]
    refusals: tuple[tuple[str, str], ...] = ()
    """(word, reason): words refused with a reason of their own."""
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
    """Empty for a number of nothing, as that of a step."""
    as_text: bool = False
    """The Messages API expects this number as a string."""
    types = (int, Decimal, float, str)

    @property
    def wanted(self) -> str:
        return f"{f'{self.low} to {self.high} {self.unit}'.rstrip()}, as a whole number"


@dataclass(frozen=True)
class Flag:
    wanted = "true or false"
    types = ()


_BLANKS = r"\s\x00-\x20\x7f-\xa0\ufeff"
r"""Control characters and white space, the same in every regex engine with Unicode: JavaScript's `\s` has U+FEFF.

A list of characters would not do: one client generator writes a literal U+2028 into its JavaScript.
"""


@dataclass(frozen=True)
class Url:
    """A URL that the vendor fetches or the recipient opens. We never request it."""

    most: int = 2000
    types = (str,)
    fits = staticmethod(all_seen)
    pattern = rf"^[Hh][Tt][Tt][Pp][Ss]?://[^{_BLANKS}]+$"

    @property
    def wanted(self) -> str:
        return f"an http or https URL of at most {self.most} characters, without blanks or invisible characters"


@dataclass(frozen=True)
class Matching:
    """A string that matches `pattern` and `fits`."""

    pattern: str
    wanted: str
    fits: Callable[[str], bool]
    """Checks what a pattern cannot."""
    types = (str,)


@dataclass(frozen=True)
class Checked:
    """A string checked by a function."""

    fault: Callable[[str], str | None]
    """Returns the reason why the string is refused, or None."""
    wanted: str
    types = ()


LONGEST_NUMBER = 50
"""Most digits of an id or a number given as a JSON integer."""


@dataclass(frozen=True)
class Parameter:
    """A template's parameter. Older clients send {"default": "…"}; the Messages API expects a string."""

    wanted = 'a string, or {"default": "…"}'
    types = (dict,)


@dataclass(frozen=True)
class AnyObject:
    """An object passed on to the vendor unchanged."""

    wanted = "an object with at least one field"
    types = (dict,)


@dataclass(frozen=True)
class Anything:
    """Any value; another description checks it."""

    wanted = "any value"
    types = ()
