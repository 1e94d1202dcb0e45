"""The attempts to deliver each webhook, and everything a delivery needs to know."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters import aws
from failover.adapters.store import whole
from failover.adapters.table import Item, Table, condition_failed, key, marshalled
from failover.rules import due
from failover.rules.delivery import Task
from failover.rules.workflow import Workflow


@dataclass(frozen=True)
class Known:
    """What a delivery knows before it begins."""

    workflow: Workflow
    content: list[dict[str, Any]] | None
    account: Item
    application: Item | None
    last_attempt: int
    """The number of the last attempt that was recorded; 0: none."""

    @property
    def url(self) -> str | None:
        """The request's own, else the application's for its tokens, else the account's (contract, section 0)."""
        caller = self.account if self.workflow.application is None else self.application or {}
        return self.workflow.webhook_url or caller.get("status_url")


class Deliveries:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def prepare(self, task: Task) -> Known | None:
        """Everything about a task in one read; None: the workflow, or its account, is gone, or it is not theirs."""
        pk = f"workflow#{task.workflow_id}"
        account = (f"account#{task.account}", "account")
        log = (pk, _sk(task.sequence))
        keys = [(pk, "state"), (pk, "content"), log, account]
        application = (f"application#{task.application}", "application")
        if task.application is not None:
            keys.append(application)
        items = self._table.get_all(*keys)
        found = whole({sk: item for (_, sk), item in items.items()}, self._table.now())
        if found is None or account not in items:
            return None
        if (found[0].account, found[0].application) != (task.account, task.application):
            return None
        last = items.get(log, {}).get("last_attempt", 0)
        return Known(*found, items[account], items.get(application), last)

    def record(self, workflow: Workflow, task: Task, attempt: Item, state: str) -> None:
        """Add an attempt, unless it, or one after it, has been recorded."""
        names = {"#state": "state", "#attempts": "attempts"}
        forgotten = workflow.expires_at or due.pointers_expire_at(workflow, attempt["at"])
        values = {":state": state, ":number": task.attempt, ":one": [attempt], ":none": [], ":expires_at": forgotten}
        attempts = "#attempts = list_append(if_not_exists(#attempts, :none), :one)"
        update = f"SET #state = :state, last_attempt = :number, expires_at = :expires_at, {attempts}"
        try:
            with aws.failures("dynamodb"):
                self._table.client.update_item(
                    TableName=self._table.name,
                    Key=marshalled(key(f"workflow#{workflow.id}", _sk(task.sequence))),
                    UpdateExpression=update,
                    ConditionExpression="attribute_not_exists(last_attempt) OR last_attempt < :number",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=marshalled(values),
                )
        except ClientError as error:
            if not condition_failed(error):
                raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None

    def of(self, workflow_id: str) -> dict[int, Item]:
        """What was recorded of a workflow's webhooks, by sequence."""
        query = {
            "TableName": self._table.name,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :webhook)",
            "ExpressionAttributeValues": marshalled({":pk": f"workflow#{workflow_id}", ":webhook": "webhook#"}),
        }
        found: list[Item] = []
        with aws.failures("dynamodb"):
            for answer in self._table.client.get_paginator("query").paginate(**query):
                found += self._table.present(answer["Items"])
        return {int(item["sk"].removeprefix("webhook#")): item for item in found}


def _sk(sequence: int) -> str:
    return f"webhook#{sequence:05d}"
