"""Read, decide, write if nobody else has: the one way a workflow changes."""

import random
import time
from collections.abc import Callable

from failover.adapters.store import Conflict, Pointer, Store
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

    `workflow` is as the caller has read it; whenever somebody else has written in between, the decision is made
    anew. Raises TooContended after five tries.
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
    raise TooContended
