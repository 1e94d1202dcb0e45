"""Everything that can happen to a workflow: each a pure decision from one state to the next.

A caller reads the state, decides, and writes on condition that the item is unchanged (`adapters.workflow.store`). If
the write is refused, it reads and decides again. So of two decisions at the same instant one is written first, and the
other takes it into account.
"""

from dataclasses import replace

from failover.errors import Failure, Temporary
from failover.rules.channels.statuses import ADVANCED, FAILURES, meets, risen
from failover.rules.pacing.lane import Turn
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, Answer, NotTaken, Refused, Unknown
from failover.rules.workflow import closing, origin, overdue, publication, reasons, status_entries
from failover.rules.workflow.expiry import open_until, wait_began
from failover.rules.workflow.state import MOST_ATTEMPTS, Step, Workflow

FINAL_CONDITION = "delivered"
"""The condition status of the last step, which has none of its own (docs/api.md, "How a workflow proceeds")."""

MOST_POSTPONED = 3
"""Releases of a step's claim that the timeline names, each with the `sending` before and after it."""

_REVERSIBLE = frozenset({"expired", ADVANCED, "refused", "unsendable"})
"""Outcomes that no status decided, so a late success overrules them. A failure reported by a status is final."""


class TooEarly(Temporary):
    """The claim is early: the step before is open, with `milliseconds` until its expiry."""

    def __init__(self, milliseconds: int) -> None:
        super().__init__("the step before has time left")
        self.milliseconds = milliseconds


class CannotAdvance(Failure):
    """The step's wait cannot be ended. The message says why; `state` is the workflow's status or the step's state."""

    def __init__(self, why: str, state: str) -> None:
        super().__init__(why)
        self.state = state


def accepted(workflow: Workflow) -> Workflow:
    """Add the first entry to a new workflow's timeline."""
    return _due(workflow.with_entry(workflow.created_at, "accepted"), workflow.created_at)


def claimed(workflow: Workflow, number: int, now: int) -> Workflow | None:
    """Claim step `number` for sending, which closes the step before it. Returns None if it must not be sent.

    It must not be sent if the workflow is over, if the step is claimed already (by a concurrent send, or by this one
    before it crashed), or if a later step is claimed. An earlier step that is still open has now expired. Raises
    TooEarly if its time is not up, claimed or not: a mistake in the state machine, which has the timer, must not send.
    Raises LookupError if there is no such step.
    """
    if not may_begin(workflow, number):
        return None
    workflow = _with_earlier_closed(workflow, number, now)
    workflow = workflow.with_step(number, phase="claimed", claimed_at=now)
    if workflow.steps[number].releases <= MOST_POSTPONED:
        workflow = workflow.with_entry(now, "sending", step=number)
    return _due(replace(workflow, task_token=None), now)


def restored(workflow: Workflow, here: origin.Here | None, now: int) -> Workflow | None:
    """Mark a running workflow of another table, before anything else changes it. Returns None if it is of this one.

    Its items are older than what happened to it, so each step that had not begun, or had no answer, may have been sent.
    None is sent from here. A status still decides its step, and the receipt window of the last step ends the workflow.
    """
    if not workflow.running or not origin.elsewhere(workflow, here):
        return None
    for number, step in enumerate(workflow.steps):
        if step.phase in ("pending", "claimed") and step.outcome is None:
            workflow = workflow.with_step(number, phase="unknown", claimed_at=step.claimed_at or now, answered_at=now)
    workflow = workflow.with_entry(now, "restored", reason=reasons.RESTORED)
    return _due(replace(workflow, table_id=here.id if here else None, task_token=None), now)


def may_begin(workflow: Workflow, number: int) -> bool:
    """Return True if step `number` is still to be sent: the workflow runs, and neither it nor a later one has begun.

    Raises LookupError if there is no such step.
    """
    if not 0 <= number < len(workflow.steps):
        raise LookupError("the workflow has no such step")
    undecided = workflow.steps[number].outcome is None
    return workflow.running and undecided and not any(step.begun for step in workflow.steps[number:])


def under_way_until(workflow: Workflow, number: int) -> int:
    """Return until when (ms) the request of step `number` may be under way, and its claim be released. Otherwise 0."""
    step = workflow.steps[number]
    undecided = workflow.running and step.outcome is None and not step.statuses
    return wait_began(step) if undecided and step.phase == "claimed" else 0


def waiting(workflow: Workflow, number: int, turn: Turn, until: int, now: int) -> Workflow | None:
    """Record that step `number` waits for this turn. Returns None if it need not: see `may_begin`, or it waits already.

    The step before stays open: until the claim a status can still decide it. `until`: when the step is given up (ms);
    the workflow is not overdue before.
    """
    if not may_begin(workflow, number) or workflow.steps[number].waiting_since is not None:
        return None
    workflow = workflow.with_step(number, waiting_since=now, turn_at=turn.at, turn_shift=turn.shift)
    workflow = workflow.with_entry(now, "waiting", step=number)
    return replace(workflow, due_at=until + overdue.SLACK * 1000)


