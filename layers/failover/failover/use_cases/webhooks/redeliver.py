"""Send webhooks again: one of a workflow, or the failed ones of an account."""

from dataclasses import replace
from typing import Any

from failover import problems
from failover.adapters.webhooks.deliveries import Known
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.requests import redelivery
from failover.rules.webhooks import delivery, failed
from failover.rules.webhooks.delivery import Task
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests import body
from failover.use_cases.requests.show import find, rows
from failover.use_cases.webhooks.follow_webhooks import find_webhook


def redeliver(outside: Outside, caller: Caller, workflow_id: str, sequence: str) -> dict[str, Any]:
    """Queue one more attempt, which begins a new series, unless one is being made. Raises Problem.

    404, or 409 where there is nothing to send.
    """
    workflow, _ = find(outside, caller, workflow_id)
    entry = find_webhook(workflow, sequence)
    task = Task(workflow.id, workflow.account, workflow.application, entry["sequence"])
    known = _sendable(outside, task)
    if delivery.under_way(known.claimed_at, outside.now()):
        return {"sequence": task.sequence, "attempt": known.last_attempt}
    task = replace(task, attempt=known.last_attempt + 1)
    outside.webhook_queue.add(task, seconds=0)
    count("WebhooksRedelivered")
    logger.info("webhook sent again", workflow_id=workflow.id, sequence=task.sequence, attempt=task.attempt)
    return {"sequence": task.sequence, "attempt": task.attempt}


def redeliver_failed(outside: Outside, caller: Caller, raw: bytes) -> dict[str, Any]:
    """Do the same for webhooks that failed in a span, at most MOST_AT_ONCE. Raises Problem (400, 413).

    Newest first: a webhook that fails again meanwhile is the newest then, and on no later page. The index is a moment
    behind, so each webhook is read; one that is not failed any more is not sent.
    """
    span = body.validated(raw, redelivery.validated)
    page = outside.failed_webhooks.page(caller.account, span)
    queued: list[Task] = []
    under_way = skipped = 0
    for task in rows(page.items, failed.task):
        try:
            known = _sendable(outside, task)
        except problems.Problem:
            skipped += 1
            continue
        if known.state != failed.STATE:
            continue
        if delivery.under_way(known.claimed_at, outside.now()):
            under_way += 1
        else:
            queued.append(replace(task, attempt=known.last_attempt + 1))
    outside.webhook_queue.add_all(queued)
    for _ in queued:
        count("WebhooksRedelivered")
    logger.info("failed webhooks sent again", redelivered=len(queued), skipped=skipped)
    return {"redelivered": len(queued) + under_way, "skipped": skipped, **failed.following(page)}


def _sendable(outside: Outside, task: Task) -> Known:
    """A webhook as it is now. Raises Problem (409) if it cannot be sent again."""
    known = outside.deliveries.known(task)
    if known is None or known.url is None:
        raise problems.Problem(problems.CONFLICT, "There is no URL to send this webhook to.")
    if known.last_attempt >= delivery.MOST_ATTEMPTS:
        raise problems.Problem(problems.CONFLICT, f"{delivery.MOST_ATTEMPTS} attempts have been made.")
    return known
