"""Pages of a list in the order of time, newest first: how one is asked for, and where the next one begins."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from failover.errors import Invalid
from failover.rules.formats.faults import Fault
from failover.rules.timing.instants import LATEST, from_iso

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
INSTANT = "an ISO 8601 time such as 2026-01-31T12:00:00Z"
ETERNITY = LATEST - 1
CURSOR = "the cursor of a page before"


class InvalidFilters(Invalid):
    """All faults of a query string."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True)
class Position:
    """The place in a list just after this entry."""

    at: int
    key: str
    """Tells apart the entries of one millisecond."""

    def cursor(self) -> str:
        return f"{self.at}.{self.key}"


def cursor_pattern(key: str) -> str:
    """The pattern of a list's cursors, by that of its keys. Every string that matches it is a valid cursor."""
    return rf"^[0-9]{{1,15}}\.{key}$"


@dataclass(frozen=True)
class Span:
    """The part of a list that a page is taken from."""

    since: int = 0
    """At or after this time (ms)."""
    until: int = ETERNITY
    """At or before this time (ms)."""
    limit: int = DEFAULT_LIMIT
    after: Position | None = None

    @property
    def contradictory(self) -> bool:
        """True if no entry can match, because `since`, `until` and `after` contradict each other."""
        return self.since > self.until or (self.after is not None and self.after.at < self.since)

    @property
    def start(self) -> Position | None:
        """`after`, or None to begin with the newest match: without `after`, or if it is newer than `until`."""
        return self.after if self.after is not None and self.after.at <= self.until else None


@dataclass(frozen=True)
class Page:
    items: list[dict[str, Any]]
    """As the index has them."""
    next: Position | None


class Query:
    """A query string while it is read; `faults` collects what is wrong with it."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query
        self.faults: list[Fault] = []

    def read(self, name: str, read: Callable[[str], Any], default: Any, reason: str) -> Any:
        """A parameter, or `default` if it is missing or invalid. `read` raises ValueError for an invalid one."""
        if name not in self._query:
            return default
        try:
            return read(self._query[name])
        except ValueError:
            self.faults.append({"name": name, "reason": reason})
            return default

    def span(self, pattern: str) -> dict[str, Any]:
        """The fields of a Span; `pattern` is that of the list's cursors."""
        number = f"Should be a whole number from 1 to {LARGEST_LIMIT}"
        return {
            "since": self.read("since", instant, 0, f"Should be {INSTANT}"),
            "until": self.read("until", instant, ETERNITY, f"Should be {INSTANT}"),
            "limit": self.read("limit", _limit, DEFAULT_LIMIT, number),
            "after": self.read("cursor", lambda cursor: position(cursor, pattern), None, f"Should be {CURSOR}"),
        }

    def check(self) -> None:
        """Raises InvalidFilters if there are faults."""
        if self.faults:
            raise InvalidFilters(self.faults)


def instant(text: str) -> int:
    """Return the milliseconds of any RFC 3339 date-time, and most of ISO 8601, limited to 1970 to 9999.

    Raises ValueError.
    """
    text = text.upper().replace(" ", "+")  # a query string turns the + of an offset into a blank
    text = re.sub("^0000", "0004", text)  # Python has no year 0; 4 has the same days, and is also before 1970
    text, leap_seconds = re.subn(r"^(.{11}[0-9]{2}:[0-9]{2}):60", r"\1:59", text)
    return min(max(from_iso(text) + 1000 * leap_seconds, 0), ETERNITY)


def position(cursor: str, pattern: str) -> Position:
    """Raises ValueError unless the cursor matches the pattern."""
    if not re.fullmatch(pattern, cursor):
        raise ValueError
    at, _, key = cursor.partition(".")
    return Position(int(at), key)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= LARGEST_LIMIT):
        raise ValueError
    return int(text)
