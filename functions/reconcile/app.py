"""Each minute: repair overdue workflows, then queue missing webhooks."""

from typing import Any

from failover.edges import task_edge
from failover.outside import Outside
from failover.use_cases.webhooks.republish import republish
from failover.use_cases.workflow.reconcile import reconcile

outside = Outside().ready("deliveries", "executions", "overdue", "store", "webhook_queue")


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """`event` is ignored. Returns how many workflows were overdue, and how many ended ones were checked."""
    time_left = task_edge.time_left(context)
    with task_edge.guarded():
        return {"looked_after": reconcile(outside, time_left), "ended": republish(outside, time_left)}
