"""Delivering one webhook: what an attempt can come to, and when the next one is (contract, sections 0 and 7.3)."""

from dataclasses import dataclass

CONNECT_SECONDS = 3
RESPONSE_SECONDS = 15
_FIRST = 5
_LONGEST = 900
"""Seconds between two attempts: 5, doubling to 900, which is also the longest a queue can hold a message back."""
PATIENCE = 24 * 3600
"""Seconds after a first attempt in which another one may begin."""

MOST_ATTEMPTS = 1000
"""Of one webhook, redeliveries and their repeats included, before it is no longer sent again on demand."""


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
    """One attempt to make: what a message of the queue says."""

    workflow_id: str
    account: str
    application: str | None
    sequence: int
    attempt: int = 1
    """Counts on through repeats and redeliveries; none is made twice."""
    series: int = 1
    """Counts from 1 in each series of attempts: how often this one has been put off."""
    since: int = 0
    """When this series began (ms); 0: it has not."""


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
    return min(_FIRST << min(series - 1, 10), _LONGEST)


def may_go_on(since: int, now: int, seconds: int) -> bool:
    """An attempt in `seconds` is still within the patience of the series that began at `since` (ms)."""
    return now + seconds * 1000 - since <= PATIENCE * 1000
