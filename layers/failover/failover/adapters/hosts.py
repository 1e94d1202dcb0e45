"""What is known of the hosts that customers' webhooks go to: only of those that time out is anything kept."""

import hashlib

from botocore.exceptions import ClientError

from failover.adapters import aws
from failover.adapters.table import Item, Table, condition_failed, key, marshalled
from failover.rules import due
from failover.rules.hanging import KEPT_SECONDS, PROBE_SECONDS, Host


class Hosts:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, account: str, name: str) -> Host:
        """What is known of a host; of most of them nothing is."""
        host = Host(account, name)
        item = self._table.get_all(_key(host)).get(_key(host), {})
        return Host(account, name, item.get("timeouts", 0), item.get("probe_at", 0))

    def probe(self, host: Host, now: int) -> bool:
        """Take the next attempt at a host that hangs; False: it is not time yet, or somebody else has taken it."""
        if now < host.probe_at:
            return False
        values = {":next": now + PROBE_SECONDS * 1000, ":known": host.probe_at}
        return self._update(host, "SET probe_at = :next", values, "probe_at = :known")

    def timed_out(self, host: Host, now: int) -> None:
        """Count a time-out."""
        values = {":one": 1, ":next": now + PROBE_SECONDS * 1000, ":expires_at": due.forgotten_at(now, KEPT_SECONDS)}
        self._update(host, "SET probe_at = :next, expires_at = :expires_at ADD timeouts :one", values)

    def answered(self, host: Host) -> None:
        """Forget the time-outs: it answers again."""
        self._update(host, "SET timeouts = :none", {":none": 0})

    def _update(self, host: Host, update: str, values: Item, condition: str | None = None) -> bool:
        request = {
            "TableName": self._table.name,
            "Key": marshalled(key(*_key(host))),
            "UpdateExpression": update,
            "ExpressionAttributeValues": marshalled(values),
            **({"ConditionExpression": condition} if condition else {}),
        }
        try:
            with aws.failures("dynamodb"):
                self._table.client.update_item(**request)
        except ClientError as error:
            if condition_failed(error):
                return False
            raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None
        return True


def _key(host: Host) -> tuple[str, str]:
    return f"host#{host.account}#{hashlib.sha256(host.name.encode()).hexdigest()}", "host"
