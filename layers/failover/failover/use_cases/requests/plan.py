"""Show what a request would do, without doing it."""

from typing import Any

from failover.outside import Outside
from failover.rules.requests.plan import planned
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests.accept import Posted, requested


def plan(outside: Outside, caller: Caller, posted: Posted) -> dict[str, Any]:
    """Return the plan of a request. Raises Problem (400, 413) as without `dry_run`."""
    return planned(requested(outside, posted), caller.status_url, outside.now(), outside.settings.receipt_window)
