"""Send one step: claim it, send the request to the Messages API, record the answer.

A process that dies after the claim is not followed by a second request: a status or the expiry decides the step.
"""

from dataclasses import replace
from typing import Any

from failover.adapters.sending.messages import Request
from failover.adapters.workflow.store import Pointer
from failover.errors import Failure
from failover.observability import count, count_none, logger
from failover.outside import Outside
from failover.rules.receipts.redaction import private_phrases, redacted
from failover.rules.sending import backoff, outgoing
from failover.rules.sending.answers import Accepted, Answer, NotTaken, Refused, Unknown
from failover.rules.sending.client_ref import client_ref
from failover.rules.workflow import retention, transitions
from failover.rules.workflow.itinerary import InvalidInput
from failover.rules.workflow.state import Workflow
from failover.use_cases.workflow.transition import Decision, transition_without_signal

_LONGEST_WAIT = 60.0
"""Seconds a send waits for the step before to expire, since the state machine's retries are too few for that."""

_LOOK_AGAIN = 5.0
"""Seconds between two looks whether it still has to wait."""

_ID_REUSED = Unknown("the answer named another message's id")
"""A proxy may have repeated an earlier answer, so this message may never have been sent."""


def send(outside: Outside, channel: str, workflow_id: str, number: int) -> None:
    """Send step `number`, or do nothing if it must not be sent. Raises before its claim or after its answer only.

    Raises InvalidInput if the workflow does not exist, or has no such step on this channel.
    """
    found = outside.store.read_whole(workflow_id)
    if found is None:
        raise InvalidInput("workflow")
    workflow, content = found
    if not 0 <= number < len(workflow.steps) or workflow.steps[number].channel != channel:
        raise InvalidInput("step")
    if not workflow.running:
        _not_sent(number)  # and its content may be gone
        return
    if content is None:
        raise LookupError("the content of this workflow has been dropped")
    request = outside.messages(workflow.base_url).prepare(_body(outside, workflow, number, content[number]))

    claimed = _claim(outside, workflow, number)
    if claimed is None:
        _not_sent(number)
        return
    answer = _asked(outside, request, claimed, number)  # nothing that can fail may stand between claim and request
    _record(outside, claimed, number, _unquoted(answer, content[number]))
    _count_failover(claimed, number)


def _not_sent(number: int) -> None:
    logger.info("send skipped: workflow over, or this step or a later one claimed", step=number)


def _claim(outside: Outside, workflow: Workflow, number: int) -> Workflow | None:
    """The workflow with step `number` claimed, or None. Waits a little if the step before has time left.

    The step before has time left if Step Functions' clock is ahead of ours, or if that step's send died. A status may
    decide it meanwhile.
    """
    waited = 0.0
    while True:
        try:
            claim = transition_without_signal(
                outside.store, workflow, lambda current: transitions.claimed(current, number, outside.now())
            )
        except transitions.TooEarly as early:
            seconds = early.milliseconds / 1000
            if waited == 0:
                count("ClaimsTooEarly")
                logger.warning("claim too early, waiting", step=number, seconds=seconds)
            if waited + seconds > _LONGEST_WAIT:
                raise
            pause = min(seconds, _LOOK_AGAIN)
            outside.sleep(pause)
            waited += pause
            workflow = outside.store.read(workflow.id) or workflow
        else:
            return claim.after if claim else None


def _asked(outside: Outside, request: Request, claimed: Workflow, number: int) -> Answer:
    """Send requests until an answer is final. Before each retry, check whether the message is still wanted.

    The budget counts from the claim, as `backoff.longest_send` does. If the claim took so long that the step might
    expire meanwhile, no request is sent.
    """
    step = claimed.steps[number]
    budget = backoff.budget(step.expiry_time)

    def elapsed() -> float:
        return (outside.now() - (step.claimed_at or 0)) / 1000

    answer: Answer = NotTaken("its claim took too long")
    attempt = 1
    while elapsed() <= budget and isinstance(answer := request.send(), NotTaken):
        pause = backoff.pause(attempt, answer.retry_after, elapsed(), budget, outside.jitter())
        if pause is None:
            break
        logger.warning("send will be retried", step=number, reason=answer.reason, seconds=round(pause, 2))
        outside.sleep(pause)
        attempt += 1
        if not _still_wanted(outside, claimed.id, number):
            break
    return answer


def _still_wanted(outside: Outside, workflow_id: str, number: int) -> bool:
    try:
        current = outside.store.read(workflow_id)
    except Failure:
        return False  # without knowing, a retry could send twice
    return current is not None and transitions.still_wanted(current, number)


def _record(outside: Outside, claimed: Workflow, number: int, answer: Answer) -> None:
    pointer = None
    if isinstance(answer, Accepted):
        pointer = Pointer(answer.message_uuid, number, retention.pointers_expire_at(claimed, outside.now()))

    def answered(answer: Answer) -> Decision:
        return lambda current: transitions.answered(current, number, answer, outside.now())

    change = transition_without_signal(outside.store, claimed, answered(answer), pointer, answered(_ID_REUSED))
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
    """Count the failover that came with this claim."""
    if number == 0:
        return
    left = claimed.steps[number - 1]
    count("StepsFailedOver", channel=left.channel, reason=left.outcome or "")
    logger.info("failed over", step=number - 1, outcome=left.outcome)
