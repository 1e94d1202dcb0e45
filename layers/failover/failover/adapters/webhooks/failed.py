"""The list of an account's failed webhooks: the index `failed`, newest first."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from failover.adapters.table import Table, calls, key, marshalled
from failover.rules.formats.pages import Page, Position, Span
from failover.rules.formats.stored import UnreadableItem
from failover.rules.webhooks import failed


class FailedWebhooks:
    """Raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table, unreadable: Callable[[UnreadableItem], None] | None = None) -> None:
        """`unreadable` gets the error of each item that cannot be read; without it, the error is raised."""
        self._table = table
        self._unreadable = unreadable

    def page(self, account: str, span: Span) -> Page:
        """One page of the webhooks that failed in a span; the index is a second or so behind.

        There may be fewer than `span.limit`, even none, and still a position to go on from.
        """
        if span.contradictory:
            return Page([], None)
        query: dict[str, Any] = {
            "TableName": self._table.name,
            "IndexName": "failed",
            "ScanIndexForward": False,
            "KeyConditionExpression": "#failed = :account AND failed_at BETWEEN :since AND :until",
            "ExpressionAttributeNames": {"#failed": "failed"},
            "ExpressionAttributeValues": marshalled({":account": account, ":since": span.since, ":until": span.until}),
            "Limit": span.limit,
        }
        if (start := span.start) is not None:
            workflow_id, _, sequence = start.key.partition(".")
            place = key(f"workflow#{workflow_id}", f"webhook#{sequence}")
            query["ExclusiveStartKey"] = marshalled({**place, "failed": account, "failed_at": start.at})
        with calls():
            answer = self._table.client.query(**query)
        # An earlier release, deployed again, changes the state and leaves the keys of the index.
        items = [item for item in answer["Items"] if item.get("state") == {"S": failed.STATE}]
        last = answer.get("LastEvaluatedKey")
        return Page(self._table.present(items, self._unreadable), _position(last) if last else None)


def _position(item: dict[str, Any]) -> Position:
    workflow_id, sequence = (item[name]["S"].partition("#")[2] for name in ("pk", "sk"))
    return Position(int(Decimal(item["failed_at"]["N"])), f"{workflow_id}.{sequence}")
