"""Repair the workflows that the overdue index lists, while there is time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from failover.adapters import aws
from failover.adapters.workflow.overdue_index import Overdue, OverdueIndex
from failover.errors import Temporary
from failover.observability import count, logger, unavailable, unexpected
from failover.outside import Outside
from failover.rules.formats.stored import UnreadableItem
from failover.rules.timing.pace import Pace
from failover.rules.workflow.overdue import IMMOVABLE, SHARDS, Queue, in_turn
from failover.use_cases.workflow.in_parallel import Done, in_parallel

MOST_PER_SHARD = 50
"""Workflows of one shard that are listed at once."""
MOST_LISTINGS = 20
"""In one run, while there is time; the next run, a minute later, goes on."""
WORKERS = 8
"""Threads."""

type Repair = Callable[[Outside, str], bool]
"""Repairs the workflow with this id. Returns False if it can do nothing about it."""


@dataclass
class Listing:
    """The workflows of one queue that were due when the listing began, each of them once."""

    index: OverdueIndex
    queue: Queue
    now: int
    found: list[Overdue] = field(default_factory=list)
    """Of the last call of `go_on`: oldest first in each shard."""
    complete: bool = True
    """Every shard could be read."""
    _after: dict[int, Any] = field(default_factory=lambda: dict.fromkeys(range(SHARDS)))
    """Where to go on in each shard that has more."""

    @property
    def over(self) -> bool:
        """Every shard has been listed to its end, or could not be read."""
        return not self._after

    def go_on(self, time_left: Callable[[], bool]) -> None:
        """List the next page of each shard, while there is time."""
        self.found = []
        for shard in in_turn(self.now):
            if shard not in self._after:
                continue
            if not time_left():
                self.complete = False
                break
            try:
                page = self.index.page(self.queue, shard, self.now, MOST_PER_SHARD, self._after.pop(shard))
            except aws.Unavailable as error:
                unavailable(error)
                self.complete = False
                continue
            self.found += page.found
            if page.next is not None:
                self._after[shard] = page.next


def repair_all(
    listing: Listing, repair: Repair, outside: Outside, time_left: Callable[[], bool], per_second: float
) -> int:
    """Repair what `listing` has found and will find, while there is time. Returns how many workflows it was.

    Begins `per_second` repairs in a second, and fewer while AWS throttles them.
    """
    _ = outside.store, outside.executions  # `in_parallel` says why

    def listed() -> Iterator[Overdue]:
        yield from listing.found
        listings = 1
        while listings < MOST_LISTINGS and not listing.over and time_left():
            listing.go_on(time_left)
            yield from listing.found
            listings += bool(listing.found)  # a page of copies that were made by hand does not count

    def act(overdue: Overdue) -> Done[Overdue]:
        return _repaired(outside, overdue, repair)

    return in_parallel(outside, listed(), act, Pace(per_second), WORKERS, time_left)


def _repaired(outside: Outside, overdue: Overdue, repair: Repair) -> Done[Overdue]:
    """A workflow whose repair fails waits for the next run."""
    logger.thread_safe_append_keys(workflow_id=overdue.workflow_id)
    refused = False
    try:
        if not repair(outside, overdue.workflow_id):
            set_aside(outside, overdue)
    except Temporary as error:
        unavailable(error)
        refused = isinstance(error, aws.Unavailable)
    except UnreadableItem as error:
        unexpected(error)
        set_aside(outside, overdue)
    except Exception as error:
        unexpected(error)  # one broken workflow must not delay the others
    return Done(number=1, refused=refused)


def set_aside(outside: Outside, overdue: Overdue) -> None:
    """Do not list again each minute what cannot be repaired: it is unreadable, gone, or over and still in the index."""
    now = outside.now()
    try:
        outside.overdue.set_due_at(overdue, now, now + IMMOVABLE * 1000)
    except (aws.Unavailable, aws.AwsError) as error:
        unavailable(error)


def reconciled(action: str) -> None:
    """Count what was done for an overdue workflow."""
    logger.warning("reconciled", action=action)
    count("WorkflowsReconciled", action=action)
