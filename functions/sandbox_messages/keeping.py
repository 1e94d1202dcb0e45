"""The sandbox's own table and queue."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from failover.adapters import aws
from failover.rules.formats import lenient_json

_KEPT_SECONDS = 86400
NO_REFERENCE = "-"
"""The key of messages that came without a client_ref."""


@dataclass(frozen=True)
class Key:
    """Of one message that was kept."""

    client_ref: str | None
    message_uuid: str

    def item(self) -> dict[str, dict[str, str]]:
        return {"client_ref": {"S": self.client_ref or NO_REFERENCE}, "message_uuid": {"S": self.message_uuid}}


class Kept:
    """The requests of the last day."""

    @cached_property
    def client(self) -> Any:
        return aws.client("dynamodb")

    @cached_property
    def _table(self) -> str:
        return os.environ["SANDBOX_TABLE"]

    def keep(self, key: Key, version: str, body: Any, callback_url: str, credentials: str, now: int) -> None:
        """Keep a request to `version` of the Messages API; its callbacks will go to `callback_url`.

        `credentials`: the form it was sent with, `account` or `application`.
        """
        item = {
            **key.item(),
            "version": {"S": version},
            "callback_url": {"S": callback_url},
            "credentials": {"S": credentials},
            "body": {"S": json.dumps(body, ensure_ascii=False, default=str)},
            "at": {"N": str(now)},
            "expires_at": {"N": str(now // 1000 + _KEPT_SECONDS)},
        }
        with aws.failures("dynamodb"):
            self.client.put_item(TableName=self._table, Item=item)

    def find(self, key: Key, now: int) -> tuple[str, Any, str] | None:
        """(version, body, callback URL) of one message. Returns None after a day."""
        with aws.failures("dynamodb"):
            answer = self.client.get_item(TableName=self._table, Key=key.item(), ConsistentRead=True)
        item = answer.get("Item")
        if item is None or now >= 1000 * int(item["expires_at"]["N"]):
            return None
        return item["version"]["S"], json.loads(item["body"]["S"]), item["callback_url"]["S"]

    def of(self, client_ref: str, now: int) -> list[dict[str, Any]]:
        """The messages of the last day with this reference, and when (ms) and with which credentials each was sent."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="client_ref = :ref",
            ExpressionAttributeValues={":ref": {"S": client_ref or NO_REFERENCE}},
        )
        with aws.failures("dynamodb"):
            items = [item for page in pages for item in page["Items"]]
        return [
            {
                "message_uuid": item["message_uuid"]["S"],
                "at": int(item["at"]["N"]),
                "credentials": item["credentials"]["S"],
                "body": json.loads(item["body"]["S"]),
            }
            for item in items
            if now < 1000 * int(item["expires_at"]["N"])
        ]


def written(key: Key, status: str) -> str:
    """A queue message: it names a kept message, without a body to sign or a URL to send it to."""
    return json.dumps({**asdict(key), "status": status})


class UnknownMessage(Exception):
    """A queue message that `written` has not made."""


def read(text: str) -> tuple[Key, str]:
    """(key, status to report) of a queue message. Raises UnknownMessage."""
    try:
        message = lenient_json.parse(text.encode(errors="replace"))
    except lenient_json.UnreadableJson:
        raise UnknownMessage from None
    if not isinstance(message, dict) or set(message) != {"client_ref", "message_uuid", "status"}:
        raise UnknownMessage
    client_ref, message_uuid, status = (message[name] for name in ("client_ref", "message_uuid", "status"))
    if not (client_ref is None or _is_word(client_ref)) or not _is_word(message_uuid) or not _is_word(status):
        raise UnknownMessage
    return Key(client_ref, message_uuid), status


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 40


class Schedule:
    """Callbacks to come."""

    @cached_property
    def client(self) -> Any:
        return aws.client("sqs")

    def all(self, key: Key, receipts: Sequence[tuple[int, str]]) -> None:
        """Schedule a callback for each (seconds, status): at most ten, at most 900 seconds ahead, in one call."""
        entries = [
            {"Id": str(number), "MessageBody": written(key, status), "DelaySeconds": seconds}
            for number, (seconds, status) in enumerate(receipts)
        ]
        if not entries:
            return
        with aws.failures("sqs"):
            answer = self.client.send_message_batch(QueueUrl=os.environ["SANDBOX_QUEUE"], Entries=entries)
        if answer.get("Failed"):
            raise aws.Unavailable("sqs: some messages were not accepted")
