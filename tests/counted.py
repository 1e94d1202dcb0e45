"""Counts every call that the functions make to AWS, and the units that DynamoDB would charge for it.

The units are those of "DynamoDB item sizes and formats" and "Using Global Secondary Indexes" in the developer guide: a
write unit for each KB of the larger of the old and the new item, twice that in a transaction; an index is written if
the entry it has of the item changes, twice if its key does. A read unit for each 4 KB, if the read is consistent.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import ceil
from typing import Any

import pytest
from botocore.client import BaseClient
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from tests.sizes import size
from tests.world import REGION, template

type Item = dict[str, Any]

_INDEXES = template()["Resources"]["Table"]["Properties"]["GlobalSecondaryIndexes"]
_KILOBYTE = 1024
_OVERHEAD = 100
"""Bytes that DynamoDB charges for each item and each index entry in addition to storing it."""


class Counted:
    """`calls`: how often each function made each call; `units`: what the table and its indexes were charged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.units: Counter[str] = Counter()
        """By `reads`, `writes`, `lanes` (writes of a lane's item), and `due`, `listed` … (writes of an index)."""
        self.changes: list[tuple[Item | None, Item]] = []
        """State items before and after each write, as the stream has them."""
        self._by: ContextVar[str | None] = ContextVar("by", default=None)
        original = BaseClient._make_api_call

        def call(client: Any, operation: str, params: Item) -> Any:
            by = self._by.get()
            if by is None:
                return original(client, operation, params)
            self.calls[by, operation] += 1
            if operation == "SendTaskFailure":
                return {}  # no race runs here
            keys = [_key(put) for put in _puts(operation, params)]
            before = [_image(key) for key in keys]
            answer = original(client, operation, params)
            twice = 2 if operation == "TransactWriteItems" else 1
            for key, old in zip(keys, before, strict=True):
                self._written(old, _image(key), twice)
            self.units["reads"] += _read_units(operation, params, answer)
            return answer

        monkeypatch.setattr(BaseClient, "_make_api_call", call)

    @contextmanager
    def by(self, function: str) -> Iterator[None]:
        """Count what is called meanwhile. `function` is invoked once."""
        token = self._by.set(function)
        self.calls[function, "Invoke"] += 1
        try:
            yield
        finally:
            self._by.reset(token)

    def stored(self) -> int:
        """Bytes that the items of workflows, and their entries in the indexes, take in the table now."""
        table = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_table("workflows")
        total = 0
        for item in (one.to_json()["Attributes"] for one in table.all_items()):
            if item["pk"]["S"].startswith(("workflow#", "message#", "idempotency#")):
                entries = [_entry(index, item) for index in _INDEXES]
                total += sum(_item_size(one) + _OVERHEAD for one in (item, *entries) if one)
        return total

    def made(self, operation: str) -> int:
        return sum(number for (_, name), number in self.calls.items() if name == operation)

    def _written(self, old: Item | None, new: Item | None, twice: int) -> None:
        assert new is not None
        kind = "lanes" if new["pk"]["S"].startswith("lane#") else "writes"
        self.units[kind] += twice * _units(max(_item_size(old), _item_size(new)))
        for index in _INDEXES:
            self.units[index["IndexName"]] += _index_units(_entry(index, old), _entry(index, new), index)
        if new["sk"]["S"] == "state":
            self.changes.append((old, new))


def _puts(operation: str, params: Item) -> list[Item]:
    """The arguments of the writes in a call."""
    if operation == "TransactWriteItems":
        return [next(iter(one.values())) for one in params["TransactItems"]]
    return [params] if operation in ("PutItem", "UpdateItem") else []


def _key(put: Item) -> Item:
    found = put.get("Key") or put["Item"]
    return {"pk": found["pk"], "sk": found["sk"]}


def _image(key: Item) -> Item | None:
    item = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_item("workflows", key)
    return item.to_json()["Attributes"] if item else None


def _item_size(item: Item | None) -> int:
    return sum(len(name.encode()) + size(value) for name, value in (item or {}).items())


def _units(size_of_it: int) -> int:
    return ceil(size_of_it / _KILOBYTE)


def _index_key(index: Item) -> list[str]:
    return [part["AttributeName"] for part in index["KeySchema"]]


def _entry(index: Item, item: Item | None) -> Item | None:
    """What an index has of an item."""
    if item is None or any(name not in item for name in _index_key(index)):
        return None
    projected = index["Projection"].get("NonKeyAttributes", [])
    return {name: item[name] for name in ("pk", "sk", *_index_key(index), *projected) if name in item}


def _index_units(old: Item | None, new: Item | None, index: Item) -> int:
    if old == new:
        return 0
    if old and new and all(old[name] == new[name] for name in _index_key(index)):
        return _units(max(_item_size(old), _item_size(new)))
    return _units(_item_size(old)) + _units(_item_size(new))


def _read_units(operation: str, params: Item, answer: Item) -> float:
    match operation:
        case "GetItem":
            return _reads(_item_size(answer.get("Item"))) * _share(params)
        case "Query":
            return _reads(sum(map(_item_size, answer["Items"]))) * _share(params)
        case "BatchGetItem":
            (asked,) = params["RequestItems"].values()
            found = [item for items in answer["Responses"].values() for item in items]
            missing = len(asked["Keys"]) - len(found)
            return (sum(_reads(_item_size(item)) for item in found) + missing) * _share(asked)
    return 0


def _reads(size_of_it: int) -> int:
    return max(1, ceil(size_of_it / (4 * _KILOBYTE)))


def _share(params: Item) -> float:
    """An eventually consistent read costs half."""
    return 1 if params.get("ConsistentRead") else 0.5
