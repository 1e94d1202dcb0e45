"""Show a workflow to the account it belongs to."""

from typing import Any

from failover import problems
from failover.outside import Outside
from failover.rules.credentials import is_id
from failover.rules.presentation import shown
from failover.use_cases.authenticate import Caller


def show(outside: Outside, caller: Caller, workflow_id: str) -> dict[str, Any]:
    """The workflow with its steps and timeline. Raises Problem (404), the same for missing and for somebody else's."""
    found = outside.store.read_whole(workflow_id) if is_id(workflow_id) else None
    if found is None or found[0].account != caller.account:
        raise problems.Problem(problems.NOT_FOUND, "There is no such workflow.")
    return shown(*found)
