"""Lists of workflows: what may be asked for, and how a page is shown."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from failover.rules.channels import CHANNELS
from failover.rules.credentials import is_id
from failover.rules.presentation import iso

STATUSES = ("running", "completed", "error", "cancelled")
DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
_ETERNITY = 253_402_300_799_999
"""The last millisecond ISO 8601 can write with four digits for the year."""

type Fault = dict[str, str]


class InvalidFilters(Exception):
    """Every fault of one query string."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True)
class Position:
    """Between two workflows of a list: right behind this one."""

    created_at: int
    workflow_id: str

    def cursor(self) -> str:
        return base64.urlsafe_b64encode(f"{self.created_at}.{self.workflow_id}".encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Filters:
    status: str | None = None
    channel: str | None = None
    client_ref: str | None = None
    since: int = 0
    """Created then or later (ms)."""
    until: int = _ETERNITY
    """Created then or earlier (ms)."""
    limit: int = DEFAULT_LIMIT
    after: Position | None = None


@dataclass(frozen=True)
class Page:
    workflows: list[dict[str, Any]]
    """As the index has them: pk, word, status, created_at, channels; ended_at, reason, client_ref if there are any."""
    next: Position | None


def parse(query: Mapping[str, str]) -> Filters:
    """The filters of a query string; parameters it does not know are passed over. Raises InvalidFilters."""
    faults: list[Fault] = []

    def parsed(name: str, read: Any, otherwise: Any, reason: str) -> Any:
        if name not in query:
            return otherwise
        try:
            return read(query[name])
        except ValueError:
            faults.append({"name": name, "reason": reason})
            return otherwise

    since = parsed("since", _instant, 0, _INSTANT)
    until = parsed("until", _instant, _ETERNITY, _INSTANT)
    filters = Filters(
        status=parsed("status", _one_of(STATUSES), None, f"Input should be {_words(STATUSES)}"),
        channel=parsed("channel", _one_of(tuple(CHANNELS)), None, f"Input should be {_words(tuple(CHANNELS))}"),
        client_ref=parsed("client_ref", _reference, None, "String should have at most 40 characters"),
        since=since,
        until=until,
        limit=parsed("limit", _limit, DEFAULT_LIMIT, f"Input should be a whole number from 1 to {LARGEST_LIMIT}"),
        after=parsed("cursor", _position, None, "Input should be the cursor of a page before"),
    )
    if since > until:
        faults.append({"name": "until", "reason": "Input should not be before since"})
    if faults:
        raise InvalidFilters(faults)
    return filters


def shown(page: Page, word: str) -> dict[str, Any]:
    """The answer of `GET /workflows`, or `/dispatch`: `workflows`, or `dispatches`; a `cursor` if there are more."""
    document: dict[str, Any] = {"workflows" if word == "workflow" else "dispatches": list(map(_entry, page.workflows))}
    if page.next is not None:
        document["cursor"] = page.next.cursor()
    return document


def _entry(item: dict[str, Any]) -> dict[str, Any]:
    instants: dict[str, Any] = {name: iso(item[name]) for name in ("created_at", "ended_at") if name in item}
    return {
        f"{item['word']}_uuid": item["pk"].removeprefix("workflow#"),
        "status": item["status"],
        **instants,
        **{name: item[name] for name in ("reason", "client_ref") if name in item},
        "channels": item["channels"],
    }


_INSTANT = "Input should be an ISO 8601 time such as 2026-01-31T12:00:00Z"


def _instant(text: str) -> int:
    at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus of an offset is a blank in a query string
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _one_of(words: tuple[str, ...]) -> Any:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return read


def _reference(text: str) -> str:
    if len(text) > 40:
        raise ValueError
    return text


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= LARGEST_LIMIT):
        raise ValueError
    return int(text)


def _position(cursor: str) -> Position:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeError):
        raise ValueError from None
    created_at, _, workflow_id = text.partition(".")
    if not (created_at.isascii() and created_at.isdigit() and len(created_at) <= 15 and is_id(workflow_id)):
        raise ValueError
    return Position(int(created_at), workflow_id)


def _words(words: tuple[str, ...]) -> str:
    quoted = [f"'{word}'" for word in words]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
