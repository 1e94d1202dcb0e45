"""How sends take turns: which lanes a send passes, and how long it waits (docs/adr/0009-paced-sends.md).

Shared lanes, those of the vendor's key and of the channel, hold at most two seconds of work. All longer waits happen in
a lane of the account and channel, so that no account and no channel waits behind the backlog of another.
"""

import math
from dataclasses import dataclass

from failover.errors import Failure, Temporary
from failover.rules.pacing.lane import Lane
from failover.rules.timing.backoff import grown
from failover.rules.timing.instants import iso

SHORT = 2000
"""The longest time (ms) that a send sleeps for a shared lane. It waits for longer in the state machine."""
SHORT_OF_OWN = 1000
"""The same for the lane of its account."""
_HELD_BACK = 1000
"""The work (ms) that a shared lane has left when the next sends of an account come that was held back."""
KEY = "key"
"""The lane of the vendor's key, which every send passes if the key has a limit."""
LONGEST_STOP = 3600
"""Seconds for which an operator may close that lane with one command."""
USED_SHARE = 0.95
"""Share of a limit that is used: requests are not equally long on their way, and some vendors count exactly."""

_LEAD = 1.25
"""How much faster a lane of one account is than the shared ones: so these are never idle while an account waits."""
_LONGEST_CLOSURE = 60_000
"""Milliseconds. After that one send may try again, even if the vendor named a later time."""
_SHORTEST_CLOSURE = 1000
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_LONGEST_GUESS = 6000
"""Milliseconds that a send comes later because its turn will probably move."""
_RETRIES_GROW = 50
"""A send that has waited so many seconds and still finds no room waits another second at least, and so on."""


class NotYourTurn(Temporary):
    """The send has to wait until `at` (ms). Its only word is that time, for the state machine's Wait.

    It is rounded up to whole seconds, because Step Functions cuts fractions off.
    """

    def __init__(self, at: int) -> None:
        self.at = -(-at // 1000) * 1000
        super().__init__(iso(self.at))


class PatienceEnded(Failure):
    """The send has waited for its turn as long as it may."""


@dataclass(frozen=True)
class Limits:
    """How fast the sends of one channel may be. A rate of 0 is no limit."""

    key: float
    """Requests a second with the vendor's key, on all channels together."""
    channel: float
    """Requests a second on this channel."""
    patience: int
    """Seconds that a step may wait, from the first time that it has no turn, or is not taken."""


def shared_lanes(limits: Limits, channel: str) -> tuple[Lane, ...]:
    """Return the lanes that a send passes, the channel's first. A channel's that never binds is left out."""
    lanes = []
    if limits.channel and (limits.channel < limits.key or not limits.key):
        lanes.append(Lane(f"channel#{channel}", USED_SHARE * limits.channel))
    if limits.key:
        lanes.append(Lane(KEY, USED_SHARE * limits.key))
    return tuple(lanes)


def own_lane(shared: tuple[Lane, ...], account: str, channel: str) -> Lane:
    """Return the lane in which the sends of this account and channel wait."""
    return Lane(f"account#{account}#{channel}", _LEAD * min(lane.per_second for lane in shared))


def patience_ends(limits: Limits, waiting_since: int) -> int:
    """Return when a step that waits is given up (ms)."""
    return waiting_since + limits.patience * 1000


def held_back_until(now: int, free_at: int) -> int:
    """Return until when (ms) an account's lane is closed, because a shared lane is free only at `free_at`."""
    return looks_again_at(now, max(free_at - _HELD_BACK, now + _HELD_BACK // 2))


def looks_again_at(now: int, opens_at: int) -> int:
    """Return when (ms) a send looks whether a lane is open that is closed until `opens_at`.

    An operator may close one for longer than any answer does, and may open it again before its time.
    """
    return min(opens_at, now + _LONGEST_CLOSURE)


def next_try(now: int, waiting_since: int, at: int, moved: int = 0) -> int:
    """Return when (ms) a send tries again whose turn is `at`, and has moved by `moved` ms since it was reserved.

    A turn that has moved will move further: other accounts share the lanes. So the send comes later than its turn is
    now, but not so late that lanes are idle. One that has waited for long does not try more often than needed.
    """
    waited = now - waiting_since
    if moved > 0 and at > now:
        stretch = waited / max(waited - moved, waited / 100, 1)
        at += int(min((at - now) * (stretch - 1) / 2, _LONGEST_GUESS))
    return max(at, now + waited // _RETRIES_GROW)


def opens_at(now: int, retry_after: float | None) -> int:
    """Return until when (ms) a lane is closed after an answer that throttles everyone.

    `retry_after`: the seconds that the answer named, if any.
    """
    asked = _SHORTEST_CLOSURE if retry_after is None else math.ceil(min(retry_after, 86_400) * 1000)
    return now + min(max(asked, _SHORTEST_CLOSURE), _LONGEST_CLOSURE)


def pause(releases: int, retry_after: float | None, jitter: float) -> float:
    """Return the seconds before a message is requested again that was not taken for the nth time (1, 2, …).

    It doubles from 1 s to 30 s; `jitter` (0 to 1) takes away up to half. Not less than `retry_after`, up to a minute.
    """
    grows = grown(_FIRST_PAUSE, releases, _LONGEST_PAUSE) * (1 - jitter / 2)
    return max(grows, min(retry_after or 0.0, _LONGEST_CLOSURE / 1000))
