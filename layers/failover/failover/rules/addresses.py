"""Telephone numbers, sender names and ids, as people paste them."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from failover.rules.kinds import LONGEST_NUMBER as LONGEST
from failover.rules.kinds import Reading, written_out

_UNSEEN = frozenset({"Cf", "Zs"})
"""Unicode categories that nobody means to send: format characters (direction marks, zero-width spaces, byte order
marks) and blanks of every width. Phones and address books put them around and inside what is copied."""
_EDGES = " \t\n\r\f\v"
_DIGITS = re.compile(r"\+?[0-9]+", re.ASCII)


def compact(text: str) -> str:
    """`text` without anything that cannot be seen, and without white space at its ends."""
    return "".join(char for char in text if unicodedata.category(char) not in _UNSEEN).strip(_EDGES)


def name(text: str) -> str:
    """The same, but a name keeps the spaces between its words: "ACME Ltd" is another sender than "ACMELtd".

    Only U+0020 counts as such a space, and only where the text is no number.
    """
    packed = compact(text)
    if _DIGITS.fullmatch(packed):
        return packed
    kept = (char for char in text if char == " " or unicodedata.category(char) not in _UNSEEN)
    return "".join(kept).strip(_EDGES)


def without_prefix(number: str) -> str:
    """A number without the `+` or `00` that stands before its country code; anything else as it is."""
    return re.sub(r"^(?:\+|00)(?=[0-9]+$)", "", number)


def is_recipient(number: str) -> bool:
    """7 to 15 digits, the country code first (ITU-T E.164)."""
    return re.fullmatch(r"[1-9][0-9]{6,14}", number) is not None


def is_printable(text: str) -> bool:
    """A name or id of acceptable length, without control characters."""
    return 1 <= len(text) <= LONGEST and re.search(r"[\x00-\x1f\x7f]", text) is None


@dataclass(frozen=True)
class Recipient:
    """A telephone number that is written to."""

    wanted = (
        "7 to 15 digits with the country code first, such as 447700900000: no leading 0, no letters, hyphens, dots "
        "or brackets"
    )

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        text = written_out(value)
        if isinstance(text, str) and is_recipient(number := without_prefix(compact(text))):
            return number
        return reading.unlike(at, self, value, str, int, Decimal)


@dataclass(frozen=True)
class Sender:
    """A telephone number, a short code or a name that a message comes from."""

    wanted = f"a number or a name of 1 to {LONGEST} characters, none of them a control character"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        text = written_out(value)
        if isinstance(text, str) and is_printable(sender := without_prefix(name(text))):
            return sender
        return reading.unlike(at, self, value, str, int, Decimal)


@dataclass(frozen=True)
class Id:
    wanted = f"an id of 1 to {LONGEST} characters, none of them a control character"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        text = written_out(value)
        if isinstance(text, str) and is_printable(identifier := name(text)):
            return identifier
        return reading.unlike(at, self, value, str, int, Decimal)


@dataclass(frozen=True)
class Agent:
    """The id of an RCS agent."""

    characters = "A-Za-z0-9_&-"
    wanted = f"an id of 1 to {LONGEST} letters, digits, hyphens, underscores and ampersands"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        text = written_out(value)
        pattern = rf"[{self.characters}]{{1,{LONGEST}}}"
        if isinstance(text, str) and re.fullmatch(pattern, agent := name(text)):
            return agent
        return reading.unlike(at, self, value, str, int, Decimal)
