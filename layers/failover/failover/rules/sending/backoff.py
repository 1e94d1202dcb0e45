"""How long to wait before asking again: the Messages API (faults F4 and F5), or the table for a twin's write (F1)."""

_BUDGET = 24.0
"""Seconds after its claim in which a send may begin a request, also the first one."""
_LAST_BUDGET = 60.0
"""The same for the last step, after which nothing else can reach the person."""
CONNECT_SECONDS = 3
READ_SECONDS = 12
"""What one request may take to connect, and to be answered. When both together are over, it is cut off, however its
answer trickles in (`adapters.deadline_post`)."""
_FIRST = 0.5
_LONGEST = 8.0
_TWIN_BUDGET = 1.0
"""Seconds a request waits for another with the same Idempotency-Key, which is being stored."""
_TWIN_FIRST = 0.1


def budget(expiry_time: int | None) -> float:
    """Seconds a send may go on asking: within the step's expiry, longer on the last step, which has none."""
    return _LAST_BUDGET if expiry_time is None else min(_BUDGET, expiry_time)


def longest_send(expiry_time: int | None) -> float:
    """Seconds after its claim by which a send has no request under way.

    The last one began within the budget, and is cut off when its time is up.
    """
    return budget(expiry_time) + CONNECT_SECONDS + READ_SECONDS


def pause(attempt: int, retry_after: float | None, elapsed: float, budget: float, jitter: float) -> float | None:
    """Seconds to wait after the failed `attempt` (1, 2, …); None: give up.

    Doubles from 0.5 s to 8 s, with `jitter` (0 to 1) taking away up to half; never less than the server asked for,
    and never so long that the next request would begin later than `budget` after the first (`elapsed` so far).
    """
    return _pause(_FIRST, attempt, retry_after, elapsed, budget, jitter)


def pause_for_twin(attempt: int, elapsed: float, jitter: float) -> float | None:
    """The same while a twin is being stored: from 0.1 s, for no longer than a second."""
    return _pause(_TWIN_FIRST, attempt, None, elapsed, _TWIN_BUDGET, jitter)


def _pause(
    first: float, attempt: int, retry_after: float | None, elapsed: float, budget: float, jitter: float
) -> float | None:
    grown = min(first * 2 ** (attempt - 1), _LONGEST)
    seconds = max(grown * (1 - jitter / 2), retry_after or 0.0)
    return seconds if elapsed + seconds <= budget else None
