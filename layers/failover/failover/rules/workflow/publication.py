"""Which entries of the timeline are webhooks, and which of them are recorded as queued (docs/reliability.md, F29)."""

from failover.rules.channels.statuses import ADVANCED
from failover.rules.workflow import origin
from failover.rules.workflow.state import EVENTS, FINAL_REPORTS, Entry, Workflow

MESSAGE_STATUS = "status"
KINDS = ("message_status", "final_report")


SURE_SECONDS = 11 * 3600
"""The stream cannot have dropped an entry younger than this: it delivers a workflow's changes in order, and drops none
before 12 hours (template.yaml): they are changes of one item, whose order Lambda keeps even if it takes several batches
of a shard at once. One hour is a margin for clocks that differ."""


def is_webhook(entry: Entry) -> bool:
    """Return True if an entry is a webhook, which has the entry's `sequence`.

    Of the steps that were closed without success, only those that the customer advanced are webhooks.
    """
    if entry["event"] == "left":
        return entry.get("outcome") == ADVANCED
    return entry["event"] in FINAL_REPORTS or entry["event"] == MESSAGE_STATUS


def webhooks(workflow: Workflow) -> list[Entry]:
    """Return the entries of the timeline that are webhooks, in order."""
    return [entry for entry in workflow.timeline if is_webhook(entry)]


def unpublished(workflow: Workflow) -> list[Entry]:
    """Return the webhooks not recorded as queued. While a workflow runs nothing is recorded, so these are all."""
    return [entry for entry in webhooks(workflow) if entry["sequence"] > workflow.published]


def earlier_published(before: Workflow | None, now: int, here: origin.Here | None) -> bool:
    """Return True if the webhooks of `before` are certainly queued by `now` (ms), although that is not recorded.

    That is so if all are younger than SURE_SECONDS: the stream neither reorders nor drops records that young. The
    stream of a restored table begins empty, so nothing is known of a workflow of another table than `here`: neither of
    one that was marked as restored, nor of one that was over before and has no mark.
    """
    if before is None:
        return True
    if restored(before) or origin.elsewhere(before, here):
        return False
    return all(entry["at"] > now - SURE_SECONDS * 1000 for entry in unpublished(before))


def restored(workflow: Workflow) -> bool:
    """Return True if it was taken over from another table, of whose stream and writes nothing is known."""
    return any(entry["event"] == "restored" for entry in workflow.timeline)


def kind(entry: Entry) -> str:
    """Return which of KINDS the webhook of an entry is."""
    return "final_report" if entry["event"] in FINAL_REPORTS else "message_status"


def of_later_release(workflow: Workflow, sequence: int) -> bool:
    """Return True if a later release added the entry with this sequence, so that only it knows if it is a webhook."""
    return any(one["sequence"] == sequence and one["event"] not in EVENTS for one in workflow.timeline)


def find(workflow: Workflow, sequence: int) -> Entry | None:
    """Return the entry with this sequence, or None if it is not a webhook."""
    return next((entry for entry in webhooks(workflow) if entry["sequence"] == sequence), None)
