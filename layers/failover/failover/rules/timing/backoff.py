"""Exponential back-off: how a pause grows with the attempts before it."""


def grown(first: float, attempt: int, longest: float = float("inf")) -> float:
    """The pause after the failed `attempt` (1, 2, …): `first`, doubled for each further attempt, at most `longest`."""
    return min(first * (1 << min(attempt - 1, 30)), longest)
