"""What the index `due` lists, one workflow after the other, while there is time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from failover.adapters import aws
from failover.adapters.workflow.store import DUE_SHARDS, Overdue, OverduePage
from failover.errors import Temporary
from failover.observability import logger, unexpected
from failover.outside import Outside
from failover.rules.formats.stored import UnreadableItem
from failover.rules.workflow import due

MOST_PER_SHARD = 50
"""Workflows of one shard that are listed at once."""
MOST_LISTINGS = 20
"""In one run, while there is time; the rest is there in the next one, a minute later."""

type Read = Callable[[int, int, int, Any], OverduePage]
"""One of the store's lists: (shard, now, limit, after)."""


@dataclass
class Listing:
    """The workflows of one of the store's lists that were due when it began, each of them once."""

    read: Read
    now: int
    found: list[Overdue] = field(default_factory=list)
    """Of the last listing: oldest first in each shard."""
    complete: bool = True
    """Every shard could be read."""
    _after: dict[int, Any] = field(default_factory=lambda: dict.fromkeys(range(DUE_SHARDS)))
    """Where each shard that has more goes on."""

    @property
    def over(self) -> bool:
        """Every shard has been listed to its end, or could not be read."""
        return not self._after

    def go_on(self, time_left: Callable[[], bool]) -> None:
        """List what comes next, while there is time."""
        self.found = []
        for shard in due.in_turn(DUE_SHARDS, self.now):
            if shard not in self._after:
                continue
            if not time_left():
                self.complete = False
                break
            try:
                page = self.read(shard, self.now, MOST_PER_SHARD, self._after.pop(shard))
            except aws.Unavailable as error:
                logger.warning("unavailable", error=str(error))
                self.complete = False
                continue
            self.found += page.found
            if page.next is not None:
                self._after[shard] = page.next


def look_after_all(
    listing: Listing, look_after: Callable[[Outside, str], bool], outside: Outside, time_left: Callable[[], bool]
) -> int:
    """Look after what `listing` has found and will find, while there is time; how many workflows there were.

    `look_after` says whether it could do anything about a workflow.
    """
    looked_after = _each(listing.found, look_after, outside, time_left)
    listings = 1
    while listings < MOST_LISTINGS and not listing.over and time_left():
        listing.go_on(time_left)
        looked_after += _each(listing.found, look_after, outside, time_left)
        listings += bool(listing.found)  # pages of copies that were made by hand do not count
    return looked_after


def _each(
    found: list[Overdue], look_after: Callable[[Outside, str], bool], outside: Outside, time_left: Callable[[], bool]
) -> int:
    """One that fails waits for the next run."""
    looked_after = 0
    for overdue in found:
        if not time_left():
            break
        logger.append_keys(workflow_id=overdue.workflow_id)
        try:
            if not look_after(outside, overdue.workflow_id):
                _put_off(outside, overdue)
        except Temporary as error:
            logger.warning("unavailable", error=str(error) or type(error).__name__)
        except UnreadableItem as error:
            unexpected(error)
            _put_off(outside, overdue)
        except Exception as error:
            unexpected(error)  # one broken workflow must not keep the others waiting
        finally:
            logger.remove_keys(["workflow_id"])
        looked_after += 1
    return looked_after


def _put_off(outside: Outside, overdue: Overdue) -> None:
    """What cannot be moved must not be found again each minute: it is unreadable, gone, or over and still listed."""
    now = outside.now()
    try:
        outside.store.put_off(overdue, now, now + due.IMMOVABLE * 1000)
    except (aws.Unavailable, aws.AwsError) as error:
        logger.warning("unavailable", error=str(error))
