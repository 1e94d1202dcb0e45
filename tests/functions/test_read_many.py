"""Many workflows in one reading: batches, keys that DynamoDB left unprocessed, and items that cannot be read."""

from dataclasses import replace

import boto3
import pytest

from failover.adapters import aws
from failover.adapters.table import key, marshalled
from failover.adapters.workflow.store import state_item
from failover.rules.formats.stored import UnreadableItem
from tests.examples import ID, NOW, workflow
from tests.world import calls_of, unreachable


@pytest.fixture
def put(world):
    """Store numbered workflows and return their ids, the first one's first."""

    def put(count, **changes):
        ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1, count + 1)]
        for one in ids:
            item = marshalled({**state_item(replace(workflow("sms"), id=one)), **changes})
            boto3.client("dynamodb").put_item(TableName=world.table, Item=item)
        return ids

    return put


@pytest.fixture
def store(outside):
    return outside.store


@pytest.fixture
def leave(outside, monkeypatch):
    """Let each BatchGetItem process as many keys as `processed` says, in turn, and then all. Returns their keys."""
    client, asked = outside.table.client, []
    real = client.batch_get_item

    def leave(processed):
        left = iter(processed)

        def batch_get_item(**arguments):
            ((name, request),) = arguments["RequestItems"].items()
            keys = request["Keys"]
            asked.append(len(keys))
            most = next(left, len(keys))
            first = {name: {**request, "Keys": keys[:most]}}
            answer = real(RequestItems=first) if most else {"Responses": {}}
            return {**answer, "UnprocessedKeys": {name: {**request, "Keys": keys[most:]}} if keys[most:] else {}}

        monkeypatch.setattr(client, "batch_get_item", batch_get_item)
        return asked

    return leave


def test_batches(store, put, outside):
    """Any number of workflows are read a hundred at a time; missing ones are left out, and repeated ids read once."""
    ids = put(201)
    made = calls_of(outside.table.client, "dynamodb.BatchGetItem")
    found = store.read_many([*ids, ID, *ids])
    assert (set(found), len(made)) == (set(ids), 3)
    assert found[ids[7]] == store.read(ids[7])
    assert store.read_many([]) == {}
    assert len(made) == 3


def test_expired(store, put):
    """A workflow whose time to live has passed is gone, whether or not DynamoDB has removed it."""
    assert store.read_many(put(2, expires_at=NOW // 1000 - 10 * 365 * 86_400)) == {}


def test_unprocessed_keys(store, put, leave, slept):
    """Keys that DynamoDB left unprocessed are read again, with the next ones, after a pause; pauses grow while nothing
    is read."""
    ids, asked = put(130), leave([70, 0, 0, 99])
    assert set(store.read_many(ids)) == set(ids)
    assert asked == [100, 60, 60, 60]
    assert slept == [0.05, 0.1, 0.2]


def test_unprocessed_for_too_long(store, put, leave, slept):
    """Keys that stay unprocessed make the table unavailable after five seconds of pauses."""
    ids = put(3)
    leave([0] * 100)
    with pytest.raises(aws.Unavailable):
        store.read_many(ids)
    assert 3 < sum(slept) <= 5
    leave([1] + [0] * 100)
    with pytest.raises(aws.Unavailable):
        store.read_many(ids)


def test_out_of_reach(store, put, outside):
    """A table that cannot be reached is unavailable."""
    ids = put(1)
    unreachable(outside.table.client, "dynamodb.BatchGetItem")
    with pytest.raises(aws.Unavailable):
        store.read_many(ids)


@pytest.mark.parametrize(
    "more",
    [
        {"N": "1.8E12"},
        {"BOOL": True},
        {"NULL": True},
        {"L": [{"M": {"a": {"S": "ü"}}}, {"N": "-3"}]},
        {"NS": ["1", "2"]},
        {"B": b"\xff"},
        {"BS": [b"\xff"]},
    ],
    ids=lambda more: next(iter(more)),
)
def test_every_type(world, put, outside, more):
    """An item with an attribute of any type is the same if read alone, by botocore's own parser, or with others."""
    place = (f"workflow#{put(1)[0]}", "state")
    boto3.client("dynamodb").update_item(
        TableName=world.table,
        Key=marshalled(key(*place)),
        UpdateExpression="SET added = :more",
        ExpressionAttributeValues={":more": more},
    )
    alone = outside.table.get(*place)
    assert "added" in alone
    assert outside.table.get_all(place) == {place: alone}


@pytest.mark.parametrize("edit", [{"steps": "none"}, {"expires_at": "never"}], ids=str)
def test_unreadable(world, store, put, edit):
    """An unreadable workflow is reported and hides no other."""
    ids, errors = put(3), []
    edited = marshalled({**state_item(replace(workflow("sms"), id=ids[1])), **edit})
    boto3.client("dynamodb").put_item(TableName=world.table, Item=edited)
    assert set(store.read_many(ids, errors.append)) == {ids[0], ids[2]}
    assert [type(error) for error in errors] == [UnreadableItem]
    with pytest.raises(UnreadableItem):
        store.read_many(ids)
