"""Delivering one webhook: the results of an attempt, and when the next one is (docs/api.md, "Delivery")."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from failover.errors import Invalid
from failover.rules.formats.ids import is_api_key, is_id
from failover.rules.formats.stored import NOTHING, UnreadableItem, carried, checked, instant
from failover.rules.timing.backoff import grown

_FIRST = 5
_LONGEST = 900
"""Seconds between attempts, doubling from the first to the longest, which is also the longest delay in SQS."""
PATIENCE = 24 * 3600
"""Seconds after the first attempt of a series in which another may begin."""

CLAIM_SECONDS = 60
"""Seconds after which a claimed attempt counts as dead: its function runs for at most 30 s (template.yaml)."""

MOST_ATTEMPTS = 1000
"""Attempts per webhook, redeliveries included; beyond it `redeliver` is refused."""
_MOST_OF_A_SERIES = 200
"""More than fit into `PATIENCE`."""
LAST_ATTEMPT = MOST_ATTEMPTS + _MOST_OF_A_SERIES
"""Most attempts even if a dead letter is redriven again and again: each attempt is stored."""


@dataclass(frozen=True)
class Answered:
    """The customer's server answered with an HTTP status."""

    status: int


@dataclass(frozen=True)
class Failed:
    """There was no answer. `reason` is `timeout`, `no connection`, …"""

    reason: str


@dataclass(frozen=True)
class Forbidden:
    """The URL is not allowed; nothing was sent."""

    reason: str


type Attempted = Answered | Failed | Forbidden


@dataclass(frozen=True)
class Task:
    """One attempt to make: the body of a queue message."""

    workflow_id: str
    account: str
    application: str | None
    sequence: int
    attempt: int = 1
    """Number of the attempt, counted through repeats and redeliveries."""
    series: int = 1
    """Number within the current series of attempts, from 1."""
    since: int = 0
    """When the series began (ms), or 0 if it has not."""
    carried: Mapping[str, Any] = field(default=NOTHING, hash=False)
    """The message's fields that this release does not know. The messages that follow it have them as well."""


_FIELDS = frozenset(one.name for one in fields(Task)) - {"carried"}


def plain(task: Task) -> dict[str, Any]:
    """Return the JSON of a task's queue message."""
    return {**task.carried, **{name: value for name, value in vars(task).items() if name in _FIELDS}}


class UnreadableTask(Invalid):
    """A queue message that we did not make. The error names the field, without its value."""


def task(plain: Any) -> Task:
    """Return the task in a queue message's JSON, also of a later release. Raises UnreadableTask."""
    try:
        found = Task(
            workflow_id=checked(plain, "workflow_id", str),
            account=checked(plain, "account", str),
            application=checked(plain, "application", str | None, None),
            sequence=checked(plain, "sequence", int),
            attempt=checked(plain, "attempt", int, 1),
            series=checked(plain, "series", int, 1),
            since=instant(plain, "since", 0),
            carried=carried(plain, _FIELDS),
        )
    except UnreadableItem as error:
        raise UnreadableTask(str(error)) from None
    if not is_id(found.workflow_id) or not (found.application is None or is_id(found.application)):
        raise UnreadableTask("workflow_id, application")
    if not is_api_key(found.account):
        raise UnreadableTask("account")
    if not 1 <= found.attempt <= LAST_ATTEMPT + 1 or not 1 <= found.series <= _MOST_OF_A_SERIES:
        raise UnreadableTask("attempt, series")
    return found


def number(task: Task, last_attempt: int) -> int:
    """Return the number of the attempt that a task makes, at most the one after `last_attempt`."""
    return min(task.attempt, last_attempt + 1)


def following(task: Task) -> Task:
    """Return the task for the next attempt of the same series."""
    return replace(task, attempt=task.attempt + 1, series=min(task.series + 1, _MOST_OF_A_SERIES))


def redriven(task: Task) -> Task:
    """Return the task for the next attempt, in a new series."""
    return replace(task, attempt=task.attempt + 1, series=1, since=0)


def under_way(claimed_at: int | None, now: int) -> bool:
    """Return True if an attempt claimed at `claimed_at` (ms, None once it is recorded) is still being made at `now`."""
    return claimed_at is not None and now - claimed_at < CLAIM_SECONDS * 1000


def began(task: Task, now: int) -> int:
    """Return when the task's series began (ms), `now` at the latest."""
    return min(task.since or now, now)


def delivered(attempted: Attempted) -> bool:
    return isinstance(attempted, Answered) and 200 <= attempted.status < 300


def worth_repeating(attempted: Attempted) -> bool:
    """Return True for 429, 5xx, timeouts and connection errors. Any other result is final."""
    match attempted:
        case Answered(status):
            return status == 429 or status >= 500
        case Failed():
            return True
        case Forbidden():
            return False


def pause(series: int) -> int:
    """Return the seconds from attempt number `series` of a series to the next."""
    return int(grown(_FIRST, series, _LONGEST))


def may_go_on(since: int, now: int, seconds: int) -> bool:
    """Return True if an attempt in `seconds` is within PATIENCE of the series that began at `since` (ms)."""
    return now + seconds * 1000 - since <= PATIENCE * 1000
