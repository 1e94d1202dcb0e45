"""Read, decide, write if nobody else has: the one way a workflow changes."""

import random
import time
from collections.abc import Callable

from failover.adapters.store import Conflict, Pointer, PointerTaken, Store
from failover.observability import count, logger
from failover.rules.workflow import Workflow

_TRIES = 5
_PAUSE = 0.02
"""Seconds before the second try, at most, then twice as long each time: somebody's transaction takes about as much."""


class TooContended(Exception):
    """Others kept writing first; the same call may succeed in a moment."""


def transition(
    store: Store,
    workflow: Workflow,
    decide: Callable[[Workflow], Workflow | None],
    pointer: Pointer | None = None,
) -> tuple[Workflow, Workflow] | None:
    """(before, after) of the decision that was written; None: `decide` found nothing to do.

    `workflow` is as the caller has read it. If another writer was faster, the decision is made again, knowing what
    that one wrote. A pointer to another message stays where it is. Raises TooContended after five tries.
    """
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(random.uniform(0, _PAUSE * 2 ** (attempt - 1)))
        after = decide(workflow)
        if after is None:
            return None
        try:
            return workflow, store.write(after, pointer)
        except Conflict as conflict:
            workflow = conflict.current
        except PointerTaken:
            logger.error("the message id belongs to another message already")
            count("MessageIdsReused")
            pointer = None
    raise TooContended
