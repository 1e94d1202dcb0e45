"""Each minute: repair overdue workflows, then queue missing webhooks."""

from typing import Any

from failover.edges import task_edge
from failover.outside import Outside
from failover.use_cases.webhooks.republish import republish
from failover.use_cases.workflow.reconcile import reconcile

outside = Outside()

_RESERVE_MS = 10_000
"""Time to finish the last repair."""


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """`event` is ignored. Returns how many workflows were overdue, and how many ended ones were checked."""

    def time_left() -> bool:
        return bool(context.get_remaining_time_in_millis() > _RESERVE_MS)

    with task_edge.guarded():
        return {"looked_after": reconcile(outside, time_left), "ended": republish(outside, time_left)}
