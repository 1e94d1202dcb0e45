"""Read, decide, write if nobody else has: the one way a workflow changes."""

import random
import time
from collections.abc import Callable

from failover.adapters.workflow.store import Conflict, Pointer, PointerTaken, Store
from failover.errors import Temporary
from failover.observability import count, logger
from failover.rules.workflow.state import Workflow

_TRIES = 5
_PAUSE = 0.02
"""Seconds before the second try, at most, then twice as long each time: somebody's transaction takes about as much."""


class TooContended(Temporary):
    """Others kept writing first; the same call may succeed in a moment."""


def transition(
    store: Store,
    workflow: Workflow,
    decide: Callable[[Workflow], Workflow | None],
    pointer: Pointer | None = None,
    if_taken: Callable[[Workflow], Workflow | None] | None = None,
) -> tuple[Workflow, Workflow] | None:
    """(before, after) of the decision that was written; None: `decide` found nothing to do.

    `workflow` is as the caller has read it. If another writer was faster, the decision is made again, knowing what
    that one wrote. Where the id of `pointer` is another message's already, its pointer stays where it is, and
    `if_taken` decides instead, without the id. Raises TooContended after five tries.
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
            logger.error("the message id belongs to another message already", workflow_id=workflow.id)
            count("MessageIdsReused")
            decide, pointer = if_taken or decide, None
    raise TooContended
