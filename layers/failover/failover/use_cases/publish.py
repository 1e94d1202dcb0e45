"""What follows from a workflow's change once it is stored: its webhooks are queued, and its end begins to count."""

from failover.observability import count, logger
from failover.outside import Outside
from failover.rules import webhooks
from failover.rules.delivery import Task
from failover.rules.workflow import Workflow


def publish(outside: Outside, before: Workflow | None, after: Workflow) -> None:
    """Queue a delivery for every webhook that `after` has and `before` had not; both are of one workflow.

    Done twice it queues twice, and the delivery notices. Raises `aws.Unavailable`.
    """
    told = webhooks.told(after)[len(webhooks.told(before)) if before else 0 :]
    outside.webhook_queue.add_all(
        Task(after.id, after.account, after.application, sequence=entry["sequence"]) for entry in told
    )
    for entry in told:
        count("WebhooksPublished", kind="status" if entry["event"] == webhooks.MESSAGE_STATUS else "report")
    if told:
        logger.info("published", workflow_id=after.id, sequences=[entry["sequence"] for entry in told])


def end_content(outside: Outside, before: Workflow | None, after: Workflow) -> None:
    """Where `after` has ended and `before` had not: texts and addresses are dropped their retention after the end.

    Done twice it changes nothing. Raises `aws.Unavailable`.
    """
    if not after.running and (before is None or before.running):
        outside.store.end_content(after)
