"""Everything that can happen to a workflow: each a pure decision from one state to the next.

Whoever calls these reads the state, decides, and writes on condition that nobody else has written since
(`adapters.workflow.store`); the one whose write is refused reads and decides again. So of two that happen at the same
instant one comes first, and the other decides knowing it.
"""

from dataclasses import replace
from typing import Any

from failover.errors import Temporary
from failover.rules.channels.statuses import FAILURES, meets, reached, risen
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending import backoff
from failover.rules.sending.answers import Accepted, Answer, NotTaken, Refused, Unknown
from failover.rules.workflow import overdue, publication, reasons, retention, status_entries
from failover.rules.workflow.costs import costs
from failover.rules.workflow.state import MOST_ATTEMPTS, Step, Workflow

FINAL_CONDITION = "delivered"
"""What the last step waits for: it has no condition of its own (contract, section 0, "Last step")."""

_REVERSIBLE = frozenset({"expired", "refused", "unsendable"})
"""Closed without a status, which a late success proves wrong; a status that was a failure stays one."""


class TooEarly(Temporary):
    """The step before is still open and has `milliseconds` left: whoever asks is ahead of the timer."""

    def __init__(self, milliseconds: int) -> None:
        super().__init__("the step before has time left")
        self.milliseconds = milliseconds


def accepted(workflow: Workflow) -> Workflow:
    """The first entry of a new workflow's timeline."""
    return _due(_noted(workflow, workflow.created_at, "accepted"), workflow.created_at)


def claimed(workflow: Workflow, number: int, now: int) -> Workflow | None:
    """Step `number` is about to be sent, which closes the step before it; None: it must not be sent.

    It must not when the workflow is over, when it has been claimed already (by a twin, or by this send before it
    crashed), or when a later step is on its way. A step before it that is still open has expired, now.
    Raises TooEarly if that step's time is not up, whether or not it was ever claimed: the timer is the state machine's,
    but no mistake there may send. Raises LookupError if there is no such step.
    """
    known, steps = workflow, workflow.steps
    if not 0 <= number < len(steps):
        raise LookupError("the workflow has no such step")
    if not workflow.running or any(step.phase != "pending" for step in steps[number:]):
        return None
    for earlier in range(number):
        if steps[earlier].outcome is None:
            if (left := _time_is_up_at(known, earlier) - now) > 0:
                raise TooEarly(left)
            workflow = _closed(workflow, earlier, _silent_end(steps[earlier]), now)
    workflow = _with_step(workflow, number, phase="claimed", claimed_at=now)
    workflow = _noted(workflow, now, "sending", step=number)
    return _due(replace(workflow, task_token=None), now)


def still_wanted(workflow: Workflow, number: int) -> bool:
    """Asking once more for step `number`, which was not taken so far, still makes sense.

    A status of its message proves that it was taken, whatever the answer said.
    """
    step = workflow.steps[number]
    return workflow.running and step.outcome is None and not step.statuses


def answered(workflow: Workflow, number: int, answer: Answer, now: int) -> Workflow:
    """The Messages API has answered the send of step `number`, or failed to.

    Merges with whatever has happened since the claim and never lowers it: a status may have overtaken the answer.
    """
    step = workflow.steps[number]
    if step.statuses and not isinstance(answer, Accepted):
        answer = Unknown(answer.reason)  # a status of its message is proof that it was taken
    match answer:
        case Accepted(message_uuid):
            workflow = _with_step(
                workflow, number, phase="sent", message_uuid=step.message_uuid or message_uuid, answered_at=now
            )
            workflow = _noted(workflow, now, "sent", step=number, message_uuid=message_uuid)
        case Refused(reason=reason) | NotTaken(reason=reason):
            outcome = "refused" if isinstance(answer, Refused) else "unsendable"
            workflow = _with_step(workflow, number, phase="unsent", answered_at=now)
            workflow = _noted(workflow, now, "unsent", step=number, reason=f"{outcome}: {reason}")
            if workflow.running and step.outcome is None:
                workflow = _closed(workflow, number, outcome, now, reason)
        case Unknown(reason):
            workflow = _with_step(workflow, number, phase="unknown", answered_at=now)
            workflow = _noted(workflow, now, "unknown", step=number, reason=reason)
    return _due(workflow, now)


