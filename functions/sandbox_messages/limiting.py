"""The sandbox's limit of requests a second: one bucket for the whole stack, in the sandbox's own table.

The bucket holds one second's worth of requests and fills evenly. Its item has one number, the instant at which it will
be full (the generic cell rate algorithm).
"""

import math
import os
from functools import cached_property
from typing import Any

from failover.adapters import aws
from failover.adapters.table import ConditionFailed, calls, marshalled

_KEY = {"client_ref": {"S": "the limit of requests, of the whole stack"}, "message_uuid": {"S": "-"}}
"""Longer than any `client_ref` that the sandbox accepts."""
_SECOND = 1_000_000


class Limit:
    """At most so many requests a second. Times are in microseconds, since requests may be less than 1 ms apart."""

    @cached_property
    def client(self) -> Any:
        return aws.client("dynamodb")

    @cached_property
    def per_second(self) -> float:
        """Requests. 0 stands for no limit."""
        return float(os.environ.get("SANDBOX_LIMIT") or 0)

    def takes(self, now: int) -> bool:
        """Take a request, at `now` (ms), out of the bucket. Returns False if it is empty. Raises aws.Unavailable.

        One conditional write while requests keep coming; two when one finds the bucket full. If the answer gets lost
        and the write is repeated, the request counts twice.
        """
        at = now * 1000
        interval = math.ceil(_SECOND / self.per_second)
        emptied = at + (max(1, math.floor(self.per_second)) - 1) * interval
        return (
            self._takes_from_started(at, interval, emptied)
            or self._takes_from_full(at, interval)
            or self._takes_from_started(at, interval, emptied)  # another request was first to find it full
        )

    def _takes_from_started(self, at: int, interval: int, emptied: int) -> bool:
        values = {":at": at, ":interval": interval, ":emptied": emptied}
        return self._written("SET full_at = full_at + :interval", "full_at BETWEEN :at AND :emptied", values)

    def _takes_from_full(self, at: int, interval: int) -> bool:
        values = {":at": at, ":next": at + interval}
        return self._written("SET full_at = :next", "attribute_not_exists(full_at) OR full_at < :at", values)

    def _written(self, update: str, condition: str, values: dict[str, int]) -> bool:
        try:
            with calls():
                self.client.update_item(
                    TableName=os.environ["SANDBOX_TABLE"],
                    Key=_KEY,
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=marshalled(values),
                )
        except ConditionFailed:
            return False
        return True
