"""Show what became of a workflow's webhooks, and have one sent again."""

from dataclasses import replace
from typing import Any

from failover import problems
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.timing import instants
from failover.rules.webhooks import delivery
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import publication
from failover.rules.workflow.state import Entry, Workflow
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests.show import find


def show_webhooks(outside: Outside, caller: Caller, workflow_id: str) -> dict[str, Any]:
    """Every webhook with its attempts, in the order of the timeline. Raises Problem (404)."""
    workflow, _ = find(outside, caller, workflow_id)
    recorded = outside.deliveries.of(workflow.id)
    known = outside.deliveries.known(Task(workflow.id, workflow.account, workflow.application, sequence=0))
    untouched = "pending" if known and known.url else "no_url"
    told = publication.webhooks(workflow)
    return {"webhooks": [_shown(entry, recorded.get(entry["sequence"], {}), untouched) for entry in told]}


def redeliver(outside: Outside, caller: Caller, workflow_id: str, sequence: str) -> dict[str, Any]:
    """Queue one more attempt, which begins a new series, unless one is being made. Raises Problem.

    404, or 409 where there is nothing to send.
    """
    workflow, _ = find(outside, caller, workflow_id)
    entry = _entry(workflow, sequence)
    task = Task(workflow.id, workflow.account, workflow.application, entry["sequence"])
    known = outside.deliveries.known(task)
    if known is None or known.url is None:
        raise problems.Problem(problems.CONFLICT, "There is no URL to send this webhook to.")
    if known.last_attempt >= delivery.MOST_ATTEMPTS:
        raise problems.Problem(problems.CONFLICT, f"{delivery.MOST_ATTEMPTS} attempts have been made.")
    if delivery.under_way(known.claimed_at, outside.now()):
        return {"sequence": task.sequence, "attempt": known.last_attempt}
    attempt = known.last_attempt + 1
    outside.webhook_queue.add(replace(task, attempt=attempt), seconds=0)
    count("WebhooksRedelivered")
    logger.info("webhook sent again", workflow_id=workflow.id, sequence=task.sequence, attempt=attempt)
    return {"sequence": task.sequence, "attempt": attempt}


def _entry(workflow: Workflow, sequence: str) -> Entry:
    number = int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) <= 9 else 0
    entry = publication.find(workflow, number)
    if entry is None:
        raise problems.Problem(problems.NOT_FOUND, "There is no such webhook.")
    return entry


def _shown(entry: Entry, recorded: dict[str, Any], untouched: str) -> dict[str, Any]:
    return {
        "sequence": entry["sequence"],
        "kind": "message_status" if entry["event"] == publication.MESSAGE_STATUS else "final_report",
        "state": recorded.get("state", untouched),
        "attempts": [{**attempt, "at": instants.iso(attempt["at"])} for attempt in recorded.get("attempts", [])],
    }
