"""The hosts that webhooks go to. The table keeps only those with timeouts."""

import hashlib
from typing import Any

from failover.adapters.table import ConditionFailed, Item, Table, calls, key, marshalled, new_write_id
from failover.rules.formats.stored import checked
from failover.rules.webhooks.hanging import KEPT_SECONDS, PROBE_SECONDS, Host
from failover.rules.workflow import retention


class Hosts:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, account: str, name: str) -> Host:
        """A host with its timeouts. Most hosts have none, and no item."""
        host = Host(account, name)
        item = self._table.get_all(_key(host)).get(_key(host), {})
        return Host(account, name, len(checked(item, "timed_out", set, set())), checked(item, "probe_at", int, 0))

    def probe(self, host: Host, now: int) -> bool:
        """Claim the next probe of a hanging host. Returns False if it is too early or claimed already."""
        if now < host.probe_at:
            return False
        values = {":next": now + PROBE_SECONDS * 1000, ":known": host.probe_at, ":me": new_write_id()}
        return self._update(host, "SET probe_at = :next, probe_by = :me", values, "probe_at = :known OR probe_by = :me")

    def timed_out(self, host: Host, attempt_id: str, now: int) -> None:
        """Record a timeout by the id of its attempt, so that a retried write counts it once.

        A host that hangs already needs no further timeouts. An expired item starts anew, whether or not DynamoDB has
        removed it.
        """
        values = {
            ":now": now // 1000,
            ":next": now + PROBE_SECONDS * 1000,
            ":expires_at": retention.forgotten_at(now, KEPT_SECONDS),
        }
        times, one = "SET probe_at = :next, expires_at = :expires_at", {":one": {attempt_id}}
        update = f"{times} ADD timed_out :one"
        more = one
        if host.hangs:
            update, more = times, {}
        if not self._update(host, update, values | more, "attribute_not_exists(pk) OR expires_at > :now"):
            self._update(host, f"{times}, timed_out = :one", values | one, "expires_at <= :now")

    def answered(self, host: Host) -> None:
        """Forget the timeouts: the host answers again."""
        self._update(host, "REMOVE timed_out", {}, "attribute_exists(pk)")

    def _update(self, host: Host, update: str, values: Item, condition: str) -> bool:
        """Returns False if the condition was not met."""
        request: dict[str, Any] = {
            "TableName": self._table.name,
            "Key": marshalled(key(*_key(host))),
            "UpdateExpression": update,
            "ConditionExpression": condition,
        }
        if values:
            request["ExpressionAttributeValues"] = marshalled(values)
        try:
            with calls():
                self._table.client.update_item(**request)
        except ConditionFailed:
            return False
        return True


def _key(host: Host) -> tuple[str, str]:
    return f"host#{host.account}#{hashlib.sha256(host.name.encode()).hexdigest()}", "host"
