"""Items and messages of a later release, after a rollback: the real functions keep what they do not know."""

import boto3
import pytest

from failover.adapters.table import marshalled
from failover.rules.pacing.lane import Lane
from failover.rules.timing.instants import iso
from failover.rules.webhooks import delivery
from tests import messages_server as server
from tests.acts import sent
from tests.examples import ID, NOW, SMS, workflow
from tests.functions.conftest import STATUS, ended, set_status_url, task_of
from tests.streams import record, state
from tests.world import body_of, http_event, load

LATER = marshalled({"later": {"any": ["thing", 1, None]}})


def add(world):
    """Add a field that this release does not know to every item of the table."""
    items = boto3.client("dynamodb")
    for item in items.scan(TableName=world.table)["Items"]:
        items.put_item(TableName=world.table, Item={**item, **LATER})


def without(world):
    """The sort keys of the items that do not have the field as it was added."""
    items = boto3.client("dynamodb").scan(TableName=world.table)["Items"]
    return {item["sk"]["S"] for item in items if item.get("later") != LATER["later"]}


def with_event(world, **details):
    """Add an event of a later release, and a field of workflow and step, to the item. Returns the event's sequence."""
    item = state(world)
    entries = item["timeline"]["L"]
    number = len(entries) + 1
    entries.append({"M": marshalled({"sequence": number, "at": NOW, "event": "mended", **details})})
    item["steps"]["L"][0]["M"].update(LATER)
    boto3.client("dynamodb").put_item(TableName=world.table, Item={**item, **LATER})
    return number


def test_a_whole_life(world, put, cancel):
    """It is shown, and a cancel and the publication of its webhooks leave the fields of a later release alone.

    The OpenAPI document of this release does not have the event.
    """
    put(sent(0))
    number = with_event(world, message_uuid=7, step="last", timestamp="today")
    before = state(world)
    get = http_event("GET", f"/workflows/{ID}", Authorization=world.basic)
    shown = body_of(load("workflows_api").handler(get, None))
    assert shown["timeline"][number - 1] == {
        "sequence": number,
        "at": iso(NOW),
        "event": "mended",
        "message_uuid": 7,
        "step": "last",
        "timestamp": "today",
    }
    assert cancel()["statusCode"] == 200
    load("publish_events").handler({"Records": [record(before, state(world))]}, None)
    assert [task.sequence for task in world.queued()] == [number + 1]
    after = state(world)
    assert (after["status"]["S"], after["later"]) == ("cancelled", LATER["later"])
    assert after["steps"]["L"][0]["M"]["later"] == LATER["later"]
    assert after["timeline"]["L"][:number] == before["timeline"]["L"]


def test_other_items(world, customer, deliver, put_off):
    """Attempts, hosts, lanes, callers, pointers and content keep their fields through every write of this release."""
    ended(world)
    lanes, hosts = load("send_sms").outside.lanes, load("deliver_webhook").outside.hosts
    lane, host = Lane("a", 1), hosts.find(world.api_key, "x.test")
    customer.script = [server.http(500), server.http(500)]
    deliver(task_of(world, STATUS))
    lanes.reserve(lane, NOW, NOW + 1000)
    hosts.timed_out(host, "1", NOW)
    add(world)
    deliver(task_of(world, STATUS, attempt=2, series=2))
    lanes.reserve(lane, NOW, NOW + 1000)
    lanes.close("a", NOW, NOW + 5000)
    hosts.timed_out(host, "2", NOW)
    hosts.answered(hosts.find(world.api_key, "x.test"))
    set_status_url(world, f"{customer.url}/other")
    assert without(world) == {world.api_key}, "the entry of a list, which is a key and nothing else"


def test_attempts(world, customer, deliver, put_off):
    """The message for the next attempt, and a dead letter, have the fields of the message before."""
    ended(world)
    customer.script = [server.http(500), server.http(500)]
    first = delivery.task({**delivery.plain(task_of(world)), "later": {"any": 1}})
    deliver(first)
    deliver(delivery.task({**delivery.plain(first), "attempt": 2, "series": 9, "since": 1}))
    assert [(queue, task.carried["later"]) for queue, task, _ in put_off] == [
        ("webhooks", {"any": 1}),
        ("dead-letters", {"any": 1}),
    ]


def test_a_webhook_that_only_a_later_release_knows(world, customer, deliver, put_off):
    """It is not dropped: its message waits among the dead letters until it is redriven."""
    ended(world)
    number = with_event(world)
    deliver(task_of(world, number))
    assert customer.requests == []
    assert [(queue, task.sequence, task.attempt) for queue, task, _ in put_off] == [("dead-letters", number, 1)]


@pytest.mark.parametrize("more", [{"later": 1}, {"later": {"steps": [2]}}])
def test_input(world, messages, more):
    """The input of a send may have fields of a later release's state machine."""
    messages.script = [server.accepted()]
    world.put(workflow("sms"), [SMS])
    load("send_sms").handler({"workflow": ID, "step": 0, **more}, None)
    assert len(messages.requests) == 1
