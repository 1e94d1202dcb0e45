"""The table: workflows, their content, pointers from messages, accounts and applications.

pk                    sk             what
workflow#<id>         state          ids, steps' states, timeline, task token: small, and versioned
workflow#<id>         content        what is to be sent to whom; never changed
message#<uuid>        pointer        the workflow and step of a message, for callbacks without our reference
account#<api key>     account        name, hashes of its secrets, status URL
application#<id>      application    account, public key, status URL
"""

import uuid
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import simplejson
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from failover.adapters import aws
from failover.rules.workflow import Workflow, from_plain, to_plain

DUE_SHARDS = 8
"""Partitions of the index `due`: enough that no single one takes every workflow's writes."""


class Conflict(Exception):
    """Somebody else wrote first. `current` is the workflow as it is now."""

    def __init__(self, current: Workflow) -> None:
        super().__init__("written by somebody else")
        self.current = current


class AlreadyExists(Exception):
    """There is an item with this key."""


class Outdated(Exception):
    """The item is no longer what it was when it was read."""


@dataclass(frozen=True)
class Pointer:
    """Leads from a message to its step; forgotten with the workflow's content."""

    message_uuid: str
    step: int
    expires_at: int


class Store:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table_name: str, client: Any = None) -> None:
        self._table = table_name
        self._client = client or aws.client("dynamodb")

    def create(self, workflow: Workflow, content: list[dict[str, Any]], content_expires_at: int) -> None:
        """Put a new workflow and its content, both or neither."""
        state = {**_state_item(workflow), "write_id": str(uuid.uuid4())}
        stored = {
            **_key(f"workflow#{workflow.id}", "content"),
            "content": simplejson.dumps(content, ensure_ascii=False, use_decimal=True),
            "expires_at": content_expires_at,
        }
        with aws.failures("dynamodb"):
            self._client.transact_write_items(
                TransactItems=[
                    {"Put": {**self._put(state), "ConditionExpression": "attribute_not_exists(pk)"}},
                    {"Put": self._put(stored)},
                ]
            )

    def read(self, workflow_id: str) -> Workflow | None:
        """The workflow as it is now (a consistent read)."""
        item = self._get(f"workflow#{workflow_id}", "state")
        return from_plain(item) if item else None

    def read_whole(self, workflow_id: str) -> tuple[Workflow, list[dict[str, Any]] | None] | None:
        """The workflow and its content, in one consistent query; the content is None once it has been dropped."""
        with aws.failures("dynamodb"):
            answer = self._client.query(
                TableName=self._table,
                ConsistentRead=True,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"workflow#{workflow_id}"}},
            )
        items = {item["sk"]: item for item in map(_plain, answer["Items"])}
        if "state" not in items:
            return None
        content = simplejson.loads(items["content"]["content"], use_decimal=True) if "content" in items else None
        return from_plain(items["state"]), content

    def write(self, workflow: Workflow, pointer: Pointer | None = None) -> Workflow:
        """Replace the state item if nobody has written it since `workflow` was read; the workflow as written.

        Raises Conflict with the current one. A write whose answer got lost and was repeated by the client meets
        itself; its `write_id` tells, and that is no conflict.
        """
        written = replace(workflow, version=workflow.version + 1)
        item = {**_state_item(written), "write_id": str(uuid.uuid4())}
        put = {
            **self._put(item),
            "ConditionExpression": "version = :read",
            "ExpressionAttributeValues": {":read": {"N": str(workflow.version)}},
        }
        try:
            with aws.failures("dynamodb"):
                if pointer is None:
                    self._client.put_item(**put)
                else:
                    self._client.transact_write_items(
                        TransactItems=[{"Put": put}, {"Put": self._put(_pointer_item(workflow.id, pointer))}]
                    )
        except ClientError as error:
            if not _lost_the_race(error):
                raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None
        else:
            return written
        current = self._get(f"workflow#{workflow.id}", "state")
        if current is None:
            raise RuntimeError("dynamodb: a workflow vanished while it was written")
        if current["write_id"] == item["write_id"]:
            return from_plain(current)
        raise Conflict(from_plain(current))

    def find_message(self, message_uuid: str) -> tuple[str, int] | None:
        """(workflow id, step number) of a message the Messages API has accepted."""
        item = self._get(f"message#{message_uuid}", "pointer")
        return (item["workflow"], item["step"]) if item else None

    def find_account(self, api_key: str) -> dict[str, Any] | None:
        return self._get(f"account#{api_key}", "account")

    def add_account(self, api_key: str, account: dict[str, Any]) -> None:
        self._add({**_key(f"account#{api_key}", "account"), **account})

    def replace_secrets(self, api_key: str, known: list[dict[str, Any]], secrets: list[dict[str, Any]]) -> None:
        """Put `secrets` in the place of the `known` ones. Raises Outdated if those have changed."""
        try:
            with aws.failures("dynamodb"):
                self._client.update_item(
                    TableName=self._table,
                    Key=_marshalled(_key(f"account#{api_key}", "account")),
                    UpdateExpression="SET secrets = :secrets",
                    ConditionExpression="secrets = :known",
                    ExpressionAttributeValues=_marshalled({":secrets": secrets, ":known": known}),
                )
        except ClientError as error:
            if aws.error_code(error) == "ConditionalCheckFailedException":
                raise Outdated from None
            raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None

    def find_application(self, application_id: str) -> dict[str, Any] | None:
        return self._get(f"application#{application_id}", "application")

    def add_application(self, application_id: str, application: dict[str, Any]) -> None:
        self._add({**_key(f"application#{application_id}", "application"), **application})

    def _add(self, item: dict[str, Any]) -> None:
        try:
            with aws.failures("dynamodb"):
                self._client.put_item(**self._put(item), ConditionExpression="attribute_not_exists(pk)")
        except ClientError as error:
            if aws.error_code(error) == "ConditionalCheckFailedException":
                raise AlreadyExists(item["sk"]) from None
            raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None

    def _get(self, pk: str, sk: str) -> dict[str, Any] | None:
        with aws.failures("dynamodb"):
            answer = self._client.get_item(TableName=self._table, Key=_marshalled(_key(pk, sk)), ConsistentRead=True)
        return _plain(answer["Item"]) if "Item" in answer else None

    def _put(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"TableName": self._table, "Item": _marshalled(item)}


