"""Accept a workflow: validate all of it, store all of it, start it."""

import uuid
from typing import Any

from failover import problems
from failover.adapters import aws
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules import due, transitions
from failover.rules.request import InvalidRequest, validated
from failover.rules.workflow import Step, Workflow
from failover.use_cases import body
from failover.use_cases.authenticate import Caller


def accept(outside: Outside, caller: Caller, raw: bytes, word: str, base_url: str) -> str:
    """The id of the new workflow. Raises Problem (400, 413, 503) before anything is written.

    Once it is stored it has been accepted: should the state machine not start at once, the workflow stays in the
    index `due` for whoever starts what was left behind.
    """
    content = _content(raw, outside.settings.messages_version)
    workflow = _workflow(outside, caller, content, word, base_url)
    logger.append_keys(workflow_id=workflow.id)
    life = due.longest_life(workflow.steps, workflow.receipt_window)
    kept_until = due.forgotten_at(workflow.created_at, life + outside.settings.content_retention)
    _store(outside, workflow, content, kept_until)
    count("WorkflowsCreated")
    try:
        outside.executions.start(workflow)
    except (aws.Unavailable, RuntimeError) as error:
        logger.error("stored but not started", error=str(error))
        count("WorkflowsNotStarted")
    logger.info("workflow accepted", steps=[step.channel for step in workflow.steps])
    return workflow.id


def _store(outside: Outside, workflow: Workflow, content: list[dict[str, Any]], kept_until: int) -> None:
    """Store it, or raise `aws.Unavailable` knowing that it was not stored, as far as that can be known."""
    try:
        outside.store.create(workflow, content, kept_until)
    except aws.Unavailable:
        if outside.store.read(workflow.id) is None:
            raise


def _content(raw: bytes, version: str) -> list[dict[str, Any]]:
    body.check_size(raw)
    try:
        return validated(body.parsed(raw), version)
    except InvalidRequest as error:
        raise problems.invalid_parameters(error.faults) from None


def _workflow(outside: Outside, caller: Caller, content: list[dict[str, Any]], word: str, base_url: str) -> Workflow:
    settings = outside.settings
    return transitions.accepted(
        Workflow(
            id=str(uuid.uuid4()),
            account=caller.account,
            application=caller.application,
            word=word,
            base_url=base_url,
            created_at=outside.now(),
            receipt_window=settings.receipt_window,
            record_retention=settings.record_retention,
            steps=tuple(
                Step(
                    channel=step["to"]["type"],
                    condition_status=step.get("failover", {}).get("condition_status"),
                    expiry_time=step.get("failover", {}).get("expiry_time"),
                )
                for step in content
            ),
        )
    )
