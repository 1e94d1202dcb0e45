"""The pace at which calls are begun: even, slower once AWS refuses one, then gradually as fast as before."""

from dataclasses import dataclass, replace
from math import ceil

BURST = 1000
"""Milliseconds of pauses, as while a page is read, that are made up for."""
STOP = 1000
"""Milliseconds without a call after a refusal."""
RECOVERY = 20
"""Seconds from a standstill to the full rate."""
_SLOWEST = 1.0


@dataclass(frozen=True)
class Pace:
    per_second: float
    """The full rate."""
    next_at: float = 0
    """When the next call would begin at an even pace (ms)."""
    rate: float = 0
    """The rate after the last refusal, at `slowed_at` (ms)."""
    slowed_at: int | None = None

    def turn(self, now: int) -> int:
        """Return when the next call may begin (ms)."""
        return max(now, ceil(self.next_at))

    def taken(self, now: int) -> "Pace":
        """Begin a call. In a window of t seconds at most (t + 1) x `per_second` + 1 calls begin."""
        return replace(self, next_at=max(self.next_at, now - BURST) + 1000 / self.rate_at(now))

    def refused(self, now: int, begun_at: int) -> "Pace":
        """Halve the rate after a stop, since AWS refused a call for now that began at `begun_at` (ms).

        The refusals of calls that had begun before the last stop are of the same cause, and change nothing.
        """
        if self.slowed_at is not None and begun_at <= self.slowed_at:
            return self
        return replace(self, rate=max(self.rate_at(now) / 2, _SLOWEST), slowed_at=now, next_at=now + STOP)

    def rate_at(self, now: int) -> float:
        """Return the calls per second at an instant."""
        if self.slowed_at is None:
            return self.per_second
        regained = self.per_second / RECOVERY * max(now - self.slowed_at, 0) / 1000
        return min(self.per_second, self.rate + regained)
