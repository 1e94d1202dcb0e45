"""Repair the workflows that the overdue index lists, one after the other, while there is time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from failover.adapters import aws
from failover.adapters.workflow.overdue_index import Overdue, OverdueIndex
from failover.errors import Temporary
from failover.observability import logger, unavailable, unexpected
from failover.outside import Outside
from failover.rules.formats.stored import UnreadableItem
from failover.rules.workflow.overdue import IMMOVABLE, SHARDS, Queue, in_turn

MOST_PER_SHARD = 50
"""Workflows of one shard that are listed at once."""
MOST_LISTINGS = 20
"""In one run, while there is time; the next run, a minute later, goes on."""

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


def repair_all(listing: Listing, repair: Repair, outside: Outside, time_left: Callable[[], bool]) -> int:
    """Repair what `listing` has found and will find, while there is time. Returns how many workflows it was."""
    repaired = _each(listing.found, repair, outside, time_left)
    listings = 1
    while listings < MOST_LISTINGS and not listing.over and time_left():
        listing.go_on(time_left)
        repaired += _each(listing.found, repair, outside, time_left)
        listings += bool(listing.found)  # a page of copies that were made by hand does not count
    return repaired


def _each(found: list[Overdue], repair: Repair, outside: Outside, time_left: Callable[[], bool]) -> int:
    """A workflow whose repair fails waits for the next run."""
    repaired = 0
    for overdue in found:
        if not time_left():
            break
        logger.append_keys(workflow_id=overdue.workflow_id)
        try:
            if not repair(outside, overdue.workflow_id):
                _set_aside(outside, overdue)
        except Temporary as error:
            unavailable(error)
        except UnreadableItem as error:
            unexpected(error)
            _set_aside(outside, overdue)
        except Exception as error:
            unexpected(error)  # one broken workflow must not delay the others
        finally:
            logger.remove_keys(["workflow_id"])
        repaired += 1
    return repaired


def _set_aside(outside: Outside, overdue: Overdue) -> None:
    """Do not list again each minute what cannot be repaired: it is unreadable, gone, or over and still in the index."""
    now = outside.now()
    try:
        outside.overdue.set_due_at(overdue, now, now + IMMOVABLE * 1000)
    except (aws.Unavailable, aws.AwsError) as error:
        unavailable(error)
