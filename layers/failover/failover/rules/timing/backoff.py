"""Exponential back-off: how a pause grows with the attempts before it, within a budget of time."""


def grown(first: float, attempt: int, longest: float = float("inf")) -> float:
    """The pause after the failed `attempt` (1, 2, …): `first`, doubled for each further attempt, at most `longest`."""
    return min(first * (1 << min(attempt - 1, 30)), longest)


def within(budget: float, elapsed: float, pause: float) -> float | None:
    """`pause`, or None if it would end more than `budget` seconds after the start (`elapsed` seconds ago): give up."""
    return pause if elapsed + pause <= budget else None
