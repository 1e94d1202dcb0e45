"""What follows from a workflow's change once it is stored: its webhooks are queued, and its end begins to count."""

from collections.abc import Sequence

from failover.adapters import aws
from failover.observability import count, logger, unexpected
from failover.outside import Outside
from failover.rules import transitions, webhooks
from failover.rules.delivery import Task
from failover.rules.workflow import Entry, Workflow
from failover.use_cases.transition import TooContended, transition


def publish(outside: Outside, changes: Sequence[tuple[Workflow | None, Workflow]]) -> None:
    """Queue a delivery for every webhook that a change has brought: (before, after) of one workflow, in their order.

    Done twice it queues twice, and the delivery notices. Raises `aws.Unavailable`; then some may have been queued.

    What has been queued is written down once, at a workflow's end (and again for a status after it). That this fails
    costs nobody a webhook: `republish` looks after the workflow then.
    """
    told = [(after, webhooks.told(after)[len(webhooks.told(before)) if before else 0 :]) for before, after in changes]
    queue(outside, told)
    for before, after in {after.id: (before, after) for before, after in changes}.values():
        if not after.running and after.due_at is not None and webhooks.none_lost(before, outside.now()):
            _remember(outside, after)


def queue(outside: Outside, told: Sequence[tuple[Workflow, list[Entry]]]) -> None:
    """Queue a delivery for each of these entries of workflows. Raises `aws.Unavailable`."""
    outside.webhook_queue.add_all(
        Task(workflow.id, workflow.account, workflow.application, sequence=entry["sequence"])
        for workflow, entries in told
        for entry in entries
    )
    for workflow, entries in told:
        for entry in entries:
            count("WebhooksPublished", kind="status" if entry["event"] == webhooks.MESSAGE_STATUS else "report")
        if entries:
            sequences = [entry["sequence"] for entry in entries]
            logger.info("published", workflow_id=workflow.id, sequences=sequences)


def remember(outside: Outside, workflow: Workflow) -> None:
    """Write down that all webhooks of a workflow that is over have been queued. Raises as `transition`."""
    sequence = webhooks.told(workflow)[-1]["sequence"]
    transition(outside.store, workflow, lambda now: transitions.published(now, sequence))


def _remember(outside: Outside, workflow: Workflow) -> None:
    try:
        remember(outside, workflow)
    except (aws.Unavailable, TooContended) as error:
        logger.warning("unavailable", workflow_id=workflow.id, error=str(error) or type(error).__name__)
    except Exception as error:
        unexpected(error)  # they are queued; failing now would queue them again


def end_content(outside: Outside, before: Workflow | None, after: Workflow) -> None:
    """Where `after` has ended and `before` had not: texts and addresses are dropped their retention after the end.

    Done twice it changes nothing. Raises `aws.Unavailable`.
    """
    if not after.running and (before is None or before.running):
        outside.store.end_content(after)
