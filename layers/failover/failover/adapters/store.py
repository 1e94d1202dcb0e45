"""Workflows, their content, and the pointers that lead to them."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

import simplejson
from botocore.exceptions import ClientError

from failover.adapters import aws
from failover.adapters.table import Item, Table, condition_failed, key, marshalled, plain
from failover.rules import due
from failover.rules.workflow import Workflow, from_plain, to_plain

DUE_SHARDS = 8
"""Partitions of the index `due`: enough that no single one takes every workflow's writes."""


class Conflict(Exception):
    """Somebody else wrote first. `current` is the workflow as it is now."""

    def __init__(self, current: Workflow) -> None:
        super().__init__("written by somebody else")
        self.current = current


@dataclass(frozen=True)
class Pointer:
    """Leads from a message to its step; forgotten when the workflow's record is."""

    message_uuid: str
    step: int
    expires_at: int


@dataclass(frozen=True)
class Overdue:
    """A workflow somebody ought to have looked at, as the index `due` has it."""

    workflow_id: str
    due_at: int


@dataclass(frozen=True)
class Once:
    """What an account asked for under an Idempotency-Key, and the workflow that came of it."""

    key: str
    """Of the table: a hash of account and key."""
    request: str
    """Hash of what the request means."""
    workflow_id: str
    word: str
    expires_at: int


class KeyUsed(Exception):
    """Under this Idempotency-Key there is a workflow already."""

    def __init__(self, first: Once) -> None:
        super().__init__("the key has been used")
        self.first = first


class KeyInUse(aws.Unavailable):
    """Under this Idempotency-Key a workflow is being stored: in a moment it is there, or the key is free."""


