"""The list of workflows: its filters, and the answer for a page (docs/api.md, "List")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failover.errors import Invalid
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.formats.faults import Fault
from failover.rules.formats.ids import UUID
from failover.rules.formats.stored import UnreadableItem, checked, instant, one_of
from failover.rules.timing.instants import LATEST, from_iso, iso
from failover.rules.workflow.state import STATES

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
LONGEST_REFERENCE = 40
CURSOR = rf"^[0-9]{{1,15}}\.{UUID}$"
"""The form of a cursor, `<created_at in ms>.<workflow id>`. Every text of this form is valid."""
_ETERNITY = LATEST - 1


class InvalidFilters(Invalid):
    """All faults of a query string."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True)
class Position:
    """The place in a list just after this workflow."""

    created_at: int
    workflow_id: str

    def cursor(self) -> str:
        return f"{self.created_at}.{self.workflow_id}"


@dataclass(frozen=True)
class Filters:
    status: str | None = None
    channel: str | None = None
    client_ref: str | None = None
    since: int = 0
    """Created at or after this time (ms)."""
    until: int = _ETERNITY
    """Created at or before this time (ms)."""
    limit: int = DEFAULT_LIMIT
    after: Position | None = None

    @property
    def contradictory(self) -> bool:
        """True if no workflow can match, because `since`, `until` and `after` contradict each other."""
        return self.since > self.until or (self.after is not None and self.after.created_at < self.since)

    @property
    def start(self) -> Position | None:
        """`after`, or None to begin with the newest match: without `after`, or if it is newer than `until`."""
        return self.after if self.after is not None and self.after.created_at <= self.until else None


@dataclass(frozen=True)
class Page:
    workflows: list[dict[str, Any]]
    """Items of the index: pk, word, status, created_at, channels, and, where set, ended_at, reason, client_ref."""
    next: Position | None


def parse_filters(query: Mapping[str, str]) -> Filters:
    """Return the filters in a query string. Ignores unknown parameters; raises InvalidFilters."""
    faults: list[Fault] = []

    def parsed(name: str, read: Any, default: Any, reason: str) -> Any:
        if name not in query:
            return default
        try:
            return read(query[name])
        except ValueError:
            faults.append({"name": name, "reason": reason})
            return default

    filters = Filters(
        status=parsed("status", _one_of(STATES), None, f"Should be {_words(STATES)}"),
        channel=parsed("channel", _one_of(tuple(CHANNELS)), None, f"Should be {_words(tuple(CHANNELS))}"),
        client_ref=parsed("client_ref", _reference, None, f"Should have 1 to {LONGEST_REFERENCE} characters"),
        since=parsed("since", _instant, 0, _INSTANT),
        until=parsed("until", _instant, _ETERNITY, _INSTANT),
        limit=parsed("limit", _limit, DEFAULT_LIMIT, f"Should be a whole number from 1 to {LARGEST_LIMIT}"),
        after=parsed("cursor", _position, None, "Should be the cursor of a page before"),
    )
    if faults:
        raise InvalidFilters(faults)
    return filters


def answer(rows: list[dict[str, Any]], next_page: Position | None, word: str) -> dict[str, Any]:
    """Return the answer: `workflows` or `dispatches`, as `word` says, and a `cursor` if there are more."""
    document: dict[str, Any] = {"workflows" if word == "workflow" else "dispatches": rows}
    if next_page is not None:
        document["cursor"] = next_page.cursor()
    return document


def row(item: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of the list for an item of the index. Raises UnreadableItem."""
    channels = checked(item, "channels", list)
    if not all(isinstance(channel, str) for channel in channels):
        raise UnreadableItem("channels")
    instants = {name: instant(item, name) for name in ("created_at", "ended_at") if name in item}
    return {
        f"{one_of(item, 'word', ('workflow', 'dispatch'))}_uuid": checked(item, "pk", str).removeprefix("workflow#"),
        "status": one_of(item, "status", STATES),
        **{name: iso(at) for name, at in instants.items()},
        **{name: checked(item, name, str) for name in ("reason", "client_ref") if name in item},
        "channels": channels,
    }


_INSTANT = "Should be an ISO 8601 time such as 2026-01-31T12:00:00Z"


def _instant(text: str) -> int:
    """Return the milliseconds of any RFC 3339 date-time, and most of ISO 8601, limited to 1970 to 9999."""
    text = text.upper().replace(" ", "+")  # a query string turns the + of an offset into a blank
    text = re.sub("^0000", "0004", text)  # Python has no year 0; 4 has the same days, and is also before 1970
    text, leap_seconds = re.subn(r"^(.{11}[0-9]{2}:[0-9]{2}):60", r"\1:59", text)
    return min(max(from_iso(text) + 1000 * leap_seconds, 0), _ETERNITY)


def _one_of(words: tuple[str, ...]) -> Any:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return read


def _reference(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_REFERENCE:
        raise ValueError
    text.encode()  # a lone surrogate is in no reference; raises a ValueError
    return text


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= LARGEST_LIMIT):
        raise ValueError
    return int(text)


def _position(cursor: str) -> Position:
    if not re.fullmatch(CURSOR, cursor):
        raise ValueError
    created_at, _, workflow_id = cursor.partition(".")
    return Position(int(created_at), workflow_id)


def _words(words: tuple[str, ...]) -> str:
    quoted = [f"'{word}'" for word in words]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
