"""The `client_ref` that we send, `<workflow id>.<step number>`, and the customer's own (docs/api.md, "Decisions").

Ours has at most 40 characters, the limit of the Messages API v0.1.
"""

import re
from typing import Any

from failover.rules.formats.ids import UUID

_PATTERN = re.compile(rf"({UUID})\.([0-9])")


def client_ref(workflow_id: str, number: int) -> str:
    return f"{workflow_id}.{number}"


def parse_client_ref(text: str) -> tuple[str, int] | None:
    """Return (workflow id, step number). Returns None if the reference is not ours."""
    match = _PATTERN.fullmatch(text)
    return (match[1], int(match[2])) if match else None


def of_customer(step: dict[str, Any]) -> str | None:
    """Return the customer's `client_ref` of a step, from either of its two places, or None."""
    reference: str | None = step.get("client_ref") or step.get("message", {}).get("client_ref")
    return reference
