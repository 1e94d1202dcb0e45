"""Accept a workflow: validate all of it, store all of it, start it."""

import uuid
from dataclasses import asdict, dataclass

from failover import problems
from failover.adapters import aws
from failover.adapters.workflow.store import KeyInUse, KeyUsed, Once
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.formats.faults import Fault, InvalidRequest
from failover.rules.requests import idempotency
from failover.rules.requests.request import Request, validated
from failover.rules.workflow import overdue, retention, transitions
from failover.rules.workflow.state import Step, Workflow
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests import body, limits
from failover.use_cases.workflow.recipients import hashed


@dataclass(frozen=True)
class Posted:
    """A request as posted."""

    raw: bytes
    """The body."""
    key: str | None = None
    """The Idempotency-Key."""
    faults: tuple[Fault, ...] = ()
    """Faults found outside of the body."""


@dataclass(frozen=True)
class Acceptance:
    workflow_id: str
    word: str
    """`workflow` or `dispatch`."""
    replayed: bool = False
    """An earlier request with the same Idempotency-Key was accepted."""


def accept(outside: Outside, caller: Caller, posted: Posted, word: str, base_url: str) -> Acceptance:
    """Store and start a new workflow, or return that of an earlier request with the same Idempotency-Key.

    Raises Problem (400, 409, 413, 429, 503) before anything is stored. A stored workflow is accepted: if the state
    machine cannot be started, as when Step Functions takes no more starts, `start_workflows` starts it.
    """
    asked = requested(outside, posted)
    digest = idempotency.digest(asdict(asked))
    if not limits.may_create(outside, caller):
        return _accepted_before(outside, caller, posted.key, digest)
    workflow = _workflow(outside, caller, asked, word, base_url)
    try:
        _store(outside, workflow, asked, _once(workflow, posted.key, digest))
    except KeyUsed as used:
        return _replayed(used.first, digest)
    logger.append_keys(workflow_id=workflow.id)
    count("WorkflowsCreated")
    try:
        outside.executions.start(workflow, outside.now())
    except (aws.Unavailable, aws.AwsError) as error:
        logger.error("workflow stored but not started", error=str(error))
        count("WorkflowsNotStarted")
    logger.info("workflow accepted", steps=[step.channel for step in workflow.steps])
    return Acceptance(workflow.id, word)


def requested(outside: Outside, posted: Posted) -> Request:
    """The validated request. Raises Problem (400 with all faults, 413)."""
    body.check_size(posted.raw)
    parsed = body.parsed(posted.raw)
    settings = outside.settings
    try:
        request = validated(parsed, settings.messages_version, loopback=settings.loopback_webhooks)
    except InvalidRequest as error:
        raise problems.invalid_parameters([*posted.faults, *error.faults]) from None
    if posted.faults:
        raise problems.invalid_parameters([*posted.faults])
    return request


def _once(workflow: Workflow, key: str | None, digest: str) -> Once | None:
    if key is None:
        return None
    return Once(
        key=idempotency.table_key(workflow.account, key),
        request=digest,
        workflow_id=workflow.id,
        word=workflow.word,
        expires_at=retention.forgotten_at(workflow.created_at, idempotency.KEPT_SECONDS),
    )


def _store(outside: Outside, workflow: Workflow, asked: Request, once: Once | None) -> None:
    """Store a workflow. Raises `aws.Unavailable` only if it was not stored, as far as that can be known."""
    attempt, began, recipients = 1, outside.now(), hashed(outside, asked.steps)
    while True:
        try:
            return outside.store.create(workflow, asked.steps, outside.settings.content_retention, once, recipients)
        except KeyInUse:
            pause = idempotency.pause_for_duplicate(attempt, (outside.now() - began) / 1000, outside.jitter())
            if pause is None:
                raise
            outside.sleep(pause)
            attempt += 1
        except aws.Unavailable:
            if aws.insistently(lambda: outside.store.read(workflow.id), outside.sleep) is None:
                raise
            return None


def _accepted_before(outside: Outside, caller: Caller, key: str | None, digest: str) -> Acceptance:
    """Answer a request over the account's limit: only one that repeats an accepted one. Raises Problem (409, 429).

    Such a client may have lost the first answer, and would otherwise send its requests again and again.
    """
    first = outside.store.find_once(idempotency.table_key(caller.account, key)) if key is not None else None
    if first is None:
        raise limits.too_many_workflows(outside, caller)
    return _replayed(first, digest)


def _replayed(first: Once, digest: str) -> Acceptance:
    if first.request != digest:
        raise problems.Problem(problems.CONFLICT, "This Idempotency-Key was used with another request.")
    count("RequestsReplayed")
    logger.append_keys(workflow_id=first.workflow_id)
    logger.info("request replayed")
    return Acceptance(first.workflow_id, first.word, replayed=True)


def _workflow(outside: Outside, caller: Caller, asked: Request, word: str, base_url: str) -> Workflow:
    settings = outside.settings
    return transitions.accepted(
        Workflow(
            id=str(uuid.uuid4()),
            account=caller.account,
            application=caller.application,
            client_ref=asked.client_ref,
            webhook_url=asked.webhook_url,
            word=word,
            base_url=base_url,
            table_id=outside.here.id if outside.here else None,
            created_at=outside.now(),
            receipt_window=overdue.receipt_window(asked.steps[-1]["to"]["type"], settings.receipt_window),
            record_retention=settings.record_retention,
            steps=tuple(
                Step(
                    channel=step["to"]["type"],
                    condition_status=step.get("failover", {}).get("condition_status"),
                    expiry_time=step.get("failover", {}).get("expiry_time"),
                )
                for step in asked.steps
            ),
        )
    )