def released(workflow: Workflow, number: int, claimed: Step, reason: str, until: int, now: int) -> Workflow | None:
    """Release a claim whose message was certainly not taken, so that it is claimed and sent again.

    `claimed` is the step as its sender claimed it: no other claim is released. The step's turn has come, and stays.
    `until` is that of `waiting`. Returns None if the message is no longer wanted, if a status proves that it was taken
    despite the answer, or if the claim is so old that its execution may have gone on.
    """
    step = workflow.steps[number]
    # otherwise no sender waits for the claim
    held = step.phase == "claimed" and same_claim(step, claimed) and now < wait_began(step)
    if not held or not workflow.running or step.outcome is not None or step.statuses:
        return None
    workflow = workflow.with_step(
        number,
        phase="pending",
        claimed_at=None,
        waiting_since=step.waiting_since or now,
        releases=step.releases + 1,
        turn_at=step.turn_at or now,
    )
    if step.releases < MOST_POSTPONED:
        workflow = workflow.with_entry(now, "postponed", step=number, reason=reason)
    return replace(workflow, due_at=until + overdue.SLACK * 1000)


def same_claim(one: Step, other: Step) -> bool:
    """Return True if no claim was released between these two states of a step."""
    return (one.claimed_at, one.releases) == (other.claimed_at, other.releases)


def given_up(workflow: Workflow, number: int, patience: int, now: int) -> Workflow | None:
    """Close step `number` without sending it, since it has waited for `patience` seconds. Returns None as `claimed`.

    Raises TooEarly and LookupError as `claimed`.
    """
    if not may_begin(workflow, number):
        return None
    why = reasons.of_patience(workflow.timeline, number, patience)
    workflow = _with_earlier_closed(workflow, number, now).with_step(number, phase="unsent")
    return _due(closing.closed(workflow, number, "unsendable", now, why), now)


def _with_earlier_closed(workflow: Workflow, number: int, now: int) -> Workflow:
    """Close the steps before `number` that are still open: they have expired. Raises TooEarly if one has not."""
    before = workflow
    for earlier, step in enumerate(before.steps[:number]):
        if step.outcome is None:
            if (remaining := open_until(before, earlier) - now) > 0:
                raise TooEarly(remaining)
            workflow = closing.closed(workflow, earlier, _outcome_without_status(step), now)
    return workflow


def answered(workflow: Workflow, number: int, answer: Answer, now: int) -> Workflow:
    """Record the result of the send of step `number`.

    Merges with what has happened since the claim, and never lowers it: a status may have overtaken the answer.
    """
    step = workflow.steps[number]
    if step.statuses and not isinstance(answer, Accepted):
        answer = Unknown(answer.reason)  # a status proves that the message was accepted
    match answer:
        case Accepted(message_uuid):
            workflow = workflow.with_step(
                number, phase="sent", message_uuid=step.message_uuid or message_uuid, answered_at=now
            )
            workflow = workflow.with_entry(now, "sent", step=number, message_uuid=message_uuid)
        case Refused(reason=reason) | NotTaken(reason=reason):
            outcome = "refused" if isinstance(answer, Refused) else "unsendable"
            workflow = workflow.with_step(number, phase="unsent", answered_at=now)
            workflow = workflow.with_entry(now, "unsent", step=number, reason=f"{outcome}: {reason}")
            if workflow.running and step.outcome is None:
                workflow = closing.closed(workflow, number, outcome, now, reason)
        case Unknown(reason):
            workflow = workflow.with_step(number, phase="unknown", answered_at=now)
            workflow = workflow.with_entry(now, "unknown", step=number, reason=reason)
    return _due(workflow, now)


def received(workflow: Workflow, number: int, receipt: Receipt, now: int) -> Workflow | None:
    """Record a status of step `number`'s message. Returns None if it reports nothing new, or the step was never sent.

    An unknown word proves that the message was accepted, and decides nothing else. So does any status of a message
    whose claim was released: the answer was wrong, and the message is not requested again. Raises StatusesFull.
    """
    if not workflow.steps[number].begun and workflow.steps[number].releases:
        workflow = workflow.with_step(number, phase="unknown", claimed_at=now, answered_at=now)
    step = workflow.steps[number]
    late = step.outcome is not None or not workflow.running
    entry = status_entries.new_entry(workflow, number, receipt, late) if step.begun else None
    if entry is None:
        return None
    before, status = workflow, risen(step.status, receipt.status)
    workflow = workflow.with_step(
        number,
        status=status,
        statuses=step.statuses if receipt.status in step.statuses else (*step.statuses, receipt.status),
        message_uuid=step.message_uuid or receipt.message_uuid,
    )
    learned = {"message_uuid": receipt.message_uuid} if receipt.message_uuid and not step.message_uuid else {}
    workflow = workflow.with_entry(now, "status", step=number, **learned, **entry)
    if not workflow.running:
        if workflow.status == "error":
            workflow = replace(workflow, reason=reasons.of_workflow(workflow.timeline) or workflow.reason)
        return _due(closing.amended(before, workflow, now), now)
    if status in FAILURES and step.outcome is None:
        workflow = closing.closed(workflow, number, status, now, reasons.of_error(receipt.error))
    elif status != step.status and meets(status, step.condition_status or FINAL_CONDITION) and _can_still_succeed(step):
        workflow = workflow.with_step(number, outcome="met")
        workflow = closing.ended(workflow, "completed", now, step=number)
    return _due(workflow, now)


