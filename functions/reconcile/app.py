"""Each minute: look after the workflows that are overdue."""

from typing import Any

from failover import task_edge
from failover.outside import Outside
from failover.use_cases.reconcile import reconcile

outside = Outside()

_RESERVE_MS = 10_000
"""Time to finish the last workflow that was begun."""


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """`event` is not looked at. How many overdue workflows there were."""
    with task_edge.guarded():
        return {
            "looked_after": reconcile(outside, lambda: context.get_remaining_time_in_millis() > _RESERVE_MS),
        }
