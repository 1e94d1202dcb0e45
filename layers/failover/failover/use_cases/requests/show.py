"""Show workflows and messages to the account they belong to."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from failover import problems
from failover.observability import unexpected
from failover.outside import Outside
from failover.rules.formats.ids import is_id
from failover.rules.formats.pages import InvalidFilters
from failover.rules.formats.stored import UnreadableItem
from failover.rules.requests.request import Request, posted
from failover.rules.timing.instants import iso
from failover.rules.webhooks import bodies
from failover.rules.workflow import listing, presentation
from failover.rules.workflow.state import Workflow
from failover.use_cases.callers.authenticate import Caller

type Content = list[dict[str, Any]] | None
"""The steps as requested, or None once they have been dropped."""


def show(outside: Outside, caller: Caller, workflow_id: str) -> dict[str, Any]:
    """The workflow with its steps and timeline. Raises Problem (404)."""
    now = outside.now()
    return presentation.resource(*find(outside, caller, workflow_id), now)


def show_request(outside: Outside, caller: Caller, workflow_id: str) -> dict[str, Any]:
    """The request that created a workflow, as it can be posted again. Raises Problem (404), also once it is dropped."""
    workflow, kept = _of_caller(caller, outside.store.read_kept(workflow_id) if is_id(workflow_id) else None)
    if kept is None:
        raise problems.Problem(problems.NOT_FOUND, "The texts and addresses of this workflow have been dropped.")
    asked = Request(kept.content, workflow.client_ref, workflow.webhook_url)
    until = {} if workflow.running else {"kept_until": iso(kept.until * 1000)}
    return {"request": posted(asked), **until}


def show_list(outside: Outside, caller: Caller, query: Mapping[str, str], word: str) -> dict[str, Any]:
    """A page of the account's workflows, newest first. Raises Problem (400)."""
    try:
        filters = listing.parse_filters(query)
    except InvalidFilters as error:
        raise problems.invalid_parameters(error.faults) from None
    now = outside.now()
    page = outside.listing.page(caller.account, filters)
    row = listing.row
    if filters.expand:
        ids = [str(item["pk"]).removeprefix("workflow#") for item in page.items]
        row = partial(listing.expanded, workflows=outside.store.read_many(ids, unexpected))
    return listing.answer(rows(page.items, row), page.next, word, now)


def rows[Row](items: list[dict[str, Any]], row: Callable[[dict[str, Any]], Row]) -> list[Row]:
    """The `row` of each item of an index. Leaves out unreadable items, so that they do not hide the others."""
    found = []
    for item in items:
        try:
            found.append(row(item))
        except UnreadableItem as error:
            unexpected(error)
    return found


def show_message(outside: Outside, caller: Caller, message_uuid: str) -> dict[str, Any]:
    """A message and its workflow. Raises Problem (404)."""
    place = outside.store.find_message(message_uuid) if len(message_uuid) <= 100 else None
    if place is None:
        raise problems.Problem(problems.NOT_FOUND, "There is no such message.")
    workflow, content = find(outside, caller, place[0], "message")
    return bodies.message(workflow, place[1], content)


def find(outside: Outside, caller: Caller, workflow_id: str, what: str = "workflow") -> tuple[Workflow, Content]:
    """A workflow of the caller. Raises the same Problem (404) for a missing one and for that of another account."""
    return _of_caller(caller, outside.store.read_whole(workflow_id) if is_id(workflow_id) else None, what)


def _of_caller[Found](
    caller: Caller, found: tuple[Workflow, Found] | None, what: str = "workflow"
) -> tuple[Workflow, Found]:
    if found is None or found[0].account != caller.account:
        raise problems.Problem(problems.NOT_FOUND, f"There is no such {what}.")
    return found
