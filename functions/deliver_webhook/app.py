"""The queue of webhooks: one attempt for each of its messages."""

from typing import Any

from failover.adapters.webhooks.queue import read
from failover.edges import task_edge
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.webhooks.delivery import Task, UnreadableTask
from failover.use_cases.webhooks.deliver import deliver

outside = Outside().ready("deliveries", "hosts", "webhook_queue", "webhook_secret", "webhooks")


def handler(event: dict[str, Any], context: Any) -> None:
    """`event`: one message of SQS (the batch size in the template), which names a webhook."""
    for record in event["Records"]:
        with task_edge.guarded():
            task = _task(record["body"])
        if task is not None:
            with task_edge.guarded(task.workflow_id):
                deliver(outside, task)


def _task(body: str) -> Task | None:
    """The message's task, or None after an unreadable message was moved to the dead letters."""
    try:
        return read(body)
    except UnreadableTask as error:
        logger.error("queue message unreadable", field=str(error))
        count("UnreadableMessages")
        outside.webhook_queue.bury_unreadable(body)
        return None
