"""Our correlation with the Messages API, `<workflow id>.<step number>`, and the customer's own (contract, section 0).

Ours has at most 40 characters, the limit of the Messages API v0.1.
"""

import re
from typing import Any

from failover.rules.formats.ids import UUID

_PATTERN = re.compile(rf"({UUID})\.([0-9])")


def client_ref(workflow_id: str, number: int) -> str:
    return f"{workflow_id}.{number}"


def parse_client_ref(text: str) -> tuple[str, int] | None:
    """(workflow id, step number), or None for a reference that is not ours."""
    match = _PATTERN.fullmatch(text)
    return (match[1], int(match[2])) if match else None


def of_customer(step: dict[str, Any]) -> str | None:
    """The customer's own client_ref of a step, in either of the places clients put it."""
    reference: str | None = step.get("client_ref") or step.get("message", {}).get("client_ref")
    return reference
