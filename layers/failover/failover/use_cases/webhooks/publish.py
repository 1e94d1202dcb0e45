"""After a workflow's change is stored: queue its webhooks, and record that once the workflow is over."""

from collections.abc import Sequence
from dataclasses import dataclass

from failover.observability import count, logger, passed_over
from failover.outside import Outside
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import publication
from failover.rules.workflow.state import Entry, Workflow
from failover.use_cases.workflow.settle import settle


@dataclass(frozen=True)
class StreamRecord:
    """A workflow before (None: it was created) and after a write, and the webhooks that the write added."""

    before: Workflow | None
    after: Workflow
    webhooks: list[Entry]


def stream_record(before: Workflow | None, after: Workflow) -> StreamRecord:
    """The record of a write, from its two images."""
    return StreamRecord(
        before, after, publication.webhooks(after)[len(publication.webhooks(before)) if before else 0 :]
    )


def publish(outside: Outside, records: Sequence[StreamRecord]) -> None:
    """Queue a delivery for every webhook that the records added, in order.

    May raise `aws.Unavailable` or `aws.AwsError` after some were queued; a retry queues those twice, which their
    delivery notices. Once all are queued nothing is raised, so that the records do not come again. If recording that
    fails, `republish` does it later.
    """
    queue(outside, [(one.after, one.webhooks) for one in records])
    for one in {one.after.id: one for one in records}.values():
        unsettled = not one.after.running and one.after.due_at is not None
        if unsettled and publication.earlier_published(one.before, outside.now(), outside.here):
            _settle(outside, one.after)


def queue(outside: Outside, webhooks: Sequence[tuple[Workflow, list[Entry]]]) -> None:
    """Queue a delivery for each of these entries. Raises `aws.Unavailable`."""
    outside.webhook_queue.add_all(
        Task(workflow.id, workflow.account, workflow.application, sequence=entry["sequence"])
        for workflow, entries in webhooks
        for entry in entries
    )
    for workflow, entries in webhooks:
        for entry in entries:
            is_status = publication.kind(entry) == "message_status"
            count("WebhooksPublished", kind="status" if is_status else "report")
        if entries:
            sequences = [entry["sequence"] for entry in entries]
            logger.info("webhooks queued", workflow_id=workflow.id, sequences=sequences)


def _settle(outside: Outside, workflow: Workflow) -> None:
    try:
        settle(outside, workflow)
    except Exception as error:
        passed_over(error, workflow_id=workflow.id)
