"""The sandbox's own table: the requests of the last day, and the statuses of messages on phones."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import simplejson

from failover.adapters import aws
from failover.adapters.table import calls, marshalled, plain
from failover.rules.formats import strict_json

_KEPT_SECONDS = 86400
_PHONES = "phones"
"""The index of the messages on an account's phones, by time."""
_MOST_ON_PHONES = 100
"""Messages of a list: as many as one BatchGetItem reads."""
_MOST_BYTES = 1_000_000
"""Of their bodies, in UTF-8: an answer of Lambda has at most 6 MB, in which JSON is escaped twice."""
NO_REFERENCE = "-"
"""The key of messages that came without a client_ref."""


@dataclass(frozen=True)
class Key:
    """Of one message that was kept."""

    client_ref: str | None
    message_uuid: str

    def item(self) -> dict[str, dict[str, str]]:
        return {"client_ref": {"S": self.client_ref or NO_REFERENCE}, "message_uuid": {"S": self.message_uuid}}


@dataclass(frozen=True)
class Report:
    """A status of a message on a phone."""

    status: str
    at: int
    """Milliseconds."""
    id: str
    """Of the queue message with this status; empty for the status that the sandbox reports by itself."""


@dataclass(frozen=True)
class Message:
    """A request that was kept."""

    key: Key
    version: str
    body: Any
    callback_url: str
    at: int
    """Milliseconds."""
    account: str | None
    """Whose phone the message is on. None if it is on none."""
    reports: tuple[Report, ...]
    """Of a message on a phone."""


class Kept:
    """The requests of the last day."""

    @cached_property
    def client(self) -> Any:
        return aws.client("dynamodb")

    @cached_property
    def _table(self) -> str:
        return os.environ["SANDBOX_TABLE"]

    def keep(
        self,
        key: Key,
        version: str,
        body: Any,
        callback_url: str,
        credentials: str,
        now: int,
        account: str | None = None,
    ) -> None:
        """Keep a request to `version` of the Messages API; its callbacks will go to `callback_url`.

        `credentials`: the form it was sent with, `account` or `application`
        `account`: whose phone the message is on, if any
        """
        item = {
            "version": version,
            "callback_url": callback_url,
            "credentials": credentials,
            "body": simplejson.dumps(body, ensure_ascii=False, use_decimal=True),
            "at": now,
            "expires_at": now // 1000 + _KEPT_SECONDS,
        }
        if account is not None:
            item |= {"account": account, "statuses": [_stored(Report("submitted", now, id=""))]}
        with aws.failures("dynamodb"):
            self.client.put_item(TableName=self._table, Item={**key.item(), **marshalled(item)})

    def find(self, key: Key, now: int) -> Message | None:
        """One message. Returns None after a day."""
        with aws.failures("dynamodb"):
            answer = self.client.get_item(TableName=self._table, Key=key.item(), ConsistentRead=True)
        return next(iter(_present([answer["Item"]], now)), None) if "Item" in answer else None

    def on_phone(self, account: str, message_uuid: str, now: int) -> Message | None:
        """A message on a phone of this account. Returns None if there is no such message."""
        pages = self.client.get_paginator("query").paginate(**self._on_phones(account, now))
        with aws.failures("dynamodb"):
            keys = (_key(item) for page in pages for item in page["Items"])
            key = next((key for key in keys if key.message_uuid == message_uuid), None)
        return self.find(key, now) if key is not None else None

    def on_phones(self, account: str, now: int) -> list[Message]:
        """The newest messages on this account's phones: at most 100, with bodies of at most a million bytes."""
        with aws.failures("dynamodb"):
            newest = self.client.query(**self._on_phones(account, now), Limit=_MOST_ON_PHONES)["Items"]
        keys = [_key(item).item() for item in newest]
        if not keys:
            return []
        request = {self._table: {"Keys": keys, "ConsistentRead": True}}
        with aws.failures("dynamodb"):
            answer = self.client.batch_get_item(RequestItems=request)
        if answer.get("UnprocessedKeys"):
            raise aws.Unavailable("dynamodb: some keys were not read")
        shown, size = [], 0
        for item in sorted(answer["Responses"][self._table], key=lambda item: int(item["at"]["N"]), reverse=True):
            size += len(item["body"]["S"].encode())
            if size > _MOST_BYTES:
                break
            shown.append(item)
        return _present(shown, now)

    def _on_phones(self, account: str, now: int) -> dict[str, Any]:
        """The arguments of a Query for an account's messages of the last day, newest first."""
        return {
            "TableName": self._table,
            "IndexName": _PHONES,
            "KeyConditionExpression": "#account = :account AND #at > :since",
            "ExpressionAttributeNames": {"#account": "account", "#at": "at"},
            "ExpressionAttributeValues": marshalled({":account": account, ":since": now - 1000 * _KEPT_SECONDS}),
            "ScanIndexForward": False,
        }

    def record(self, message: Message, report: Report) -> None:
        """Add a status to a message on a phone. Raises ConditionFailed if it has others than `message` by now."""
        with calls():
            self.client.update_item(
                TableName=self._table,
                Key=message.key.item(),
                UpdateExpression="SET statuses = list_append(statuses, :new)",
                ConditionExpression="size(statuses) = :known",
                ExpressionAttributeValues=marshalled({":new": [_stored(report)], ":known": len(message.reports)}),
            )

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
                "body": _body(item["body"]["S"]),
            }
            for item in items
            if now < 1000 * int(item["expires_at"]["N"])
        ]


def _stored(report: Report) -> dict[str, Any]:
    return {"status": report.status, "at": report.at, "id": report.id}


def _body(text: str) -> Any:
    """The kept body, with its numbers as they came: integers of any length, all others as Decimal."""
    return simplejson.loads(text, use_decimal=True, parse_int=strict_json.integer)


def _key(item: dict[str, Any]) -> Key:
    client_ref = item["client_ref"]["S"]
    return Key(None if client_ref == NO_REFERENCE else client_ref, item["message_uuid"]["S"])


def _present(items: list[dict[str, Any]], now: int) -> list[Message]:
    """DynamoDB's items as messages, without those older than a day."""
    found = [(_key(item), plain(item)) for item in items]
    return [
        Message(
            key,
            item["version"],
            _body(item["body"]),
            item["callback_url"],
            item["at"],
            item.get("account"),
            tuple(Report(one["status"], one["at"], one["id"]) for one in item.get("statuses", [])),
        )
        for key, item in found
        if now < 1000 * item["expires_at"]
    ]
