"""Accounts and applications: who may call.

An account or application is written together with its entry in a list: all accounts, or the account's applications. The
entry is a key and nothing else, so that it never contradicts what it leads to.
"""

import secrets
from collections.abc import Callable
from typing import Any

from failover.adapters import aws
from failover.adapters.table import (
    MOST_AT_ONCE,
    AlreadyExists,
    ConditionFailed,
    Item,
    Table,
    calls,
    key,
    marshalled,
    new_write_id,
    with_write,
)
from failover.errors import Overtaken

_ALL_ACCOUNTS = "accounts"


def new_api_key() -> str:
    return secrets.token_hex(4)


def new_secret() -> str:
    """32 random bytes, as 43 characters that need no quoting in a shell or a URL."""
    return secrets.token_urlsafe(32)


class Outdated(Overtaken):
    """The item has changed since it was read, or is being written."""


class Callers:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find_account(self, api_key: str) -> Item | None:
        return self._table.get(f"account#{api_key}", "account")

    def find_application(self, application_id: str) -> Item | None:
        return self._table.get(f"application#{application_id}", "application")

    def accounts(self, limit: int, after: str | None = None) -> tuple[list[Item], str | None]:
        """Return up to `limit` accounts (at most MOST_AT_ONCE) whose keys follow `after`, and the next page's `after`.

        That is None on the last page. Accounts are ordered by key. One that an earlier version stored is not listed
        until its next change.
        """
        keys = self._listed(_ALL_ACCOUNTS, after, limit + 1)
        page = keys[:limit]
        return self._all("account", page), page[-1] if len(keys) > limit else None

    def applications(self, api_key: str) -> list[Item]:
        """Return all applications of an account, ordered by id."""
        found: list[Item] = []
        last = None
        while ids := self._listed(api_key, last, MOST_AT_ONCE):
            found += self._all("application", ids)
            last = ids[-1]
        return found

    def add_account(self, api_key: str, account: Item) -> None:
        """Raises AlreadyExists."""
        if not self._put({**key(f"account#{api_key}", "account"), **account}, "attribute_not_exists(pk)"):
            raise AlreadyExists("account")

    def add_application(self, application_id: str, application: Item) -> None:
        """Add an application to `application["account"]`. Raises Outdated if that account is gone.

        The account's version rises, so a deletion of the account that began before fails.
        """
        item = {**key(f"application#{application_id}", "application"), **application}
        of_account = {
            "TableName": self._table.name,
            "Key": marshalled(key(f"account#{application['account']}", "account")),
            "UpdateExpression": "ADD version :one",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeValues": marshalled({":one": 1}),
        }
        if not self._put(item, "attribute_not_exists(pk)", {"Update": of_account}):
            raise Outdated

    def replace(self, known: Item, **changes: Any) -> None:
        """Change attributes of an account or application that is still as it was read; None removes one.

        All others stay as they are, also those of a later release. Raises Outdated.
        """
        condition, values = _as_read(known)
        changed = {**known, **changes, "version": known.get("version", 0) + 1}
        written = {name: value for name, value in changed.items() if value is not None or name not in changes}
        if not self._put(written, condition, **values):
            raise Outdated

    def delete(self, known: Item) -> None:
        """Delete an account or application that is still as it was read. Raises Outdated."""
        condition, values = _as_read(known)
        deletes = [self._table.delete(known, condition, **values), self._table.delete(_entry(known))]
        if not self._write(
            lambda: self._table.get(known["pk"], known["sk"]) is None, *({"Delete": d} for d in deletes)
        ):
            raise Outdated

    def _put(self, item: Item, condition: str, *others: dict[str, Any], **values: Any) -> bool:
        """Write an item with its entry, and `others`. Returns False if a condition was not met."""
        write_id = new_write_id()
        item = {**item, "writes": list(with_write(item.get("writes", []), write_id))}

        def written() -> bool:
            current = self._table.get(item["pk"], item["sk"])
            return current is not None and write_id in current.get("writes", [])

        puts = [self._table.put(item, condition, **values), self._table.put(_entry(item))]
        return self._write(written, *({"Put": put} for put in puts), *others)

    def _write(self, done: Callable[[], bool], *parts: dict[str, Any]) -> bool:
        """Write all of a transaction or nothing. Returns False if a condition was not met.

        If its answer gets lost, `done` reads whether it was carried out.
        """
        try:
            with calls():
                self._table.client.transact_write_items(TransactItems=list(parts))
        except (ConditionFailed, aws.Unavailable) as error:
            if aws.insistently(done, self._table.sleep):
                return True
            if isinstance(error, ConditionFailed):
                return False
            raise
        return True

    def _listed(self, list_of: str, after: str | None, limit: int) -> list[str]:
        """Return up to `limit` keys of a list, those that follow `after`."""
        entries = self._table.following(f"registry#{list_of}", after, limit)
        return [entry["sk"] for entry in entries]

    def _all(self, kind: str, keys: list[str]) -> list[Item]:
        places = [(f"{kind}#{one}", kind) for one in keys]
        items = self._table.get_all(*places) if places else {}
        return [items[place] for place in places if place in items]


def _as_read(known: Item) -> tuple[str, Item]:
    """The condition that an item is as it was read. One that an earlier version stored has no `version`."""
    if "version" not in known:
        return "attribute_exists(pk) AND attribute_not_exists(version)", {}
    return "version = :read", {"read": known["version"]}


def _entry(item: Item) -> Item:
    """The entry of an account or application in its list."""
    list_of = _ALL_ACCOUNTS if item["sk"] == "account" else item["account"]
    return key(f"registry#{list_of}", item["pk"].partition("#")[2])
