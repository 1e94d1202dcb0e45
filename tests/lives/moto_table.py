"""The table in moto's DynamoDB, behind the real adapters, with its stream."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from moto.backends import get_backend

from failover.adapters.callers import Callers
from failover.adapters.lanes import Lanes
from failover.adapters.table import Table, marshalled, plain
from failover.adapters.webhooks.deliveries import Deliveries
from failover.adapters.webhooks.failed import FailedWebhooks
from failover.adapters.webhooks.hosts import Hosts
from failover.adapters.workflow.listing import Listing
from failover.adapters.workflow.overdue_index import OverdueIndex
from failover.adapters.workflow.store import Store
from failover.outside import Outside
from failover.rules.workflow.overdue import SHARDS
from failover.rules.workflow.state import Workflow, from_plain
from tests.lives.calls import Calls
from tests.lives.engine import condition_of_outcome
from tests.lives.memory_overdue import queue_of_edited
from tests.lives.stack import function
from tests.world import REGION, create_table, template

_NAMES = {
    "get_item": "read",
    "query": "read",
    "batch_get_item": "read",
    "put_item": "write",
    "transact_write_items": "write",
    "update_item": "write",
}


class Client:
    """DynamoDB's client with each call made through `calls`. `wrote` is called after each call that may write."""

    def __init__(self, client: Any, calls: Calls, wrote: Callable[[], None]) -> None:
        self._client, self._calls, self._wrote = client, calls, wrote

    def __getattr__(self, method: str) -> Any:
        name = _NAMES[method]

        def call(**arguments: Any) -> Any:
            answers: list[Any] = []

            def act() -> Any:
                if answers and method == "transact_write_items":
                    return answers[0]  # repeated by its client, it has the same token, and is made once
                try:
                    answers.append(getattr(self._client, method)(**arguments))
                finally:
                    if name == "write":
                        self._wrote()
                return answers[-1]

            return self._calls(self._name(name, arguments), act)

        return call

    @staticmethod
    def _name(name: str, arguments: dict[str, Any]) -> str:
        if arguments.get("IndexName") == "due":
            return "look for overdue"
        if arguments.get("Key", {}).get("sk") == {"S": "lane"}:
            return "look at a lane" if name == "read" else "reserve a turn"
        of_account = arguments.get("Key", {}).get("sk") in ({"S": "account"}, {"S": "application"})
        return "read the account" if name == "read" and of_account else name

    def get_paginator(self, method: str) -> Any:
        class Pages:
            @staticmethod
            def paginate(**arguments: Any) -> Iterator[Any]:
                """One page: no workflow of the tests has a megabyte of webhooks."""
                yield getattr(self, method)(**arguments)

        return Pages


class MotoTable:
    """Make it inside `moto.mock_aws`."""

    def __init__(self, calls: Calls, now: Callable[[], int]) -> None:
        self._client = boto3.client("dynamodb")
        if "workflows" not in self._backend().tables:
            create_table("Table", "workflows")
            view = template()["Resources"]["Table"]["Properties"]["StreamSpecification"]
            self._client.update_table(TableName="workflows", StreamSpecification={"StreamEnabled": True, **view})
        self._moto().items.clear()
        self._moto().stream_shard.items.clear()
        self._written: Callable[[Workflow | None, Workflow], None] = lambda _, __: None
        self.stream: list[Any] = []
        self.edited: set[str] = set()
        """The keys of items that were edited by hand until they were unreadable."""
        table = Table("workflows", Client(self._client, calls, self._wrote), now)
        self.store, self.overdue, self.deliveries = Store(table), OverdueIndex(table), Deliveries(table)
        self.failed_webhooks = FailedWebhooks(table)
        self.callers, self.listing, self.hosts = Callers(table), Listing(table), Hosts(table)
        self.lanes = Lanes(table)

    @staticmethod
    def _backend() -> Any:
        return get_backend("dynamodb")["123456789012"][REGION]

    def _moto(self) -> Any:
        return self._backend().tables["workflows"]

    def backup(self) -> Any:
        return copy.deepcopy(self._moto().items)

    def restore(self, backup: Any) -> None:
        """Put all items back. The restored table has a stream of its own, which is empty."""
        self._moto().items.clear()
        self._moto().items.update(copy.deepcopy(backup))
        self.stream.clear()

    def follow(self, written: Callable[[Workflow | None, Workflow], None]) -> None:
        """Call `written` for each write of a workflow, and put its record on the stream if the filter allows."""
        self._written = written

    def _wrote(self) -> None:
        records = [record.to_json() for record in self._moto().stream_shard.items]
        self._moto().stream_shard.items.clear()
        for record in records:
            images = record["dynamodb"]
            if record["eventName"] == "REMOVE" or images["Keys"]["sk"] != {"S": "state"}:
                continue
            self.stream.append(record)
            if images["Keys"]["pk"]["S"] in self.edited:
                continue
            before = from_plain(plain(images["OldImage"])) if "OldImage" in images else None
            self._written(before, from_plain(plain(images["NewImage"])))

    def remove_edited(self) -> None:
        for pk in self.edited:
            self._client.delete_item(TableName="workflows", Key={"pk": {"S": pk}, "sk": {"S": "state"}})
        self._moto().stream_shard.items.clear()

    def edit(self, workflow_id: str) -> None:
        """Edit an item by hand: an entry of its timeline has no event."""
        shard = int(workflow_id[:8], 16) % SHARDS
        item = {"pk": f"workflow#{workflow_id}", "sk": "state", "due": f"{queue_of_edited(shard)}#{shard}", "due_at": 0}
        item |= {"id": workflow_id, "steps": [{"channel": "sms"}], "timeline": [{"sequence": 1, "at": 0}]}
        if item["pk"] not in self.edited:
            self.edited.add(item["pk"])
            self._client.put_item(TableName="workflows", Item=marshalled(item))
            self._wrote()

    def content_expires_at(self, workflow_id: str) -> int | None:
        key = {"pk": {"S": f"workflow#{workflow_id}"}, "sk": {"S": "content"}}
        item = self._client.get_item(TableName="workflows", Key=key).get("Item")
        return int(item["expires_at"]["N"]) if item else None

    def store_token(self, workflow_id: str, step: int, token: str) -> bool:
        """The write of the state machine's `Outcome`, with its own expressions."""
        try:
            self._client.update_item(
                **condition_of_outcome(step),
                Key={"pk": {"S": f"workflow#{workflow_id}"}, "sk": {"S": "state"}},
                ExpressionAttributeValues={":token": {"S": token}, ":running": {"S": "running"}, ":one": {"N": "1"}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        self._wrote()
        return True

    def forget(self, now: int) -> None:
        items = self._client.scan(TableName="workflows", ProjectionExpression="pk, sk, expires_at")["Items"]
        for item in items:
            if "expires_at" in item and int(item["expires_at"]["N"]) <= now // 1000:
                self._client.delete_item(TableName="workflows", Key={"pk": item["pk"], "sk": item["sk"]})
        self._moto().stream_shard.items.clear()

    def publish(self, _: Outside, records: list[Any]) -> None:
        function("publish_events").handler({"Records": records}, None)
