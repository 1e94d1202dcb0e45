"""Accounts and applications: who may call."""

import secrets
from typing import Any

from failover.adapters import aws
from failover.adapters.table import AlreadyExists, ConditionFailed, Item, Table, calls, key, new_write_id, with_write
from failover.errors import Overtaken


def new_api_key() -> str:
    return secrets.token_hex(4)


def new_secret() -> str:
    """32 random bytes, as 43 characters that need no quoting in a shell or a URL."""
    return secrets.token_urlsafe(32)


class Outdated(Overtaken):
    """The item is no longer what it was when it was read."""


class Callers:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find_account(self, api_key: str) -> Item | None:
        return self._table.get(f"account#{api_key}", "account")

    def add_account(self, api_key: str, account: Item) -> None:
        """Raises AlreadyExists."""
        self._add({**key(f"account#{api_key}", "account"), **account})

    def find_application(self, application_id: str) -> Item | None:
        return self._table.get(f"application#{application_id}", "application")

    def add_application(self, application_id: str, application: Item) -> None:
        """Raises AlreadyExists."""
        self._add({**key(f"application#{application_id}", "application"), **application})

    def replace(self, known: Item, **changes: Any) -> None:
        """Change attributes of an account or an application that is still as it was read. Raises Outdated.

        An item of release 0.1.0 has no version until its first change.
        """
        read = known.get("version")
        condition = "attribute_exists(pk) AND attribute_not_exists(version)" if read is None else "version = :read"
        values = {} if read is None else {"read": read}
        written = {**known, **changes, "version": (read or 0) + 1}
        if not self._put(written, condition, known.get("writes", []), **values):
            raise Outdated

    def _add(self, item: Item) -> None:
        if not self._put(item, "attribute_not_exists(pk)", []):
            raise AlreadyExists(item["sk"])

    def _put(self, item: Item, condition: str, writes: list[str], **values: Any) -> bool:
        """False: the condition was not met. A write whose answer gets lost is recognized by its id."""
        write_id = new_write_id()
        item = {**item, "writes": list(with_write(writes, write_id))}
        try:
            with calls():
                self._table.client.put_item(**self._table.put(item, condition, **values))
        except (ConditionFailed, aws.Unavailable) as error:
            current = aws.insistently(lambda: self._table.get(item["pk"], item["sk"]), self._table.sleep)
            if current is not None and write_id in current.get("writes", []):
                return True
            if isinstance(error, ConditionFailed):
                return False
            raise
        return True
