"""Each minute, for as long as it takes up to a minute: start the workflows that no POST has started."""

from typing import Any

from failover.edges import task_edge
from failover.outside import Outside
from failover.use_cases.workflow.start import start_workflows

outside = Outside().ready("executions", "overdue", "store")


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """`event` is ignored. Returns of how many workflows an execution runs now."""
    with task_edge.guarded():
        return {"started": start_workflows(outside, task_edge.time_left(context))}
