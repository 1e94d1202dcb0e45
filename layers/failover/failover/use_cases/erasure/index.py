"""Add the entries of workflows that an earlier release stored without them."""

from typing import Annotated

from failover.observability import logger, unexpected
from failover.outside import Outside
from failover.rules.channels.kinds import Matching
from failover.rules.channels.objects import Many
from failover.rules.formats import ids
from failover.rules.formats.stored import UnreadableItem
from failover.rules.requests.models import Of
from failover.rules.workflow import retention
from failover.use_cases.callers.commands import Answer, Command
from failover.use_cases.workflow.recipients import hashed

_MOST = 100
_ID = Matching(f"^{ids.UUID}$", "the id of a workflow", ids.is_id)


class Index(Command):
    workflow_uuids: Annotated[list[str], Of(Many(_ID, "workflows", 1, _MOST))]


def index(outside: Outside, command: Index) -> Answer:
    """Add what is missing: idempotent. Returns how many entries were added, and of which workflows nothing is kept."""
    added, gone = 0, []
    for workflow_id in command.workflow_uuids:
        try:
            found = _added(outside, workflow_id)
        except UnreadableItem as error:
            unexpected(error)
            found = None
        if found is None:
            gone.append(workflow_id)
        added += found or 0
    logger.info("workflows indexed", workflows=len(command.workflow_uuids))
    return {"added": added, "gone": gone}


def _added(outside: Outside, workflow_id: str) -> int | None:
    """How many entries were added to a workflow; None: its content is not kept, or cannot be read."""
    found, content = outside.store.read_kept(workflow_id), outside.recipients.content(workflow_id)
    if found is None or found[1] is None or content is None:
        return None
    expires_at = retention.entries_expire_at(found[0], content.retention)
    return sum(outside.recipients.add(one, workflow_id, expires_at) for one in hashed(outside, found[1].content))
