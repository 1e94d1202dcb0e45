"""What the index `due` lists, one workflow after the other, while there is time."""

from collections.abc import Callable

from failover.adapters import aws
from failover.adapters.store import DUE_SHARDS, Overdue
from failover.observability import logger, unexpected
from failover.outside import Outside
from failover.rules import due
from failover.use_cases.transition import TooContended

MOST_PER_SHARD = 50
"""Workflows of one shard in one run; the rest is there in the next, a minute later."""


def listed(
    read: Callable[[int, int, int], list[Overdue]], now: int, time_left: Callable[[], bool]
) -> tuple[list[Overdue], bool]:
    """What the shards hold, in their turn; and whether all of them could be read. `read` is the store's."""
    found: list[Overdue] = []
    unread = DUE_SHARDS
    for shard in due.in_turn(DUE_SHARDS, now):
        if not time_left():
            break
        try:
            found += read(shard, now, MOST_PER_SHARD)
            unread -= 1
        except aws.Unavailable as error:
            logger.warning("unavailable", error=str(error))
    return found, unread == 0


def each(
    found: list[Overdue], time_left: Callable[[], bool], look_after: Callable[[Outside, str], None], outside: Outside
) -> int:
    """Look after them while there is time; how many there were. One that fails waits for the next run."""
    looked_after = 0
    for overdue in found:
        if not time_left():
            break
        logger.append_keys(workflow_id=overdue.workflow_id)
        try:
            look_after(outside, overdue.workflow_id)
        except (aws.Unavailable, TooContended) as error:
            logger.warning("unavailable", error=str(error) or type(error).__name__)
        except Exception as error:
            unexpected(error)  # one broken workflow must not keep the others waiting
        finally:
            logger.remove_keys(["workflow_id"])
        looked_after += 1
    return looked_after
