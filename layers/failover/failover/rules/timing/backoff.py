"""Exponential back-off within a time budget."""


def grown(first: float, attempt: int, longest: float = float("inf")) -> float:
    """Return the pause after the failed `attempt` (1, 2, …): `first`, doubled each time, at most `longest`."""
    return min(first * (1 << min(attempt - 1, 30)), longest)


def within(budget: float, elapsed: float, pause: float) -> float | None:
    """Return `pause`, or None if it would end more than `budget` seconds after the start (`elapsed` seconds ago)."""
    return pause if elapsed + pause <= budget else None
