"""Show what became of webhooks: those of a workflow, and the failed ones of an account."""

from collections.abc import Mapping
from typing import Any

from failover import problems
from failover.adapters.webhooks.deliveries import Known
from failover.outside import Outside
from failover.rules.formats.pages import InvalidFilters
from failover.rules.timing import instants
from failover.rules.webhooks import attempts, bodies, failed
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import publication
from failover.rules.workflow.state import Entry, Workflow
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests.show import find, rows


def show_webhooks(outside: Outside, caller: Caller, workflow_id: str) -> dict[str, Any]:
    """Every webhook with its attempts, in the order of the timeline. Raises Problem (404)."""
    now = outside.now()
    workflow, _ = find(outside, caller, workflow_id)
    recorded, known = _followed(outside, workflow)
    url = known.url if known else None
    entries = publication.webhooks(workflow)
    shown = [attempts.row(entry, recorded.get(entry["sequence"], {}), url) for entry in entries]
    return {"as_of": instants.iso(now), "webhooks": shown}


def show_webhook(outside: Outside, caller: Caller, workflow_id: str, sequence: str) -> dict[str, Any]:
    """One webhook with its attempts, its URL now, and the body that each attempt sends. Raises Problem (404)."""
    workflow, content = find(outside, caller, workflow_id)
    entry = find_webhook(workflow, sequence)
    recorded, known = _followed(outside, workflow)
    url = known.url if known else None
    row = attempts.row(entry, recorded.get(entry["sequence"], {}), url)
    return {**row, "url": url, "body": bodies.body(workflow, content, entry)}


def find_webhook(workflow: Workflow, sequence: str) -> Entry:
    """The entry of a webhook, by its sequence as in a path. Raises Problem (404)."""
    number = int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) <= 9 else 0
    entry = publication.find(workflow, number)
    if entry is None:
        raise problems.Problem(problems.NOT_FOUND, "There is no such webhook.")
    return entry


def _followed(outside: Outside, workflow: Workflow) -> tuple[dict[int, dict[str, Any]], Known | None]:
    """What was recorded of the webhooks, by sequence, and what a delivery knows now."""
    task = Task(workflow.id, workflow.account, workflow.application, sequence=0)
    return outside.deliveries.of(workflow.id), outside.deliveries.known(task)


def show_failed(outside: Outside, caller: Caller, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of the account's failed webhooks, newest first. Raises Problem (400)."""
    try:
        span = failed.parse_filters(query)
    except InvalidFilters as error:
        raise problems.invalid_parameters(error.faults) from None
    now = outside.now()
    page = outside.failed_webhooks.page(caller.account, span)
    return failed.shown(page, rows(page.items, failed.row), now)
