"""Which entries of a timeline are webhooks, and which of those have been queued (docs/api.md, "Webhooks")."""

from failover.rules.workflow.state import FINAL_REPORTS, Entry, Workflow

MESSAGE_STATUS = "status"
WEBHOOK_EVENTS = FINAL_REPORTS | {MESSAGE_STATUS}
"""The events of a timeline that are webhooks; an entry's `sequence` is its webhook's."""


SURE_SECONDS = 11 * 3600
"""The stream cannot have dropped an entry younger than this: it delivers a workflow's changes in order, and drops none
before 12 hours (template.yaml). The hour between is for clocks that differ."""


def webhooks(workflow: Workflow) -> list[Entry]:
    """The entries of the timeline that are webhooks, in their order."""
    return [entry for entry in workflow.timeline if entry["event"] in WEBHOOK_EVENTS]


def unpublished(workflow: Workflow) -> list[Entry]:
    """Webhooks not yet recorded as queued. While a workflow runs nothing is recorded, so this returns all of them."""
    return [entry for entry in webhooks(workflow) if entry["sequence"] > workflow.published]


def earlier_published(before: Workflow | None, now: int) -> bool:
    """True if every webhook up to `before` must have been queued by `now` (ms), although that is not recorded: all of
    them are younger than SURE_SECONDS, and the stream neither reorders nor drops records that young."""
    return before is None or all(entry["at"] > now - SURE_SECONDS * 1000 for entry in unpublished(before))


def find(workflow: Workflow, sequence: int) -> Entry | None:
    """The entry with this sequence, if it is a webhook."""
    return next((entry for entry in webhooks(workflow) if entry["sequence"] == sequence), None)
