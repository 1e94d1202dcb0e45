"""How a workflow changes: read it, decide, write on condition that no other writer was first.

Only two writes go another way: the state machine stores its task token, and `OverdueIndex.set_due_at` sets items aside.
"""

import random
import time
from collections.abc import Callable

from failover.adapters.workflow.store import Conflict, Pointer, PointerTaken
from failover.errors import Temporary
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.timing.backoff import grown
from failover.rules.workflow import transitions
from failover.rules.workflow.race import Change
from failover.rules.workflow.state import Workflow
from failover.use_cases.workflow.results import count_results
from failover.use_cases.workflow.signal import try_to_end_race

_TRIES = 5
_FIRST_PAUSE = 0.02
"""Seconds, about what the transaction of another writer takes; at most so long before the second try."""

type Decision = Callable[[Workflow], Workflow | None]
"""The workflow as it should become; None if there is nothing to do."""


class TooContended(Temporary):
    """Other writers kept being first; the same call may succeed in a moment."""


def transition(
    outside: Outside,
    workflow: Workflow,
    decide: Decision,
    pointer: Pointer | None = None,
    if_pointer_taken: Decision | None = None,
) -> Change | None:
    """Write a decision, end the race if the decision ends it, and count the results.

    Raises TooContended after five tries.
    """
    change = transition_without_signal(outside, workflow, decide, pointer, if_pointer_taken)
    if change is not None:
        if change.signal is not None:
            try_to_end_race(outside, change.signal)
        count_results(change)
    return change


def transition_without_signal(
    outside: Outside,
    workflow: Workflow,
    decide: Decision,
    pointer: Pointer | None = None,
    if_pointer_taken: Decision | None = None,
) -> Change | None:
    """Write a decision, but do not end its race: for sends, which have no right to do so (template.yaml).

    Nothing is counted either, since nothing that can fail may stand between a claim and its request.

    `workflow` is as the caller has read it. If another writer was first, `decide` is called again with what that one
    wrote. If the id of `pointer` belongs to another message, its pointer stays as it is, and `if_pointer_taken`
    decides instead, without the id. Returns None if `decide` found nothing to do. Raises TooContended after five tries.

    A workflow of another table is marked as restored first, in a write of its own, so that no decision sends for it.
    """
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(random.uniform(0, grown(_FIRST_PAUSE, attempt)))
        try:
            if (marked := transitions.restored(workflow, outside.here, outside.now())) is not None:
                workflow = outside.store.write(marked)
                logger.warning("restored from a backup: nothing more is sent", workflow_id=workflow.id)
                count("WorkflowsRestored")
            if (after := decide(workflow)) is None:
                return None
            return Change(workflow, outside.store.write(after, pointer))
        except Conflict as conflict:
            workflow = conflict.current
        except PointerTaken:
            logger.error("the message id belongs to another message already", workflow_id=workflow.id)
            count("MessageIdsReused")
            decide, pointer = if_pointer_taken or decide, None
    raise TooContended


def mark_restored(outside: Outside, workflow: Workflow) -> None:
    """Mark a workflow of another table as restored, and decide nothing else. Raises TooContended after five tries."""
    transition_without_signal(outside, workflow, lambda _: None)
