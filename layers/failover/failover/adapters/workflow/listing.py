"""The list of an account's workflows: the indexes `listed` and `referred`, newest first."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from failover.adapters.table import Item, Table, calls, key, marshalled
from failover.adapters.workflow.store import referred
from failover.rules.formats.pages import Page, Position
from failover.rules.formats.stored import UnreadableItem
from failover.rules.workflow.listing import Filters

_MOST_QUERIES = 10
"""Queries for one answer. If the filters match little, the page may be short and has a cursor to go on from."""
_READ_AT_ONCE = 500


class Listing:
    """Raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table, unreadable: Callable[[UnreadableItem], None] | None = None) -> None:
        """`unreadable` is called for each item that is left out because it cannot be read; without it, that raises."""
        self._table = table
        self._unreadable = unreadable

    def page(self, account: str, filters: Filters) -> Page:
        """One page of the matching workflows. A new workflow appears within about a second.

        The page may have fewer than `filters.limit` workflows, even none, and still a position to go on from.
        """
        if filters.contradictory:
            return Page([], None)
        query = self._query(account, filters)
        query["Limit"] = _READ_AT_ONCE if "FilterExpression" in query else filters.limit
        found: list[Item] = []
        for _ in range(_MOST_QUERIES):
            with calls():
                answer = self._table.client.query(**query)
            items = [item for item in answer["Items"] if item["sk"] == {"S": "state"}]  # not a copy made by hand
            found += self._table.present(items, self._unreadable)
            last = answer.get("LastEvaluatedKey")
            if len(found) >= filters.limit or last is None:
                break
            query["ExclusiveStartKey"] = last
        shown = found[: filters.limit]
        if len(found) > filters.limit:
            return Page(shown, _position(marshalled(shown[-1])))
        return Page(shown, _position(last) if last else None)

    def newest(self, account: str, since: int, until: int, most: int) -> tuple[list[str], bool]:
        """The ids of the newest workflows of a span (ms), at most `most`, and whether the span may have more."""
        if since > until:
            return [], False
        query = self._query(account, Filters(since=since, until=until))
        query |= {"Limit": most + 1, "ProjectionExpression": "pk, sk, expires_at"}
        found: list[str] = []
        for _ in range(_MOST_QUERIES):
            with calls():
                answer = self._table.client.query(**query)
            items = self._table.present(answer["Items"], self._unreadable)
            found += [item["pk"].removeprefix("workflow#") for item in items if item["sk"] == "state"]
            last = answer.get("LastEvaluatedKey")
            if len(found) > most or last is None:
                return found[:most], len(found) > most
            query["ExclusiveStartKey"] = last
        return found, True

    def _query(self, account: str, filters: Filters) -> dict[str, Any]:
        index, partition = "listed", account
        if filters.client_ref is not None:
            index, partition = "referred", referred(account, filters.client_ref)
        names = {"#partition": index}
        values: Item = {":partition": partition, ":since": filters.since, ":until": filters.until}
        wanted = []
        if filters.status is not None:
            wanted.append("#status = :status")
            names["#status"], values[":status"] = "status", filters.status
        if filters.channel is not None:
            wanted.append("contains(channels, :channel)")
            values[":channel"] = filters.channel
        query: dict[str, Any] = {
            "TableName": self._table.name,
            "IndexName": index,
            "ScanIndexForward": False,
            "KeyConditionExpression": "#partition = :partition AND created_at BETWEEN :since AND :until",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": marshalled(values),
        }
        if wanted:
            query["FilterExpression"] = " AND ".join(wanted)
        if (start := filters.start) is not None:  # DynamoDB refuses one outside of the key condition
            place = {**key(f"workflow#{start.key}", "state"), index: partition, "created_at": start.at}
            query["ExclusiveStartKey"] = marshalled(place)
        return query


def _position(item: dict[str, Any]) -> Position:
    """The position of an item in DynamoDB's form."""
    return Position(int(Decimal(item["created_at"]["N"])), item["pk"]["S"].removeprefix("workflow#"))
