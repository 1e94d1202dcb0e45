"""Our correlation with the Messages API: `<workflow id>.<step number>`, at most 40 characters (contract, section 0)."""

import re

_PATTERN = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9])")


def client_ref(workflow_id: str, number: int) -> str:
    return f"{workflow_id}.{number}"


def parse(text: str) -> tuple[str, int] | None:
    """(workflow id, step number), or None for a reference that is not ours."""
    match = _PATTERN.fullmatch(text)
    return (match[1], int(match[2])) if match else None
