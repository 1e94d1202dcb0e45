"""How long a send waits before it asks the Messages API again (docs/reliability.md, F4 and F5)."""

from failover.rules.timing.backoff import grown, within
from failover.rules.timing.timeouts import CONNECT_SECONDS, READ_SECONDS

_BUDGET = 24.0
"""Seconds after its claim in which a send may begin a request, also the first one."""
_LAST_BUDGET = 60.0
"""The same for the last step, after which nothing else can reach the person."""
_FIRST = 0.5
_LONGEST = 8.0


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
    return within(budget, elapsed, max(grown(_FIRST, attempt, _LONGEST) * (1 - jitter / 2), retry_after or 0.0))
