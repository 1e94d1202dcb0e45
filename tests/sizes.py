"""The size of a workflow's item in DynamoDB."""

from decimal import Decimal
from typing import Any

from failover.adapters.table import marshalled
from failover.adapters.workflow.store import state_item
from failover.rules.workflow.state import Workflow

LIMIT = 100_000
"""Bytes, a quarter of DynamoDB's limit (I13)."""


def size(value: dict[str, Any]) -> int:
    """Bytes of an attribute value, as DynamoDB's developer guide counts them ("DynamoDB item sizes and formats")."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(Decimal(content).as_tuple().digits) // 2 + 2
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + size(one) for one in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + size(one) for name, one in content.items())
    raise ValueError(kind)


def item_size(flow: Workflow) -> int:
    item = marshalled(state_item(flow))
    return sum(len(name.encode()) + size(value) for name, value in item.items())
