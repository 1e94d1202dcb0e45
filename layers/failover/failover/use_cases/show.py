"""Show a workflow to the account it belongs to."""

import re
from typing import Any

from failover import problems
from failover.outside import Outside
from failover.rules.presentation import shown

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def show(outside: Outside, account: str, workflow_id: str) -> dict[str, Any]:
    """The workflow with its steps and timeline. Raises Problem (404), the same for missing and for somebody else's."""
    found = outside.store.read_whole(workflow_id) if _ID.fullmatch(workflow_id) else None
    if found is None or found[0].account != account:
        raise problems.Problem(problems.NOT_FOUND, "There is no such workflow.")
    return shown(*found)
