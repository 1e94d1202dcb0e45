"""Stop the running workflows of an account, or all sends for a while (docs/runbooks.md, "Stop sending")."""

from typing import Annotated

from failover.adapters.workflow.store import Vanished
from failover.errors import Temporary
from failover.observability import count, logger, unavailable, unexpected
from failover.outside import Outside
from failover.rules.channels.kinds import Text, Whole
from failover.rules.formats import pages
from failover.rules.formats.pages import LARGEST_LIMIT, Position
from failover.rules.formats.stored import UnreadableItem
from failover.rules.pacing import turns
from failover.rules.requests.models import Of
from failover.rules.timing.instants import iso
from failover.rules.timing.pace import Pace
from failover.rules.workflow.listing import CURSOR, Filters
from failover.use_cases.callers import registered
from failover.use_cases.callers.commands import OPTIONAL, Answer, Command, CommandRefused, OfAccount
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


class PauseSends(Command):
    seconds: Annotated[int, Of(Whole(1, turns.LONGEST_STOP, "seconds"))]


def pause_sends(outside: Outside, command: PauseSends) -> Answer:
    """Let no send make a request from now on, for so many seconds. One that is under way is not stopped.

    Never shortens a pause. Sends wait as they do after a 429, at most for the stack's patience. Raises CommandRefused
    if this stack's sends pass no lane.
    """
    _check_gate(outside)
    now = outside.now()
    until = outside.lanes.close(turns.KEY, now, now + command.seconds * 1000).closed_until
    logger.info("sends paused", until=iso(until))
    return {"paused_until": iso(until)}


def resume_sends(outside: Outside, _: Command) -> Answer:
    """End a pause, and any that the vendor has asked for: it asks again. Sends that wait notice it within a minute.

    A pause of which two seconds are left ends by itself, and is in the answer. Raises as `pause_sends`.
    """
    _check_gate(outside)
    now = outside.now()
    until = outside.lanes.open(turns.KEY, now).closed_until
    logger.info("sends resumed")
    return {"paused_until": iso(until) if until > now else None}


def _check_gate(outside: Outside) -> None:
    if not outside.settings.messages_per_second:
        raise CommandRefused("action: with MessagesPerSecond 0 sends cannot be paused; see docs/runbooks.md")
