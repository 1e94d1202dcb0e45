"""Workflows, their content, and the pointers from messages to workflows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

import simplejson

from failover.adapters import aws
from failover.adapters.table import (
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
from failover.adapters.workflow.recipients import entry_item
from failover.errors import Overtaken
from failover.rules.formats import strict_json
from failover.rules.formats.ids import is_id
from failover.rules.formats.stored import UnreadableItem, checked
from failover.rules.workflow import overdue, retention
from failover.rules.workflow.state import Workflow, from_plain, to_plain

_MOST_IN_A_TRANSACTION = 100


class Conflict(Overtaken):
    """Another writer was first. `current` is the workflow as it is now."""

    def __init__(self, current: Workflow) -> None:
        super().__init__("another writer was first")
        self.current = current


class PointerTaken(Overtaken):
    """The Messages API gave a message the id of another message of this stack."""


class Vanished(Overtaken):
    """The workflow to write is gone."""


@dataclass(frozen=True)
class Pointer:
    """Leads from a message to its step. Expires with the workflow's record."""

    message_uuid: str
    step: int
    expires_at: int


@dataclass(frozen=True)
class Kept:
    """The content of a workflow: its steps in the form of `Request.steps`."""

    content: list[dict[str, Any]]
    until: int
    """When it is dropped (seconds since the epoch). While the workflow runs: the latest possible time."""


@dataclass(frozen=True)
class Once:
    """The request that an account made with an Idempotency-Key, and its workflow."""

    key: str
    """Of the table: a hash of account and key."""
    request: str
    """Hash of what the request means."""
    workflow_id: str
    word: str
    expires_at: int


class KeyUsed(Overtaken):
    """This Idempotency-Key has a workflow already."""

    def __init__(self, first: Once) -> None:
        super().__init__("the key has been used")
        self.first = first


class KeyInUse(aws.Unavailable):
    """A workflow with this Idempotency-Key is being stored: in a moment it exists, or the key is free."""


