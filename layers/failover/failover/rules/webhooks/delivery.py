"""Delivering one webhook: what an attempt can come to, and when the next one is (contract, sections 0 and 7.3)."""

from dataclasses import dataclass, replace
from typing import Any

from failover.errors import Invalid
from failover.rules.formats.ids import is_api_key, is_id
from failover.rules.formats.stored import UnreadableItem, checked, instant
from failover.rules.timing.backoff import grown

_FIRST = 5
_LONGEST = 900
"""Seconds between two attempts: 5, doubling to 900, which is also the longest a queue can hold a message back."""
PATIENCE = 24 * 3600
"""Seconds after a first attempt in which another one may begin."""

CLAIM_SECONDS = 60
"""After so long the delivery that claimed an attempt has died: its function runs for 30 s at most (template.yaml)."""

MOST_ATTEMPTS = 1000
"""Attempts per webhook, redeliveries included; beyond it `redeliver` is refused."""
_MOST_OF_A_SERIES = 200
"""More than fit into `PATIENCE`: 8 until the pause is the longest, then one each 900 s."""
LAST_ATTEMPT = MOST_ATTEMPTS + _MOST_OF_A_SERIES
"""No webhook is attempted more often, also if its dead letter is redriven again and again: each attempt is kept."""


@dataclass(frozen=True)
class Answered:
    """The customer's server gave an HTTP status."""

    status: int


@dataclass(frozen=True)
class Failed:
    """There was no answer: `reason` is `timeout`, `no connection`, …"""

    reason: str


@dataclass(frozen=True)
class Forbidden:
    """The URL leads where no webhook may go; nothing was sent."""

    reason: str


type Attempted = Answered | Failed | Forbidden


@dataclass(frozen=True)
class Task:
    """One attempt to make: the body of a message of the queue."""

    workflow_id: str
    account: str
    application: str | None
    sequence: int
    attempt: int = 1
    """Counts on through repeats and redeliveries."""
    series: int = 1
    """Counts from 1 in each series of attempts: how often this one has been put off."""
    since: int = 0
    """When this series began (ms); 0: it has not."""


class UnreadableTask(Invalid):
    """A message of the queue that is none of ours. The words name the field and none of its values."""


def task(plain: Any) -> Task:
    """The task of a queued message's JSON. Fields of a later release are ignored. Raises UnreadableTask."""
    try:
        found = Task(
            workflow_id=checked(plain, "workflow_id", str),
            account=checked(plain, "account", str),
            application=checked(plain, "application", str | None, None),
            sequence=checked(plain, "sequence", int),
            attempt=checked(plain, "attempt", int, 1),
            series=checked(plain, "series", int, 1),
            since=instant(plain, "since", 0),
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
    """The attempt that a task can ask for after `last_attempt`: the next one at most, whatever its message says."""
    return min(task.attempt, last_attempt + 1)


def following(task: Task) -> Task:
    """The task of the next attempt of the same series."""
    return replace(task, attempt=task.attempt + 1, series=min(task.series + 1, _MOST_OF_A_SERIES))


def redriven(task: Task) -> Task:
    """The task of the next attempt, in a new series."""
    return replace(task, attempt=task.attempt + 1, series=1, since=0)


def under_way(claimed_at: int | None, now: int) -> bool:
    """An attempt claimed at `claimed_at` (ms; None: it has been recorded) is being made at `now`."""
    return claimed_at is not None and now - claimed_at < CLAIM_SECONDS * 1000


def began(task: Task, now: int) -> int:
    """When the task's series began (ms): no later than `now`."""
    return min(task.since or now, now)


def delivered(attempted: Attempted) -> bool:
    return isinstance(attempted, Answered) and 200 <= attempted.status < 300


def worth_repeating(attempted: Attempted) -> bool:
    """429, 5xx, time-outs and connection errors; every other answer is final."""
    match attempted:
        case Answered(status):
            return status == 429 or status >= 500
        case Failed():
            return True
        case Forbidden():
            return False


def pause(series: int) -> int:
    """Seconds from the attempt that is `series`-th of its series (from 1) to the next."""
    return int(grown(_FIRST, series, _LONGEST))


def may_go_on(since: int, now: int, seconds: int) -> bool:
    """An attempt in `seconds` is still within the patience of the series that began at `since` (ms)."""
    return now + seconds * 1000 - since <= PATIENCE * 1000