def received(workflow: Workflow, number: int, receipt: Receipt, now: int) -> Workflow | None:
    """A status has come for step `number`; None: all of it was known already, or the step was never sent.

    A word that is unknown to us proves that the message was taken, and decides nothing else. Raises StatusesFull.
    """
    step = workflow.steps[number]
    late = step.outcome is not None or not workflow.running
    entry = None if step.phase == "pending" else status_entries.new_entry(workflow, number, receipt, late)
    if entry is None:
        return None
    known, before, after = workflow, step.status, risen(step.status, receipt.status)
    workflow = _with_step(
        workflow,
        number,
        status=after,
        statuses=step.statuses if receipt.status in step.statuses else (*step.statuses, receipt.status),
        message_uuid=step.message_uuid or receipt.message_uuid,
    )
    learned = {"message_uuid": receipt.message_uuid} if receipt.message_uuid and not step.message_uuid else {}
    workflow = _noted(workflow, now, "status", step=number, **learned, **entry)
    if not workflow.running:
        if workflow.status == "error":
            workflow = replace(workflow, reason=reasons.of_the_end(workflow.timeline) or workflow.reason)
        return _due(_amended(known, workflow, now), now)
    if after in FAILURES and step.outcome is None:
        workflow = _closed(workflow, number, after, now, reasons.error(receipt.error))
    elif after != before and meets(after, step.condition_status or FINAL_CONDITION) and _can_still_succeed(step):
        workflow = _with_step(workflow, number, outcome="met")
        workflow = _ended(workflow, "completed", now, step=number)
    return _due(workflow, now)


def cancelled(workflow: Workflow, now: int) -> Workflow | None:
    """The customer wants no further step sent; None: the workflow is over."""
    return _due(_ended(workflow, "cancelled", now), now) if workflow.running else None


def unconfirmed(workflow: Workflow, now: int) -> Workflow | None:
    """The last step was claimed, and no receipt has come within the window; None: that is not so."""
    silent_until = overdue.unconfirmed_at(workflow)
    if not workflow.running or silent_until is None or now < silent_until:
        return None
    return _due(_closed(workflow, len(workflow.steps) - 1, "unconfirmed", now), now)


def repair_begun(workflow: Workflow, now: int) -> Workflow | None:
    """`reconcile` begins to repair an overdue workflow. Returns None if it is not overdue (another run began first).

    If the repair fails or crashes, the workflow is due again RETRY seconds later, behind all that are overdue now.
    """
    if workflow.due_at is None or workflow.due_at > now:
        return None
    return replace(workflow, due_at=now + overdue.RETRY * 1000)


def repair_done(workflow: Workflow, now: int) -> Workflow | None:
    """`reconcile` has repaired a workflow, or found that it needs none.

    Returns None if the workflow is over, or if another transition has already made it due later.
    """
    later = overdue.due_after_repair(workflow, now)
    if not workflow.running or workflow.due_at is None or workflow.due_at >= later:
        return None
    return replace(workflow, due_at=later)


def published(workflow: Workflow, sequence: int) -> Workflow | None:
    """Every webhook up to `sequence` has been queued; None: the workflow still runs, or that was known.

    While it runs nothing is written down: that would be a write for each webhook, where one at the end will do.
    """
    if workflow.running or sequence <= workflow.published:
        return None
    known = replace(workflow, published=sequence)
    return known if publication.unpublished(known) else replace(known, due_at=None)