class Store:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._client = table.client

    def create(
        self,
        workflow: Workflow,
        content: list[dict[str, Any]],
        content_retention: int,
        once: Once | None = None,
        recipients: Sequence[str] = (),
    ) -> None:
        """Put a new workflow, its content, its recipients and its Idempotency-Key: all or nothing.

        `content_retention`: seconds the content is kept after the end. `recipients`: keyed hashes. What does not fit in
        the transaction is put before it, so that no content is ever without them. Raises KeyUsed, KeyInUse.
        """
        stored = {
            **key(f"workflow#{workflow.id}", "content"),
            "content": stored_content(content),
            "retention": content_retention,
            "expires_at": retention.content_expires_at(workflow, content_retention),
        }
        puts = [
            self._table.put(state_item(workflow), "attribute_not_exists(pk)"),
            self._table.put(stored if once is None else {**stored, "once": once.key}),
        ]
        if once is not None:
            free = "attribute_not_exists(pk) OR expires_at <= :now"
            puts.append(self._table.put(_once_item(once), free, now=workflow.created_at // 1000))
        expires_at = retention.entries_expire_at(workflow, content_retention)
        entries = [self._table.put(entry_item(one, workflow.id, expires_at)) for one in recipients]
        room = _MOST_IN_A_TRANSACTION - len(puts)
        for some in batched(entries[room:], _MOST_IN_A_TRANSACTION, strict=False):
            self._put_all(some)
        puts += entries[:room]
        try:
            self._put_all(puts)
        except ConditionFailed:
            if once is None:
                raise AlreadyExists("workflow") from None
            first = self.find_once(once.key)
            # another request with this key is about to store its workflow
            if first is None or first.expires_at <= workflow.created_at // 1000:
                raise KeyInUse("dynamodb: the same Idempotency-Key is in use") from None
            if first.workflow_id != workflow.id:
                raise KeyUsed(first) from None

    def _put_all(self, puts: Iterable[dict[str, Any]]) -> None:
        with calls():  # botocore adds a token, so its retry is not a second transaction
            self._client.transact_write_items(TransactItems=[{"Put": put} for put in puts])

    def find_once(self, once_key: str) -> Once | None:
        """The request and workflow of an Idempotency-Key, or None."""
        item = self._table.get(once_key, "idempotency")
        if item is None:
            return None
        texts = {name: checked(item, name, str) for name in ("request", "workflow_id", "word")}
        return Once(once_key, **texts, expires_at=checked(item, "expires_at", int))

    def read(self, workflow_id: str) -> Workflow | None:
        """The workflow as it is now (a consistent read)."""
        item = self._table.get(f"workflow#{workflow_id}", "state")
        return from_plain(item) if item else None

    def read_many(
        self,
        ids: Iterable[str],
        unreadable: Callable[[UnreadableItem], None] | None = None,
        *,
        consistent: bool = False,
    ) -> dict[str, Workflow]:
        """The workflows of `ids` that exist, by id (100 in a call; eventually consistent reads, unless `consistent`).

        Raises UnreadableItem, or, with `unreadable`, leaves such a workflow out and calls it with the error.
        """
        found = {}
        places = ((f"workflow#{one}", "state") for one in ids)
        for item in self._table.get_all(*places, unreadable=unreadable, consistent=consistent).values():
            try:
                workflow = from_plain(item)
                found[workflow.id] = workflow
            except UnreadableItem as error:
                if unreadable is None:
                    raise
                unreadable(error)
        return found

    def read_whole(self, workflow_id: str) -> tuple[Workflow, list[dict[str, Any]] | None] | None:
        """The workflow and its content in one consistent query. The content is None once it has been dropped."""
        found = self.read_kept(workflow_id)
        return found and _without_time(*found)

    def read_kept(self, workflow_id: str) -> tuple[Workflow, Kept | None] | None:
        """As `read_whole`, with the time until which the content is kept."""
        with calls():
            answer = self._client.query(
                TableName=self._table.name,
                ConsistentRead=True,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues=marshalled(
                    {":pk": f"workflow#{workflow_id}", ":first": "content", ":last": "state"}
                ),
            )
        return _kept({item["sk"]: item for item in self._table.present(answer["Items"])}, self._table.now())

    def end_content(self, workflow: Workflow) -> None:
        """Let the content of an ended workflow expire its retention after the end.

        Until then it was to be kept for the longest life. Idempotent; content that was dropped or has expired stays so.
        """
        try:
            with calls():
                self._client.update_item(
                    TableName=self._table.name,
                    Key=marshalled(key(f"workflow#{workflow.id}", "content")),
                    UpdateExpression="SET expires_at = :ended_at + #retention",
                    ConditionExpression="attribute_exists(#retention) AND expires_at > :now",
                    ExpressionAttributeNames={"#retention": "retention"},
                    ExpressionAttributeValues=marshalled(
                        {":ended_at": retention.content_expires_at(workflow, 0), ":now": self._table.now() // 1000}
                    ),
                )
        except ConditionFailed:
            pass  # it has been dropped already

    def write(self, workflow: Workflow, pointer: Pointer | None = None) -> Workflow:
        """Replace the state item if its version is still that of `workflow`. Returns the workflow as written.

        A write whose answer gets lost is recognized by its id, even if others have written since. Raises Conflict with
        the current workflow, PointerTaken and Vanished; then nothing was written.
        """
        write_id = new_write_id()
        written = replace(workflow, version=workflow.version + 1, writes=with_write(workflow.writes, write_id))
        put = self._table.put(state_item(written), "version = :read", read=workflow.version)
        try:
            if pointer is None:
                with calls():
                    self._client.put_item(**put)
            else:
                self._put_with_pointer(put, workflow.id, pointer)
        except (ConditionFailed, aws.Unavailable) as error:
            current = aws.insistently(lambda: self.read(workflow.id), self._table.sleep)
            if current is not None and write_id in current.writes:
                return written
            if isinstance(error, aws.Unavailable):
                raise
            if current is None:
                raise Vanished from None
            raise Conflict(current) from None
        return written

    def _put_with_pointer(self, put: dict[str, Any], workflow_id: str, pointer: Pointer) -> None:
        own = "attribute_not_exists(pk) OR (workflow = :workflow AND step = :step)"
        pointing = self._table.put(_pointer_item(workflow_id, pointer), own, workflow=workflow_id, step=pointer.step)
        try:
            with calls():
                self._client.transact_write_items(TransactItems=[{"Put": put}, {"Put": pointing}])
        except ConditionFailed as failed:
            if failed.refused == {1}:
                raise PointerTaken from None
            raise

    def find_message(self, message_uuid: str) -> tuple[str, int] | None:
        """(workflow id, step number) of a message, or None."""
        item = self._table.get(f"message#{message_uuid}", "pointer")
        if item is None:
            return None
        place: tuple[str, int] = checked(item, "workflow", str), checked(item, "step", int)
        if not is_id(place[0]):
            raise UnreadableItem("workflow")
        return place


def stored_content(content: list[dict[str, Any]]) -> str:
    """The content as the table stores it, no longer than the request that brought it."""
    return simplejson.dumps(content, ensure_ascii=False, use_decimal=True, separators=(",", ":"))


def whole(items: dict[str, Item], now: int) -> tuple[Workflow, list[dict[str, Any]] | None] | None:
    """A workflow and its content from the items under its key, by sort key. The content is None once it has expired,
    even if its item does not yet say so.
    """
    found = _kept(items, now)
    return found and _without_time(*found)


def _kept(items: dict[str, Item], now: int) -> tuple[Workflow, Kept | None] | None:
    if "state" not in items:
        return None
    workflow, stored = from_plain(items["state"]), items.get("content")
    if stored is None:
        return workflow, None
    until = retention.content_expires_at(workflow, checked(stored, "retention", int))
    if until <= now // 1000:
        return workflow, None
    return workflow, Kept(_messages(checked(stored, "content", str), len(workflow.steps)), until)


def _without_time(workflow: Workflow, kept: Kept | None) -> tuple[Workflow, list[dict[str, Any]] | None]:
    return workflow, kept.content if kept else None


def _messages(content: str, steps: int) -> list[dict[str, Any]]:
    try:
        messages = simplejson.loads(content, use_decimal=True, parse_int=strict_json.integer)
    except (ValueError, RecursionError):
        raise UnreadableItem("content") from None
    if not isinstance(messages, list) or len(messages) != steps or not all(isinstance(one, dict) for one in messages):
        raise UnreadableItem("content")
    return messages


def state_item(workflow: Workflow) -> Item:
    item = {**key(f"workflow#{workflow.id}", "state"), **to_plain(workflow)}
    item["write_id"] = workflow.writes[-1] if workflow.writes else ""  # earlier versions recognize their writes by it
    item["listed"] = workflow.account
    item["channels"] = sorted({step.channel for step in workflow.steps})
    if workflow.client_ref is not None:
        item["referred"] = referred(workflow.account, workflow.client_ref)
    if workflow.due_at is not None:
        item["due"] = overdue.partition(workflow)
    return item


def referred(account: str, client_ref: str) -> str:
    """The partition of the index `referred`: an account's workflows with one client_ref."""
    return f"{account}#{client_ref}"


def _pointer_item(workflow_id: str, pointer: Pointer) -> Item:
    return {
        **key(f"message#{pointer.message_uuid}", "pointer"),
        "workflow": workflow_id,
        "step": pointer.step,
        "expires_at": pointer.expires_at,
    }


def _once_item(once: Once) -> Item:
    return {
        **key(once.key, "idempotency"),
        "request": once.request,
        "workflow_id": once.workflow_id,
        "word": once.word,
        "expires_at": once.expires_at,
    }
