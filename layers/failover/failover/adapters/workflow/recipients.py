"""Which workflows had a recipient, by the keyed hash of its address, and what its erasure did.

An entry leads from a recipient to one workflow, and is stored with it (`store`). An erasure writes its `verdict`
(`rules.erasure.proof`) into the entry in the transaction that deletes the content, so that neither exists alone.
"""

from dataclasses import dataclass
from typing import Any

from failover.adapters.table import ConditionFailed, Item, Table, calls, key, marshalled, plain
from failover.rules.erasure.proof import KEPT_SECONDS, Verdict
from failover.rules.formats.stored import checked

MOST_AT_ONCE = 100
"""Entries of a page."""
_ERASURES = "erasure#all"


@dataclass(frozen=True)
class Entry:
    recipient: str
    """The keyed hash."""
    workflow_id: str
    verdict: Verdict | None
    """What an erasure of this recipient did to the workflow; None: none has."""
    began_at: int | None
    """When an erasure began to cancel the workflow (ms)."""


@dataclass(frozen=True)
class Content:
    """The content of a workflow, without its texts and addresses."""

    retention: int
    """Seconds it is kept after the end."""
    expires_at: int
    """Seconds. While the workflow runs: the latest possible time."""
    once: str | None
    """The key of the table under which the workflow's Idempotency-Key is kept."""


def entry_item(recipient: str, workflow_id: str, expires_at: int) -> Item:
    return {**key(f"recipient#{recipient}", f"workflow#{workflow_id}"), "expires_at": expires_at}


class Recipients:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def page(
        self, recipients: list[str], limit: int, after: tuple[str, str] | None = None
    ) -> tuple[list[Entry], tuple[str, str] | None]:
        """Return up to `limit` entries (at most MOST_AT_ONCE) of these recipients, and the next page's `after`.

        `after` is the (recipient, workflow) of the last entry; None on the last page. Those of one recipient come after
        each other, ordered by workflow. Raises ValueError if `after` names none of these recipients.
        """
        first = recipients.index(after[0]) if after else 0
        found: list[Entry] = []
        for recipient in recipients[first:]:
            last = after[1] if after and recipient == after[0] else None
            found += self._of(recipient, limit + 1 - len(found), last)
            if len(found) > limit:
                return found[:limit], (found[limit - 1].recipient, found[limit - 1].workflow_id)
        return found, None

    def _of(self, recipient: str, limit: int, after: str | None) -> list[Entry]:
        items = self._table.following(f"recipient#{recipient}", after and f"workflow#{after}", limit)
        return [_entry(item) for item in items]

    def again(self, entry: Entry) -> Entry:
        """Return an entry as it is now."""
        with calls():
            answer = self._table.client.get_item(TableName=self._table.name, Key=_key(entry), ConsistentRead=True)
        return _entry(plain(answer.get("Item") or _key(entry)))

    def content(self, workflow_id: str) -> Content | None:
        """Return what is known of a workflow's content, also if its state is gone. None: there is no content."""
        with calls():
            answer = self._table.client.get_item(
                TableName=self._table.name,
                Key=marshalled(key(f"workflow#{workflow_id}", "content")),
                ConsistentRead=True,
                ProjectionExpression="#retention, expires_at, #once",
                ExpressionAttributeNames={"#retention": "retention", "#once": "once"},
            )
        if not answer.get("Item"):
            return None
        item = plain(answer["Item"])
        return Content(
            checked(item, "retention", int, 0),
            checked(item, "expires_at", int, 0),
            checked(item, "once", str, None),
        )

    def begin(self, entry: Entry, now: int) -> int:
        """Record that an erasure begins to cancel this entry's workflow. Returns when the first did (ms)."""
        with calls():
            answer = self._table.client.update_item(
                TableName=self._table.name,
                Key=_key(entry),
                UpdateExpression="SET began_at = if_not_exists(began_at, :now)",
                ExpressionAttributeValues=marshalled({":now": now}),
                ReturnValues="ALL_NEW",
            )
        began: int = checked(plain(answer["Attributes"]), "began_at", int)
        return began

    def forget_request(self, once: str, workflow_id: str) -> None:
        """Replace the hash of the request that was made with a workflow's Idempotency-Key. Idempotent.

        The key stays: without it a client that repeats the request would create a second workflow.
        """
        try:
            with calls():
                self._table.client.update_item(
                    TableName=self._table.name,
                    Key=marshalled(key(once, "idempotency")),
                    UpdateExpression="SET #request = :erased",
                    ConditionExpression="workflow_id = :workflow",
                    ExpressionAttributeNames={"#request": "request"},
                    ExpressionAttributeValues=marshalled({":erased": "erased", ":workflow": workflow_id}),
                )
        except ConditionFailed:
            pass  # it has expired, or another workflow has the key by now

    def drop(self, entries: list[Entry], verdict: Verdict) -> None:
        """Delete the content of these entries' workflow, and record the verdict in them: all or nothing.

        Raises ConditionFailed if one has another verdict than as it was read, or another write is in progress.
        """
        (workflow_id,) = {entry.workflow_id for entry in entries}
        content = self._table.delete(key(f"workflow#{workflow_id}", "content"))
        updates = [
            {
                "TableName": self._table.name,
                "Key": _key(entry),
                "UpdateExpression": "SET verdict = :verdict, expires_at = :expires_at",
                "ConditionExpression": "attribute_not_exists(verdict)" if entry.verdict is None else "verdict = :read",
                "ExpressionAttributeValues": marshalled(
                    {":verdict": verdict, ":expires_at": _kept_until(verdict["at"])}
                    | ({} if entry.verdict is None else {":read": entry.verdict})
                ),
            }
            for entry in entries
        ]
        with calls():
            self._table.client.transact_write_items(
                TransactItems=[{"Delete": content}, *({"Update": update} for update in updates)]
            )

    def add(self, recipient: str, workflow_id: str, expires_at: int) -> bool:
        """Add an entry for a workflow that has none. Returns False if it has one."""
        item = entry_item(recipient, workflow_id, expires_at)
        try:
            with calls():
                self._table.client.put_item(**self._table.put(item, "attribute_not_exists(pk)"))
        except ConditionFailed:
            return False
        return True

    def note(self, recipient: str, now: int) -> None:
        """Record that a recipient is being erased."""
        with calls():
            self._table.client.update_item(
                TableName=self._table.name,
                Key=marshalled(key(_ERASURES, recipient)),
                UpdateExpression="SET first_at = if_not_exists(first_at, :now), last_at = :now, expires_at = :until",
                ExpressionAttributeValues=marshalled({":now": now, ":until": _kept_until(now)}),
            )

    def erasures(self, limit: int, after: str | None = None) -> tuple[list[Item], str | None]:
        """Return up to `limit` records of `note`, ordered by recipient, and the next page's `after`."""
        items = self._table.following(_ERASURES, after, limit + 1)
        return items[:limit], items[limit - 1]["sk"] if len(items) > limit else None


def _kept_until(now: int) -> int:
    return now // 1000 + KEPT_SECONDS


def _key(entry: Entry) -> dict[str, Any]:
    return marshalled(key(f"recipient#{entry.recipient}", f"workflow#{entry.workflow_id}"))


def _entry(item: Item) -> Entry:
    return Entry(
        item["pk"].removeprefix("recipient#"),
        item["sk"].removeprefix("workflow#"),
        checked(item, "verdict", dict, None),
        checked(item, "began_at", int, None),
    )
