"""What the index `due` lists, one workflow after the other, while there is time."""

from collections.abc import Callable

from failover.adapters import aws
from failover.adapters.store import DUE_SHARDS, Overdue
from failover.observability import logger, unexpected
from failover.outside import Outside
from failover.rules import due
from failover.rules.stored import UnreadableItem
from failover.use_cases.transition import TooContended

MOST_PER_SHARD = 50
"""Workflows of one shard that are listed at once."""
MOST_LISTINGS = 20
"""In one run, while there is time; the rest is there in the next one, a minute later."""


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


def look_after_all(
    found: list[Overdue],
    read: Callable[[int, int, int], list[Overdue]],
    look_after: Callable[[Outside, str], None],
    outside: Outside,
    time_left: Callable[[], bool],
) -> int:
    """Look after what was found, then after what `read` finds beyond it, while there is time; how many there were."""
    looked_after = _each(found, look_after, outside, time_left)
    for _ in range(MOST_LISTINGS - 1):
        if len(found) < MOST_PER_SHARD or not time_left():
            break
        found, _complete = listed(read, outside.now(), time_left)
        looked_after += _each(found, look_after, outside, time_left)
    return looked_after


def _each(
    found: list[Overdue], look_after: Callable[[Outside, str], None], outside: Outside, time_left: Callable[[], bool]
) -> int:
    """One that fails waits for the next run."""
    looked_after = 0
    for overdue in found:
        if not time_left():
            break
        logger.append_keys(workflow_id=overdue.workflow_id)
        try:
            look_after(outside, overdue.workflow_id)
        except (aws.Unavailable, TooContended) as error:
            logger.warning("unavailable", error=str(error) or type(error).__name__)
        except UnreadableItem as error:
            unexpected(error)
            _put_off(outside, overdue.workflow_id)
        except Exception as error:
            unexpected(error)  # one broken workflow must not keep the others waiting
        finally:
            logger.remove_keys(["workflow_id"])
        looked_after += 1
    return looked_after


def _put_off(outside: Outside, workflow_id: str) -> None:
    """An item that cannot be read cannot be moved either: it must not stand before those that can."""
    now = outside.now()
    try:
        outside.store.put_off(workflow_id, now, now + due.UNREADABLE * 1000)
    except (aws.Unavailable, RuntimeError) as error:
        logger.warning("unavailable", error=str(error))
