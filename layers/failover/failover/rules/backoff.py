"""How long to wait before asking the Messages API again (faults F4 and F5)."""

BUDGET = 24.0
"""Seconds after its first request in which a send may begin another one; its expiry time may be shorter."""
_FIRST = 0.5
_LONGEST = 8.0


def pause(attempt: int, retry_after: float | None, elapsed: float, budget: float, jitter: float) -> float | None:
    """Seconds to wait after the failed `attempt` (1, 2, …); None: give up.

    Doubles from 0.5 s to 8 s, with `jitter` (0 to 1) taking away up to half; never less than the server asked for,
    and never so long that the next request would begin later than `budget` after the first (`elapsed` so far).
    """
    grown = min(_FIRST * 2 ** (attempt - 1), _LONGEST)
    seconds = max(grown * (1 - jitter / 2), retry_after or 0.0)
    return seconds if elapsed + seconds <= budget else None
