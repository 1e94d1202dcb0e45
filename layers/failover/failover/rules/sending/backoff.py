"""Pauses between the requests of one send (docs/reliability.md, F4 and F5)."""

from failover.rules.timing.backoff import grown, within
from failover.rules.timing.timeouts import CONNECT_SECONDS, READ_SECONDS

_BUDGET = 24.0
"""Seconds after its claim in which a send may begin a request, including the first."""
_LAST_BUDGET = 60.0
"""The same for the last step: no later one can reach the recipient."""
_FIRST = 0.5
_LONGEST = 8.0


def budget(expiry_time: int | None) -> float:
    """Return the seconds in which a send may begin requests: within the expiry, longer on the last step (None)."""
    return _LAST_BUDGET if expiry_time is None else min(_BUDGET, expiry_time)


def longest_send(expiry_time: int | None) -> float:
    """Return the seconds after its claim by which a send has no request under way.

    The last request began within the budget, and is cut off at its timeout.
    """
    return budget(expiry_time) + CONNECT_SECONDS + READ_SECONDS


def pause(attempt: int, retry_after: float | None, elapsed: float, budget: float, jitter: float) -> float | None:
    """Return the seconds to wait after the failed `attempt` (1, 2, …). Returns None to give up.

    Doubles from 0.5 s to 8 s; `jitter` (0 to 1) takes away up to half. Never less than `retry_after`. None if the next
    request would begin more than `budget` seconds after the claim (`elapsed` seconds ago).
    """
    return within(budget, elapsed, max(grown(_FIRST, attempt, _LONGEST) * (1 - jitter / 2), retry_after or 0.0))
