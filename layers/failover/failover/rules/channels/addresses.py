"""Telephone numbers, sender names and ids, cleaned of pasted blanks (docs/api.md, "Tolerated")."""

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
    """Return `text` without invisible characters and blanks, and without tabs and line ends around it."""
    return "".join(char for char in text if not is_unseen(char)).strip(_EDGES)


def name(text: str) -> str:
    """As `compact`, but a name keeps the spaces between its words: "ACME Ltd" and "ACMELtd" are different senders.

    Only U+0020 is kept, and not in a number.
    """
    packed = compact(text)
    if _DIGITS.fullmatch(packed):
        return packed
    kept = (char for char in text if char == " " or not is_unseen(char))
    return "".join(kept).strip(_EDGES)


def without_prefix(number: str) -> str:
    """Return a number without the `+` or `00` before its country code, and any other text unchanged."""
    return re.sub(r"^(?:\+|00)(?=[0-9]+$)", "", number)


@dataclass(frozen=True)
class Address(ABC):
    """A string, or a JSON integer, which keeps all its digits."""

    types = (str, int, Decimal)

    @property
    @abstractmethod
    def wanted(self) -> str:
        """Completes the sentence "Should be …"."""

    @property
    @abstractmethod
    def pattern(self) -> str:
        """Regular expression for the tidied string."""

    def tidied(self, text: str) -> str:
        return name(text)


@dataclass(frozen=True)
class Recipient(Address):
    """The telephone number of a recipient (ITU-T E.164)."""

    wanted = (
        "7 to 15 digits, country code first and no leading 0, such as 447700900000; no letters, hyphens, dots, "
        "brackets or control characters"
    )
    pattern = r"^[1-9][0-9]{6,14}$"

    def tidied(self, text: str) -> str:
        return without_prefix(compact(text))


@dataclass(frozen=True)
class Sender(Address):
    """The telephone number, short code or name of a sender."""

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
    """A telephone number to call. The Messages API takes it with and without a +, so the + is kept."""

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
