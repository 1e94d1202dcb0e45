"""Erase a recipient: cancel what still runs, and delete the content of each of its workflows.

Each write stands for itself, and the verdict on a workflow is written with the deletion of its content. So a process
may die anywhere: the same command continues, and repeats what it answered before.
"""

import random
from dataclasses import replace

from failover.adapters.table import ConditionFailed
from failover.adapters.workflow.recipients import Entry
from failover.observability import count_many, logger
from failover.outside import Outside
from failover.rules.erasure import proof
from failover.rules.timing.backoff import grown
from failover.rules.workflow.state import Workflow
from failover.use_cases.callers.commands import Answer
from failover.use_cases.erasure.find import OfRecipient, Seen, page, recorded, seen, seen_all
from failover.use_cases.workflow.cancel import cancelled
from failover.use_cases.workflow.transition import TooContended

_TRIES = 5
_FIRST_PAUSE = 0.05
"""Seconds; at most so long before the second try."""


def erase(outside: Outside, command: OfRecipient) -> Answer:
    """Erase a page of a person's workflows. Returns the proof: a signed document, and the cursor of the next page.

    Raises CommandRefused, and Temporary if the rest is to be erased by the same command later.
    """
    found = page(outside, command)
    for recipient in found.recipients:
        outside.recipients.note(recipient, outside.now())
    rows = [_erased(outside, one, found.entries[one.id]) for one in seen_all(outside, found.entries)]
    dropped = sum(row["content"] == "dropped" and not row["erased_before"] for row in rows)
    count_many("ContentErased", dropped)
    logger.info("recipient erased", recipients=found.recipients, workflows=len(rows), dropped=dropped)
    stack = outside.settings.stack_name
    signed = proof.document(stack, found.recipients, rows, outside.now(), complete=found.cursor is None)
    return {"erasure": signed, "signature": proof.signature(found.keys[0], signed), "cursor": found.cursor}


def _erased(outside: Outside, one: Seen, entries: list[Entry]) -> Answer:
    """Erase one workflow. Raises TooContended if other writers kept being first."""
    for attempt in range(_TRIES):
        if attempt:
            outside.sleep(random.uniform(0, grown(_FIRST_PAUSE, attempt)))
            one, entries = seen(outside, one.id), [outside.recipients.again(entry) for entry in entries]
        try:
            return _erased_as_read(outside, one, entries)
        except ConditionFailed:
            continue
    raise TooContended


def _erased_as_read(outside: Outside, one: Seen, entries: list[Entry]) -> Answer:
    """Erase a workflow, or repeat what was done. Raises ConditionFailed if `entries` are not as they were read."""
    workflow, content = one.workflow, one.content
    running = workflow is not None and workflow.running
    known = recorded(entries)
    if known is not None and content is None and not running:
        return proof.erased(one.shown, workflow, known, before=True)
    if workflow is not None and running:
        entries = [replace(entry, began_at=outside.recipients.begin(entry, outside.now())) for entry in entries]
        workflow, _ = cancelled(outside, workflow)  # before all else, so that nothing is sent
    if content and content.once:
        outside.recipients.forget_request(content.once, one.id)
    ours = _by_an_erasure(workflow, entries)
    verdict = proof.verdict(workflow, outside.now(), kept=content is not None, cancelled=ours)
    outside.recipients.drop(entries, verdict)
    return proof.erased(replace(one, workflow=workflow).shown, workflow, verdict, before=False)


def _by_an_erasure(workflow: Workflow | None, entries: list[Entry]) -> bool:
    """Whether this erasure, or one that died before its verdict, cancelled the workflow."""
    began = min((entry.began_at for entry in entries if entry.began_at is not None), default=None)
    if workflow is None or workflow.ended_at is None or began is None:
        return False
    return workflow.status == "cancelled" and workflow.ended_at >= began