def resumed(workflow: Workflow, attempt: int, now: int) -> Workflow | None:
    """The execution `attempt` has ended, and the workflow has not: another one is to go on; None: that is not so.

    It is not so either once the last step is claimed: a send may outlive its execution, and then nothing is left to
    go on with. After MOST_ATTEMPTS the workflow ends in error instead: what kills its executions will kill the next.
    """
    if not workflow.running or workflow.attempt != attempt or workflow.steps[-1].phase != "pending":
        return None
    if attempt < MOST_ATTEMPTS:
        return replace(workflow, attempt=attempt + 1, task_token=None)
    ended = replace(workflow, task_token=None)  # its race has ended with the execution
    return _due(_closed(ended, len(workflow.steps) - 1, "unsendable", now), now)


def expires_at(step: Step) -> int:
    """When the step's time is up (ms): counted from its answer; without one, from the latest it could still have.

    A claim without an answer is a send that died, or one that outlives the call it was made with. 0: never claimed.
    """
    if step.claimed_at is None:
        return 0
    answered_at = step.answered_at or step.claimed_at + int(backoff.longest_send(step.expiry_time) * 1000)
    return answered_at + (step.expiry_time or 0) * 1000


def _time_is_up_at(workflow: Workflow, number: int) -> int:
    """When a step's time is up (ms).

    A step that was never claimed, because its send failed every time, has its whole expiry if it is the first, as its
    race waits so long. A later one has at most SLACK seconds from the end of the step before it: then `reconcile` ends
    its race (`race.lost_signal`), since no message of it is on its way.
    """
    step = workflow.steps[number]
    if step.claimed_at is not None:
        return expires_at(step)
    if number == 0:
        return workflow.created_at + (step.expiry_time or 0) * 1000
    ended = [e["at"] for e in workflow.timeline if e["event"] == "left" and e["step"] == number - 1]
    began = ended[0] if ended else _time_is_up_at(workflow, number - 1)
    return began + min(step.expiry_time or 0, overdue.SLACK) * 1000


def _can_still_succeed(step: Step) -> bool:
    return step.outcome is None or step.outcome in _REVERSIBLE


def _silent_end(step: Step) -> str:
    """What a step comes to that nothing has decided by the time the next one is claimed."""
    return "unsendable" if step.phase == "pending" else "expired"


def _closed(workflow: Workflow, number: int, outcome: str, now: int, detail: str = "") -> Workflow:
    """Step `number` is left without success; if it was the last, the workflow is over."""
    reason = reasons.left(workflow.steps[number], outcome, detail)
    workflow = _with_step(workflow, number, outcome=outcome)
    workflow = _noted(workflow, now, "left", step=number, outcome=outcome, reason=reason)
    return _ended(workflow, "error", now, step=number, reason=reason) if workflow.is_last(number) else workflow


def _ended(workflow: Workflow, status: str, now: int, **told: Any) -> Workflow:
    """The end, with the one entry of the timeline that is the final report."""
    workflow = _noted(workflow, now, status, **told)
    return replace(
        workflow,
        status=status,
        reason=told.get("reason"),
        ended_at=now,
        expires_at=retention.forgotten_at(now, workflow.record_retention),
    )


def _amended(known: Workflow, workflow: Workflow, now: int) -> Workflow:
    """The final report once more, if what came after the end adds cost, or shows that the person was reached twice."""
    twice = _times_reached(workflow) > max(1, _times_reached(known))
    if not twice and costs(known.timeline) == costs(workflow.timeline):
        return workflow
    return _noted(workflow, now, "amended")


def _times_reached(workflow: Workflow) -> int:
    return sum(any(map(reached, step.statuses)) for step in workflow.steps)


def _with_step(workflow: Workflow, number: int, **changes: Any) -> Workflow:
    steps = list(workflow.steps)
    steps[number] = replace(steps[number], **changes)
    return replace(workflow, steps=tuple(steps))


def _noted(workflow: Workflow, now: int, event: str, **told: Any) -> Workflow:
    entry = {"sequence": len(workflow.timeline) + 1, "at": now, "event": event, **told}
    return replace(workflow, timeline=(*workflow.timeline, entry))


def _due(workflow: Workflow, now: int) -> Workflow:
    return replace(workflow, due_at=overdue.due_at(workflow, now))
