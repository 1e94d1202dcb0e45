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
STATUSES = (("submitted", 0.2, 1.0), ("delivered", 1.0, 2.0))
"""The callbacks of each message: status, and the seconds after its request between which each comes."""


@dataclass(frozen=True)
class Behaviour:
    """How the vendor behaves from some time on."""

    per_second: int
    """Requests that it takes in any second; others get 429."""
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
    report: Callable[[tuple[str, int], str, float], None] = lambda *_: None
    """Called for each status that it will send: place, status, and in how many seconds."""
    random: Random = field(default_factory=lambda: Random(0))
    requests: list[tuple[int, int]] = field(default_factory=list)
    taken_at: dict[tuple[str, int], int] = field(default_factory=dict)
    """When it took each message (ms)."""
    _window: deque[int] = field(default_factory=deque)
    """The times of the requests that it took within the last second."""

    def _send(self, body: dict[str, Any]) -> Answer:
        place = parse_client_ref(body["client_ref"])
        assert place is not None
        behaviour, now = self.behaviour, self.now()
        if behaviour.down:
            self.requests.append((now, 0))
            self.wait(CONNECT_SECONDS)
            return NotTaken("no connection")
        while self._window and self._window[0] <= now - SECOND:
            self._window.popleft()
        if len(self._window) >= behaviour.per_second:
            self.requests.append((now, 429))
            self.wait(behaviour.answer_seconds)
            return NotTaken("HTTP 429", behaviour.retry_after)
        self._window.append(now)
        self.requests.append((now, 202))
        self.accepted[place] += 1
        self.taken_at[place] = now
        for status, least, most in STATUSES:
            self.report(place, status, self.random.uniform(least, most))
        self.wait(behaviour.answer_seconds)
        return Accepted(self.message_uuid(place))

    def busiest(self, seconds: float = 1, after: int = 0) -> int:
        """The most requests within so many seconds, of those after a time (ms)."""
        times = [at for at, result in self.requests if result and at >= after]
        most, first = 0, 0
        for last, at in enumerate(times):
            while times[first] <= at - seconds * SECOND:
                first += 1
            most = max(most, last - first + 1)
        return most
