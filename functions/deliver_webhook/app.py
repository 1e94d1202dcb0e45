"""The queue of webhooks: one attempt for each of its messages."""

from typing import Any

from failover import task_edge
from failover.adapters.webhook_queue import read
from failover.outside import Outside
from failover.use_cases.deliver import deliver

outside = Outside()


def handler(event: dict[str, Any], context: Any) -> None:
    """`event`: one message of SQS (the template's batch size), which says which webhook of which workflow."""
    for record in event["Records"]:
        with task_edge.guarded():
            task = read(record["body"])
        with task_edge.guarded(task.workflow_id):
            deliver(outside, task)
