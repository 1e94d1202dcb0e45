"""Stop the running workflows of an account (docs/runbooks.md, "Stop sending")."""

from typing import Annotated

from failover.adapters.workflow.store import Vanished
from failover.errors import Temporary
from failover.observability import count, logger, unavailable, unexpected
from failover.outside import Outside
from failover.rules.channels.kinds import Text
from failover.rules.formats import pages
from failover.rules.formats.pages import LARGEST_LIMIT, Position
from failover.rules.formats.stored import UnreadableItem
from failover.rules.requests.models import Of
from failover.rules.timing.instants import iso
from failover.rules.timing.pace import Pace
from failover.rules.workflow.listing import CURSOR, Filters
from failover.use_cases.callers import registered
from failover.use_cases.callers.commands import OPTIONAL, Answer, CommandRefused, OfAccount
from failover.use_cases.workflow.cancel import cancelled
from failover.use_cases.workflow.in_parallel import Done, in_parallel

CANCELS_FOR = 30_000
"""Milliseconds after which no further page is begun: the function has a minute, and so has its caller's connection."""
_PER_SECOND = 100
"""Workflows. Each is a call of Step Functions, which the callbacks' signals need as well, and a webhook."""
_WORKERS = 8


class CancelWorkflows(OfAccount):
    cursor: Annotated[str | None, Of(Text(200)), OPTIONAL] = None


def cancel_workflows(outside: Outside, command: CancelWorkflows) -> Answer:
    """Cancel the running workflows of an account, newest first, for up to half a minute. Idempotent.

    `complete` is false if some may be left: the same command with the answer's `cursor` goes on. A workflow that is
    posted meanwhile may be missed. Those whose record cannot be read are in `unreadable`: nothing is sent for them.
    """
    account = registered.account(outside, command)
    after, ends = _position(command.cursor), outside.now() + CANCELS_FOR
    number, unreadable, complete = 0, list[str](), False
    while not complete and outside.now() < ends:
        filters = Filters(status="running", limit=LARGEST_LIMIT, after=after)
        page = outside.listing.page(command.api_key, filters)
        found = [item["pk"].removeprefix("workflow#") for item in page.items]
        run = _Cancelling(outside)
        over = in_parallel(outside, found, run.cancel, Pace(_PER_SECOND), _WORKERS)
        number += len(run.cancelled)
        unreadable += run.unreadable
        if over + len(run.unreadable) < len(found):
            break  # AWS is busy, or others kept writing: the page is repeated
        after, complete = page.next, page.next is None
    disabled_at = account.get("disabled_at")
    return {
        "api_key": command.api_key,
        "disabled_at": None if disabled_at is None else iso(disabled_at),
        "cancelled": number,
        "unreadable": unreadable,
        "cursor": None if after is None else after.cursor(),
        "complete": complete,
    }


def _position(cursor: str | None) -> Position | None:
    try:
        return None if cursor is None else pages.position(cursor, CURSOR)
    except ValueError:
        raise CommandRefused(f"cursor: Should be {pages.CURSOR}") from None


class _Cancelling:
    """A page of workflows, cancelled in threads."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        _ = outside.store, outside.executions  # `in_parallel` says why
        self.cancelled: list[str] = []
        self.unreadable: list[str] = []

    def cancel(self, workflow_id: str) -> Done[str]:
        """Returns the number 1 if the workflow is over now."""
        logger.thread_safe_append_keys(workflow_id=workflow_id)
        try:
            workflow = self._outside.store.read(workflow_id)
            if workflow is not None and cancelled(self._outside, workflow)[1]:
                self.cancelled.append(workflow_id)
                count("WorkflowsCancelled")
                logger.info("workflow cancelled")
        except Vanished:
            pass
        except Temporary as error:
            unavailable(error)
            return Done(refused=True, rest=workflow_id)
        except UnreadableItem as error:
            unexpected(error)
            self.unreadable.append(workflow_id)
            return Done()
        return Done(number=1)