def _key(pk: str, sk: str) -> dict[str, str]:
    return {"pk": pk, "sk": sk}


def _state_item(workflow: Workflow) -> dict[str, Any]:
    item = {**_key(f"workflow#{workflow.id}", "state"), **to_plain(workflow)}
    if workflow.due_at is not None:
        item["due"] = f"due#{int(workflow.id[:8], 16) % DUE_SHARDS}"
    return item


def _pointer_item(workflow_id: str, pointer: Pointer) -> dict[str, Any]:
    return {
        **_key(f"message#{pointer.message_uuid}", "pointer"),
        "workflow": workflow_id,
        "step": pointer.step,
        "expires_at": pointer.expires_at,
    }


def _lost_the_race(error: ClientError) -> bool:
    if aws.error_code(error) in ("ConditionalCheckFailedException", "TransactionConflictException"):
        return True
    return bool(aws.cancellations(error) & {"ConditionalCheckFailed", "TransactionConflict"})


def _marshalled(item: dict[str, Any]) -> dict[str, Any]:
    serialize = TypeSerializer().serialize
    return {key: serialize(value) for key, value in item.items()}


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    deserialize = TypeDeserializer().deserialize
    return {key: _whole(deserialize(value)) for key, value in item.items()}


def _whole(value: Any) -> Any:
    """DynamoDB gives every number as a Decimal; all of ours are whole."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value