class Store:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._client = table.client

    def create(
        self,
        workflow: Workflow,
        content: list[dict[str, Any]],
        content_retention: int,
        once: Once | None = None,
    ) -> None:
        """Put a new workflow, its content and its Idempotency-Key: all or nothing. Raises KeyUsed, KeyInUse.

        `content_retention`: seconds the content is kept after the workflow's end.
        """
        stored = {
            **key(f"workflow#{workflow.id}", "content"),
            "content": simplejson.dumps(content, ensure_ascii=False, use_decimal=True),
            "retention": content_retention,
            "expires_at": due.content_expires_at(workflow, content_retention),
        }
        puts = [
            self._table.put({**_state_item(workflow), "write_id": str(uuid.uuid4())}, "attribute_not_exists(pk)"),
            self._table.put(stored),
        ]
        if once is not None:
            free = "attribute_not_exists(pk) OR expires_at <= :now"
            puts.append(self._table.put(_once_item(once), free, now=workflow.created_at // 1000))
        try:
            with aws.failures("dynamodb"):
                self._client.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except ClientError as error:
            if once is None or not condition_failed(error):
                raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None
            first = self.find_once(once.key)
            if first is None or first.expires_at <= workflow.created_at // 1000:  # what its twin makes is not there yet
                raise KeyInUse("dynamodb: the same Idempotency-Key is in use") from None
            if first.workflow_id != workflow.id:
                raise KeyUsed(first) from None

    def find_once(self, once_key: str) -> Once | None:
        """What was made under an Idempotency-Key."""
        item = self._table.get(once_key, "idempotency")
        names = ("request", "workflow_id", "word", "expires_at")
        return Once(once_key, **{name: item[name] for name in names}) if item else None

    def read(self, workflow_id: str) -> Workflow | None:
        """The workflow as it is now (a consistent read)."""
        item = self._table.get(f"workflow#{workflow_id}", "state")
        return from_plain(item) if item else None

    def read_whole(self, workflow_id: str) -> tuple[Workflow, list[dict[str, Any]] | None] | None:
        """The workflow and its content, in one consistent query; the content is None once it has been dropped."""
        with aws.failures("dynamodb"):
            answer = self._client.query(
                TableName=self._table.name,
                ConsistentRead=True,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues=marshalled(
                    {":pk": f"workflow#{workflow_id}", ":first": "content", ":last": "state"}
                ),
            )
        return whole({item["sk"]: item for item in self._table.present(answer["Items"])}, self._table.now())

    def end_content(self, workflow: Workflow) -> None:
        """Have the content of a workflow that is over dropped its retention after the end, and no later.

        Until then it was to be kept for the longest life. Done again it changes nothing; what is gone stays gone.
        """
        try:
            with aws.failures("dynamodb"):
                self._client.update_item(
                    TableName=self._table.name,
                    Key=marshalled(key(f"workflow#{workflow.id}", "content")),
                    UpdateExpression="SET expires_at = :ended_at + #retention",
                    ConditionExpression="attribute_exists(#retention)",
                    ExpressionAttributeNames={"#retention": "retention"},
                    ExpressionAttributeValues=marshalled({":ended_at": due.content_expires_at(workflow, 0)}),
                )
        except ClientError as error:
            if not condition_failed(error):
                raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None

    def write(self, workflow: Workflow, pointer: Pointer | None = None) -> Workflow:
        """Replace the state item if nobody has written it since `workflow` was read; the workflow as written.

        Raises Conflict with the current one. A write whose answer got lost and was repeated by the client meets
        itself; its `write_id` tells, and that is no conflict.
        """
        written = replace(workflow, version=workflow.version + 1)
        item = {**_state_item(written), "write_id": str(uuid.uuid4())}
        put = self._table.put(item, "version = :read", read=workflow.version)
        try:
            with aws.failures("dynamodb"):
                if pointer is None:
                    self._client.put_item(**put)
                else:
                    pointing = self._table.put(_pointer_item(workflow.id, pointer))
                    self._client.transact_write_items(TransactItems=[{"Put": put}, {"Put": pointing}])
        except ClientError as error:
            if not condition_failed(error):
                raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None
        else:
            return written
        current = self._table.get(f"workflow#{workflow.id}", "state")
        if current is None:
            raise RuntimeError("dynamodb: a workflow vanished while it was written")
        if current["write_id"] == item["write_id"]:
            return from_plain(current)
        raise Conflict(from_plain(current))

    def find_message(self, message_uuid: str) -> tuple[str, int] | None:
        """(workflow id, step number) of a message the Messages API has accepted."""
        item = self._table.get(f"message#{message_uuid}", "pointer")
        return (item["workflow"], item["step"]) if item else None

    def overdue(self, shard: int, now: int, limit: int) -> list[Overdue]:
        """At most `limit` workflows of a shard (0 to DUE_SHARDS - 1) that have something left to send, and were due by
        `now`, oldest first.

        The index is a moment behind: some may have been looked after since.
        """
        return self._due(f"due#{shard}", now, limit)

    def silent(self, shard: int, now: int, limit: int) -> list[Overdue]:
        """The same of workflows that only wait for the last message's receipt.

        They, and those that are over, have partitions of their own: no number of them stands before one that could go
        on.
        """
        return self._due(f"silent#{shard}", now, limit)

    def unpublished(self, shard: int, now: int, limit: int) -> list[Overdue]:
        """The same of workflows that are over, whose webhooks are not known to have been queued."""
        return self._due(f"unpublished#{shard}", now, limit)

    def _due(self, partition: str, now: int, limit: int) -> list[Overdue]:
        with aws.failures("dynamodb"):
            answer = self._client.query(
                TableName=self._table.name,
                IndexName="due",
                KeyConditionExpression="due = :partition AND due_at <= :now",
                ExpressionAttributeValues=marshalled({":partition": partition, ":now": now}),
                Limit=limit,
            )
        items = map(plain, answer["Items"])
        return [Overdue(item["pk"].removeprefix("workflow#"), item["due_at"]) for item in items]


def whole(items: dict[str, Item], now: int) -> tuple[Workflow, list[dict[str, Any]] | None] | None:
    """A workflow and its content of the items under its key, by their sort keys.

    The content is gone in time even where nobody has told the table when the workflow ended.
    """
    if "state" not in items:
        return None
    workflow, stored = from_plain(items["state"]), items.get("content")
    if stored is None or due.content_expires_at(workflow, stored["retention"]) <= now // 1000:
        return workflow, None
    return workflow, simplejson.loads(stored["content"], use_decimal=True)


def _state_item(workflow: Workflow) -> Item:
    item = {**key(f"workflow#{workflow.id}", "state"), **to_plain(workflow)}
    item["listed"] = workflow.account
    item["channels"] = sorted({step.channel for step in workflow.steps})
    if workflow.client_ref is not None:
        item["referred"] = referred(workflow.account, workflow.client_ref)
    if workflow.due_at is not None:
        item["due"] = f"{_kind(workflow)}#{int(workflow.id[:8], 16) % DUE_SHARDS}"
    return item


def _kind(workflow: Workflow) -> str:
    if not workflow.running:
        return "unpublished"
    return "due" if workflow.steps[-1].phase == "pending" else "silent"


def referred(account: str, client_ref: str) -> str:
    """The partition of the index `referred`: what an account calls by one client_ref."""
    return f"{account}#{client_ref}"


def _pointer_item(workflow_id: str, pointer: Pointer) -> Item:
    return {
        **key(f"message#{pointer.message_uuid}", "pointer"),
        "workflow": workflow_id,
        "step": pointer.step,
        "expires_at": pointer.expires_at,
    }


def _once_item(once: Once) -> Item:
    return {
        **key(once.key, "idempotency"),
        "request": once.request,
        "workflow_id": once.workflow_id,
        "word": once.word,
        "expires_at": once.expires_at,
    }