def cancelled(workflow: Workflow, now: int) -> Workflow | None:
    """End the workflow, so that no further step is sent. Returns None if it is over."""
    return _due(closing.ended(workflow, "cancelled", now), now) if workflow.running else None


def advanced(workflow: Workflow, number: int, now: int) -> Workflow:
    """Close step `number` before its expiry, so that the next one is sent now. Raises CannotAdvance.

    Only the step that waits now can be closed: a repeat, or a request that another change overtook, closes no other.
    Raises LookupError if there is no such step.
    """
    if not 0 <= number < len(workflow.steps):
        raise LookupError("the workflow has no such step")
    _check_that_it_waits(workflow, number, now)
    waited = max(now - wait_began(workflow.steps[number]), 0) // 1000
    return _due(closing.closed(workflow, number, ADVANCED, now, f"after {waited} s"), now)


def _check_that_it_waits(workflow: Workflow, number: int, now: int) -> None:
    """Raise CannotAdvance unless step `number` waits for its condition and another step follows it."""
    step = workflow.steps[number]
    if not workflow.running:
        raise CannotAdvance(f"This workflow is over: {workflow.status}.", workflow.status)
    if publication.restored(workflow):
        raise CannotAdvance("Nothing more is sent for this workflow: it was restored from a backup.", step.state)
    if step.outcome is not None or any(later.begun for later in workflow.steps[number + 1 :]):
        raise CannotAdvance(f"Step {number} is over: {step.state}.", step.state)
    if workflow.is_last(number):
        raise CannotAdvance(f"Step {number} is the last one: no step follows it.", step.state)
    if not step.begun:
        raise CannotAdvance(f"Step {number} has not begun.", step.state)
    if step.answered_at is None and now < wait_began(step):
        raise CannotAdvance(f"Step {number} is being sent: its wait has not begun.", step.state)


def unconfirmed(workflow: Workflow, now: int) -> Workflow | None:
    """End a workflow whose last step was not decided within the receipt window. Returns None if that does not apply."""
    silent_until = overdue.unconfirmed_at(workflow)
    if not workflow.running or silent_until is None or now < silent_until:
        return None
    return _due(closing.closed(workflow, len(workflow.steps) - 1, "unconfirmed", now), now)


def repair_begun(workflow: Workflow, now: int) -> Workflow | None:
    """Begin to repair an overdue workflow. Returns None if it is not overdue (another run began first).

    If the repair fails or crashes, the workflow is due again RETRY seconds later, after all that are overdue now.
    """
    if workflow.due_at is None or workflow.due_at > now:
        return None
    return replace(workflow, due_at=now + overdue.RETRY * 1000)


def repair_done(workflow: Workflow, now: int) -> Workflow | None:
    """Postpone a workflow that was repaired, or needed no repair.

    Returns None if the workflow is over, or if another transition has already made it due later.
    """
    later = overdue.due_after_repair(workflow, now)
    if not workflow.running or workflow.due_at is None or workflow.due_at >= later:
        return None
    return replace(workflow, due_at=later)


def published(workflow: Workflow, sequence: int) -> Workflow | None:
    """Record that every webhook up to `sequence` is queued. Returns None if the workflow runs, or that is recorded.

    While it runs nothing is recorded: one write at the end replaces one for each webhook.
    """
    if workflow.running or sequence <= workflow.published:
        return None
    after = replace(workflow, published=sequence)
    return after if publication.unpublished(after) else replace(after, due_at=None)


def resumed(workflow: Workflow, attempt: int, now: int) -> Workflow | None:
    """Prepare the next execution of a workflow whose execution `attempt` has ended. Returns None if it needs none.

    It needs none if it is over or was resumed already, or once the last step is claimed: the send may still be running,
    and no step remains to resume. After MOST_ATTEMPTS the workflow ends in error, because the next would die as well.
    """
    if not workflow.running or workflow.attempt != attempt or workflow.steps[-1].begun:
        return None
    if attempt < MOST_ATTEMPTS:
        return replace(workflow, attempt=attempt + 1, task_token=None)
    workflow = replace(workflow, task_token=None)  # its race has ended with the execution
    return _due(closing.closed(workflow, len(workflow.steps) - 1, "unsendable", now), now)


def _can_still_succeed(step: Step) -> bool:
    return step.outcome is None or step.outcome in _REVERSIBLE


def _outcome_without_status(step: Step) -> str:
    """The outcome of a step that is still open when the next one is claimed."""
    return "expired" if step.begun else "unsendable"


def _due(workflow: Workflow, now: int) -> Workflow:
    return replace(workflow, due_at=overdue.due_at(workflow, now))
