"""Accept a workflow: validate all of it, store all of it, start it."""

import uuid
from dataclasses import asdict, dataclass

from failover import problems
from failover.adapters import aws
from failover.adapters.workflow.store import KeyInUse, KeyUsed, Once
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.formats.faults import Fault
from failover.rules.requests import idempotency
from failover.rules.requests.request import InvalidRequest, Request, validated
from failover.rules.workflow import overdue, retention, transitions
from failover.rules.workflow.state import Step, Workflow
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests import body


@dataclass(frozen=True)
class Posted:
    """A request as it came."""

    raw: bytes
    """Its body."""
    key: str | None = None
    """Its Idempotency-Key."""
    faults: tuple[Fault, ...] = ()
    """What is wrong with it besides its body."""


@dataclass(frozen=True)
class Acceptance:
    workflow_id: str
    word: str
    """`workflow` or `dispatch`."""
    replayed: bool = False
    """The request had been accepted before, under the same Idempotency-Key."""


def accept(outside: Outside, caller: Caller, posted: Posted, word: str, base_url: str) -> Acceptance:
    """The new workflow, or the one an earlier request with the same Idempotency-Key made.

    Raises Problem (400, 409, 413, 503) before anything is written. Once it is stored it has been accepted: should the
    state machine not start at once, the workflow stays in the index `due`, and `reconcile` starts it.
    """
    asked = requested(outside, posted)
    digest = idempotency.digest(asdict(asked))
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
        logger.error("stored but not started", error=str(error))
        count("WorkflowsNotStarted")
    logger.info("workflow accepted", steps=[step.channel for step in workflow.steps])
    return Acceptance(workflow.id, word)


def requested(outside: Outside, posted: Posted) -> Request:
    """What a request asks for. Raises Problem (400 with all of its faults, 413)."""
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
    """Store it, or raise `aws.Unavailable` knowing that it was not stored, as far as that can be known."""
    attempt, began = 1, outside.now()
    while True:
        try:
            return outside.store.create(workflow, asked.steps, outside.settings.content_retention, once)
        except KeyInUse:
            pause = idempotency.pause_for_twin(attempt, (outside.now() - began) / 1000, outside.jitter())
            if pause is None:
                raise
            outside.sleep(pause)
            attempt += 1
        except aws.Unavailable:
            if aws.insistently(lambda: outside.store.read(workflow.id), outside.sleep) is None:
                raise
            return None


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
