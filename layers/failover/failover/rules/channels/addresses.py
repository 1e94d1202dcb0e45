"""Telephone numbers, sender names and ids, as people paste them."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal

from failover.rules.channels.kinds import LONGEST_NUMBER as LONGEST
from failover.rules.formats.unseen import is_unseen

_EDGES = " \t\n\r\f\v"
_DIGITS = re.compile(r"\+?[0-9]+", re.ASCII)


def _printable(most: int) -> str:
    return rf"^[^\x00-\x1f\x7f-\x9f]{{1,{most}}}$"


def compact(text: str) -> str:
    """`text` without anything that cannot be seen, and without white space at its ends."""
    return "".join(char for char in text if not is_unseen(char)).strip(_EDGES)


def name(text: str) -> str:
    """The same, but a name keeps the spaces between its words: "ACME Ltd" is another sender than "ACMELtd".

    Only U+0020 counts as such a space, and only where the text is no number.
    """
    packed = compact(text)
    if _DIGITS.fullmatch(packed):
        return packed
    kept = (char for char in text if char == " " or not is_unseen(char))
    return "".join(kept).strip(_EDGES)


def without_prefix(number: str) -> str:
    """A number without the `+` or `00` that stands before its country code; anything else as it is."""
    return re.sub(r"^(?:\+|00)(?=[0-9]+$)", "", number)


@dataclass(frozen=True)
class Address(ABC):
    """A string, or a JSON integer, which is kept to the last digit."""

    types = (str, int, Decimal)

    @property
    @abstractmethod
    def wanted(self) -> str:
        """Completes the sentence "Should be …"."""

    @property
    @abstractmethod
    def pattern(self) -> str:
        """Of what is left when the string has been tidied."""

    def tidied(self, text: str) -> str:
        return name(text)


@dataclass(frozen=True)
class Recipient(Address):
    """A telephone number that is written to (ITU-T E.164)."""

    wanted = (
        "7 to 15 digits, country code first and no leading 0, such as 447700900000; no letters, hyphens, dots, "
        "brackets or control characters"
    )
    pattern = r"^[1-9][0-9]{6,14}$"

    def tidied(self, text: str) -> str:
        return without_prefix(compact(text))


@dataclass(frozen=True)
class Sender(Address):
    """A telephone number, a short code or a name that a message comes from."""

    wanted = f"a number or a name of 1 to {LONGEST} characters, without control characters"
    pattern = _printable(LONGEST)

    def tidied(self, text: str) -> str:
        return without_prefix(name(text))


@dataclass(frozen=True)
class Id(Address):
    most: int = LONGEST

    @property
    def wanted(self) -> str:
        return f"an id of 1 to {self.most} characters, without control characters"

    @property
    def pattern(self) -> str:
        return _printable(self.most)


@dataclass(frozen=True)
class Dialled(Address):
    """A telephone number that a person calls. The Messages API takes it with and without a +, so it is kept."""

    wanted = "2 to 15 digits, country code first, with or without a leading +"
    pattern = r"^\+?[1-9][0-9]{1,14}$"

    def tidied(self, text: str) -> str:
        return compact(text)


@dataclass(frozen=True)
class Agent(Address):
    """The id of an RCS agent."""

    characters = "A-Za-z0-9_&-"
    wanted = f"an id of 1 to {LONGEST} letters, digits, hyphens, underscores and ampersands"
    pattern = rf"^[{characters}]{{1,{LONGEST}}}$"
