"""The index `due`: the workflows to be started or repaired once their `due_at` has passed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from failover.adapters.table import ConditionFailed, Table, calls, key, marshalled
from failover.rules.workflow.overdue import Queue


@dataclass(frozen=True)
class Overdue:
    """A workflow past its due time, as the index has it."""

    workflow_id: str
    due_at: int
    partition: str
    """Of the index."""


@dataclass(frozen=True)
class OverduePage:
    """Some of a partition's overdue workflows, oldest first. `next` leads to the page after it, or is None."""

    found: list[Overdue]
    next: Any


class OverdueIndex:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def page(self, queue: Queue, shard: int, now: int, limit: int, after: Any = None) -> OverduePage:
        """At most `limit` workflows of a shard (0 to `overdue.SHARDS` - 1) of a queue that were due by `now` (ms).

        `after` is the `next` of the page before. The index lags a moment behind: some may have been repaired already.
        """
        partition = f"{queue}#{shard}"
        with calls():
            answer = self._table.client.query(
                TableName=self._table.name,
                IndexName="due",
                KeyConditionExpression="due = :partition AND due_at <= :now",
                ExpressionAttributeValues=marshalled({":partition": partition, ":now": now}),
                Limit=limit,
                **({"ExclusiveStartKey": after} if after else {}),
            )
        found = [
            Overdue(item["pk"]["S"].removeprefix("workflow#"), int(Decimal(item["due_at"]["N"])), partition)
            for item in answer["Items"]
            if item["sk"]["S"] == "state" and item["pk"]["S"].startswith("workflow#")  # not a copy made by hand
        ]
        return OverduePage(found, answer.get("LastEvaluatedKey"))

    def set_due_at(self, overdue: Overdue, now: int, until: int) -> None:
        """Make a workflow that cannot be repaired due at `until` (ms), so that it does not delay the others.

        Changes nothing if the index was behind and the workflow is no longer overdue at `now`.
        """
        try:
            with calls():
                self._table.client.update_item(
                    TableName=self._table.name,
                    Key=marshalled(key(f"workflow#{overdue.workflow_id}", "state")),
                    UpdateExpression="SET due_at = :until",
                    ConditionExpression="due = :partition AND due_at <= :now",
                    ExpressionAttributeValues=marshalled(
                        {":partition": overdue.partition, ":now": now, ":until": until}
                    ),
                )
        except ConditionFailed:
            pass  # it has been repaired, has moved on, or is gone
