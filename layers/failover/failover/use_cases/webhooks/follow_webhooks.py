"""Show what became of webhooks: those of a workflow, and the failed ones of an account."""

from collections.abc import Mapping
from typing import Any

from failover import problems
from failover.outside import Outside
from failover.rules.formats.pages import InvalidFilters
from failover.rules.timing import instants
from failover.rules.webhooks import failed
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import publication
from failover.rules.workflow.state import Entry
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests.show import find, rows


def show_webhooks(outside: Outside, caller: Caller, workflow_id: str) -> dict[str, Any]:
    """Every webhook with its attempts, in the order of the timeline. Raises Problem (404)."""
    workflow, _ = find(outside, caller, workflow_id)
    recorded = outside.deliveries.of(workflow.id)
    known = outside.deliveries.known(Task(workflow.id, workflow.account, workflow.application, sequence=0))
    untouched = "pending" if known and known.url else "no_url"
    entries = publication.webhooks(workflow)
    return {"webhooks": [_shown(entry, recorded.get(entry["sequence"], {}), untouched) for entry in entries]}


def show_failed(outside: Outside, caller: Caller, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of the account's failed webhooks, newest first. Raises Problem (400)."""
    try:
        span = failed.parse_filters(query)
    except InvalidFilters as error:
        raise problems.invalid_parameters(error.faults) from None
    page = outside.failed_webhooks.page(caller.account, span)
    return failed.shown(page, rows(page.items, failed.row))


def _shown(entry: Entry, recorded: dict[str, Any], untouched: str) -> dict[str, Any]:
    return {
        "sequence": entry["sequence"],
        "kind": publication.kind(entry),
        "state": recorded.get("state", untouched),
        "attempts": [{**attempt, "at": instants.iso(attempt["at"])} for attempt in recorded.get("attempts", [])],
    }
