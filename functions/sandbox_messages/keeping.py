"""The sandbox's own table and queue."""

import json
import os
from functools import cached_property
from typing import Any

from failover.adapters import aws

_KEPT_SECONDS = 86400
NO_REFERENCE = "-"
"""The key of messages that came without a client_ref."""


class Kept:
    """What was sent, for a day."""

    @cached_property
    def _client(self) -> Any:
        return aws.client("dynamodb")

    @cached_property
    def _table(self) -> str:
        return os.environ["SANDBOX_TABLE"]

    def keep(self, client_ref: str | None, message_uuid: str, body: Any, now: int) -> None:
        item = {
            "client_ref": {"S": client_ref or NO_REFERENCE},
            "message_uuid": {"S": message_uuid},
            "body": {"S": json.dumps(body, ensure_ascii=False, default=str)},
            "at": {"N": str(now)},
            "expires_at": {"N": str(now // 1000 + _KEPT_SECONDS)},
        }
        with aws.failures("dynamodb"):
            self._client.put_item(TableName=self._table, Item=item)

    def of(self, client_ref: str, now: int) -> list[dict[str, Any]]:
        """The messages with this reference, with the time each was sent (ms); none is older than a day."""
        pages = self._client.get_paginator("query").paginate(
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
                "body": json.loads(item["body"]["S"]),
            }
            for item in items
            if now < 1000 * int(item["expires_at"]["N"])
        ]


class Schedule:
    """Receipts to come."""

    @cached_property
    def _client(self) -> Any:
        return aws.client("sqs")

    def all(self, webhook_url: str, receipts: list[tuple[int, dict[str, Any]]]) -> None:
        """Have each body sent to `webhook_url` after its seconds (at most 900): ten of them at most, in one call."""
        entries = [
            {
                "Id": str(number),
                "MessageBody": json.dumps({"webhook_url": webhook_url, "body": body}),
                "DelaySeconds": seconds,
            }
            for number, (seconds, body) in enumerate(receipts)
        ]
        if not entries:
            return
        with aws.failures("sqs"):
            answer = self._client.send_message_batch(QueueUrl=os.environ["SANDBOX_QUEUE"], Entries=entries)
        if answer.get("Failed"):
            raise aws.Unavailable("sqs: some receipts were not taken")
