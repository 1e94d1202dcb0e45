"""Send one step: claim it, send the request to the Messages API, record the answer.

A process that dies after the claim is not followed by a second request: a status or the expiry decides the step.
"""

from dataclasses import replace
from typing import Any

from failover.adapters.sending.messages import Request
from failover.adapters.workflow.store import Pointer
from failover.observability import count, count_none, logger
from failover.outside import Outside
from failover.rules.pacing.turns import NotYourTurn, PatienceEnded
from failover.rules.receipts.redaction import private_phrases, redacted
from failover.rules.sending import backoff, outgoing
from failover.rules.sending.answers import Accepted, Answer, NotTaken, Refused, Unknown
from failover.rules.sending.client_ref import client_ref
from failover.rules.workflow import origin, retention, transitions
from failover.rules.workflow.itinerary import InvalidInput
from failover.rules.workflow.state import Workflow
from failover.use_cases.sending import turns
from failover.use_cases.workflow.results import count_results
from failover.use_cases.workflow.transition import Decision, mark_restored, transition_without_signal

_LONGEST_WAIT = 60_000
"""Milliseconds that a send waits for the step before to expire. If that takes longer, the state machine is wrong."""

_ID_REUSED = Unknown("the answer named another message's id")
"""A proxy may have repeated an earlier answer, so this message may never have been sent."""


def send(outside: Outside, channel: str, workflow_id: str, number: int) -> None:
    """Send step `number`, or do nothing if it must not be sent.

    Raises NotYourTurn if it has to wait and to be called again; its step is not claimed then. Raises anything else
    before its claim or after its answer only, and InvalidInput if the workflow does not exist, or has no such step on
    this channel.
    """
    found = outside.store.read_whole(workflow_id)
    if found is None:
        raise InvalidInput("workflow")
    workflow, content = found
    if not 0 <= number < len(workflow.steps) or workflow.steps[number].channel != channel:
        raise InvalidInput("step")
    if origin.elsewhere(workflow, outside.here):
        mark_restored(outside, workflow)
        logger.info("send skipped: workflow restored from a backup", step=number)
        return
    if not transitions.may_begin(workflow, number):
        _skip(outside, workflow, number)  # its content may be gone
        return
    if content is None:
        raise LookupError("the content of this workflow has been dropped")
    request = outside.messages(workflow.base_url).prepare(_body(outside, workflow, number, content[number]))

    _check_that_it_is_time(outside, workflow, number)
    try:
        turns.await_turn(outside, workflow, number)
    except PatienceEnded:
        _give_up(outside, workflow, number)
        return
    claim = transition_without_signal(
        outside, workflow, lambda current: transitions.claimed(current, number, outside.now())
    )
    if claim is None:
        _skip(outside, outside.store.read(workflow_id) or workflow, number)
        return
    answer = _asked(outside, request, claim.after, number)  # nothing that can fail may stand between claim and request
    try:
        if isinstance(answer, NotTaken):
            answer = turns.not_taken(outside, claim.after, number, answer)
        _record(outside, claim.after, number, _unquoted(answer, content[number]))
    finally:  # counted last, so that a failure loses neither the answer nor the release
        _count_failover(claim.after, number)


def _skip(outside: Outside, workflow: Workflow, number: int) -> None:
    """Do nothing, since the step must not be sent.

    Raises NotYourTurn if another invocation may be sending it: if it releases its claim, this one sends the step.
    """
    if (until := transitions.under_way_until(workflow, number)) > outside.now():
        raise NotYourTurn(until)
    logger.info("send skipped: workflow over, or this step or a later one claimed", step=number)


def _check_that_it_is_time(outside: Outside, workflow: Workflow, number: int) -> None:
    """Wait if the step before has time left: Step Functions' clock is ahead of ours, or that step's send died.

    A status may decide it meanwhile. Raises NotYourTurn, or TooEarly if it has more time left than these explain.
    """
    try:
        transitions.claimed(workflow, number, outside.now())
    except transitions.TooEarly as early:
        count("ClaimsTooEarly")
        logger.warning("claim too early, waiting", step=number, seconds=early.milliseconds / 1000)
        if early.milliseconds > _LONGEST_WAIT:
            raise
        raise NotYourTurn(outside.now() + early.milliseconds) from None


def _give_up(outside: Outside, workflow: Workflow, number: int) -> None:
    """Leave a step that has waited for its turn for too long."""
    change = transition_without_signal(
        outside,
        workflow,
        lambda current: transitions.given_up(current, number, outside.settings.patience, outside.now()),
    )
    if change is not None:
        channel = workflow.steps[number].channel
        count("PatienceEnded", channel=channel)
        count("StepsSent", channel=channel, answer="nottaken")
        logger.warning("step left: it had no turn", step=number)
        _count_failover(change.after, number)
        count_results(change)


def _asked(outside: Outside, request: Request, claimed: Workflow, number: int) -> Answer:
    """Send the request, unless the claim took so long that the step might expire meanwhile."""
    elapsed = (outside.now() - (claimed.steps[number].claimed_at or 0)) / 1000
    return request.send() if elapsed <= backoff.BEGIN_SECONDS else NotTaken("its claim took too long")


def _record(outside: Outside, claimed: Workflow, number: int, answer: Answer) -> None:
    pointer = None
    if isinstance(answer, Accepted):
        pointer = Pointer(answer.message_uuid, number, retention.pointers_expire_at(claimed, outside.now()))

    def answered(answer: Answer) -> Decision:
        return lambda current: transitions.answered(current, number, answer, outside.now())

    change = transition_without_signal(outside, claimed, answered(answer), pointer, answered(_ID_REUSED))
    if pointer and change and change.after.steps[number].phase == "unknown":
        answer = _ID_REUSED
    result = type(answer).__name__.lower()
    count("StepsSent", channel=claimed.steps[number].channel, answer=result)
    if isinstance(answer, Accepted):
        count("MessagesAccepted")
        count_none("GenuineReceipts")  # the alarm `receipts-missing` needs it even before the first callback
    if isinstance(answer, Refused) and answer.of_account:
        count("AccountRefused", scope=answer.scope)
    logger.info("step sent", step=number, answer=result, reason=_loggable(answer))
    if change is not None:
        count_results(change)


def _unquoted(answer: Answer, step: dict[str, Any]) -> Answer:
    """The answer without parts of the message, since its words stay in the timeline longer than the message."""
    if isinstance(answer, Refused):
        return replace(answer, text=redacted(answer.text, private_phrases(step)))
    return answer


def _loggable(answer: Answer) -> str | None:
    """The answer in our words, since those of the Messages API may quote the message."""
    match answer:
        case Accepted():
            return None
        case Refused(status):
            return f"HTTP {status}"
        case _:
            return answer.reason


def _body(outside: Outside, workflow: Workflow, number: int, step: dict[str, Any]) -> dict[str, Any]:
    reference = client_ref(workflow.id, number)
    if outside.settings.messages_version == "v0.1":
        return outgoing.v0_1(step, reference)
    return outgoing.v1(step, reference, outgoing.callback_url(workflow.base_url))


def _count_failover(claimed: Workflow, number: int) -> None:
    """Count the failover that came with the first claim of a step."""
    if number == 0 or claimed.steps[number].releases > 0:
        return
    left = claimed.steps[number - 1]
    count("StepsFailedOver", channel=left.channel, reason=left.outcome or "")
    logger.info("failed over", step=number - 1, outcome=left.outcome)
