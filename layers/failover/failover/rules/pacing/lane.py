"""A lane: a bucket that hands out times in order, so many a second (the generic cell rate algorithm, GCRA).

Its state is one instant, the next free time. If a lane is closed for a while, all times that it has handed out move by
that while: each `Turn` has the `shift` of the lane at its reservation, and the lane has the shift of now.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lane:
    name: str
    per_second: float
    """Times that it hands out each second."""
    burst: int = 1
    """Times that it hands out at once after a quiet while."""

    @property
    def interval(self) -> int:
        """Microseconds from one time to the next."""
        return max(1, round(1_000_000 / self.per_second))

    @property
    def tolerance(self) -> int:
        """Microseconds by which times may be handed out early, for a burst."""
        return (self.burst - 1) * self.interval


@dataclass(frozen=True)
class Turn:
    """A reserved time (ms)."""

    at: int
    shift: int | None
    """The lane's shift (ms) when it was reserved. None: the turn has come, and stays."""


@dataclass(frozen=True)
class LaneState:
    free_at: int = 0
    """The next free time (ms)."""
    shift: int = 0
    """By how much the lane has moved the times that it handed out (ms)."""
    closed_until: int = 0
    """When it opens again (ms)."""

    def time_of(self, turn: Turn) -> int:
        """Return when a turn has come (ms), as the lane is now."""
        return turn.at if turn.shift is None else turn.at + self.shift - turn.shift
