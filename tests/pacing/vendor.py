"""The Messages API with a limit of its own: it answers after a while, refuses what is too much, and sends statuses."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from failover.rules.sending.answers import Accepted, Answer, NotTaken
from failover.rules.sending.client_ref import parse_client_ref
from failover.rules.timing.timeouts import CONNECT_SECONDS
from tests.lives.neighbours import Vendor

SECOND = 1000
DELIVERED_SECONDS = (1, 2)
"""Seconds after its request between which each message is delivered."""
TRAVEL_SECONDS = (0.01, 0.04)
"""Between which a request arrives at the vendor: other requests may overtake it."""


@dataclass(frozen=True)
class Behaviour:
    """How the vendor behaves from some time on."""

    per_second: int
    """Requests that it takes in any second, besides the burst; others get 429."""
    burst: int = 0
    answer_seconds: float = 0.35
    retry_after: int | None = None
    """The `Retry-After` of its 429."""
    down: bool = False
    """No connection can be made."""


@dataclass
class LimitedVendor(Vendor):
    """`requests` has the time (ms) and the result of each request: 202, 429, or 0 for no connection."""

    behaviour: Behaviour = field(default_factory=lambda: Behaviour(per_second=10))
    now: Callable[[], int] = lambda: 0
    report: Callable[[tuple[str, int], float], None] = lambda *_: None
    """Called for each message that it takes: place, and in how many seconds it will be delivered."""
    random: Random = field(default_factory=lambda: Random(0))
    requests: list[tuple[int, int]] = field(default_factory=list)
    taken_at: dict[tuple[str, int], int] = field(default_factory=dict)
    """When it took each message (ms)."""
    _window: deque[int] = field(default_factory=deque)
    """The times of the requests that it took within the last second."""

    def _send(self, body: dict[str, Any]) -> Answer:
        place = parse_client_ref(body["client_ref"])
        assert place is not None
        self.wait(travel := self.random.uniform(*TRAVEL_SECONDS))
        behaviour, now = self.behaviour, self.now()
        if behaviour.down:
            self.requests.append((now, 0))
            self.wait(CONNECT_SECONDS)
            return NotTaken("no connection")
        while self._window and self._window[0] <= now - SECOND:
            self._window.popleft()
        if len(self._window) >= behaviour.per_second + behaviour.burst:
            self.requests.append((now, 429))
            self.wait(behaviour.answer_seconds - travel)
            return NotTaken("HTTP 429", behaviour.retry_after, throttled=True)
        self._window.append(now)
        self.requests.append((now, 202))
        self.accepted[place] += 1
        self.taken_at[place] = now
        self.report(place, self.random.uniform(*DELIVERED_SECONDS))
        self.wait(behaviour.answer_seconds - travel)
        return Accepted(self.message_uuid(place))

    def busiest(self, seconds: float = 1) -> int:
        """The most requests within so many seconds."""
        times = [at for at, result in self.requests if result]
        most, first = 0, 0
        for last, at in enumerate(times):
            while times[first] <= at - seconds * SECOND:
                first += 1
            most = max(most, last - first + 1)
        return most
