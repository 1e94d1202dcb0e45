"""Show what a request would do, without doing it."""

from typing import Any

from failover.outside import Outside
from failover.rules.requests.plan import planned
from failover.use_cases.requests.accept import Posted, requested


def plan(outside: Outside, posted: Posted) -> dict[str, Any]:
    """The plan of a request. Raises Problem (400, 413), the same as for a request that is meant."""
    return planned(requested(outside, posted).steps, outside.now(), outside.settings.receipt_window)
