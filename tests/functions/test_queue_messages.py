"""What a message in the queue of webhooks may say, including messages written by hand (F33)."""

import json
import time

import boto3
import pytest

from failover.rules.webhooks import delivery
from tests import messages_server as server
from tests.examples import ID
from tests.functions.conftest import attempts_made, ended, task_of

UNREADABLE = {
    "no object": "[]",
    "no JSON": "private",
    "nested": "[" * 100_000,
    "fields missing": "{}",
    "a foreign field only": '{"private": 1}',
}
WRONG = {
    "workflow_id": ["private", 7, None, "workflow#private", ID.upper()],
    "account": ["private", "abcd1234#x", 12345678, None],
    "application": ["private", 7],
    "sequence": [-1, 2.5, "5", None, True],
    "attempt": [0, -1, 2.5, delivery.LAST_ATTEMPT + 2, 10**37, True, "1"],
    "series": [0, -100, 201, 2.5, None],
    "since": [-1, 10**17, "0", 1.5],
}


@pytest.mark.parametrize(
    "body",
    [
        *[pytest.param(body, id=name) for name, body in UNREADABLE.items()],
        *[pytest.param({name: value}, id=f"{name} {value}") for name, values in WRONG.items() for value in values],
    ],
)
def test_a_message_made_by_hand(world, customer, delivering, deliver, output, body):
    """F33: an invalid message causes no attempt, is counted, and becomes a dead letter at once."""
    ended(world)
    if isinstance(body, dict):
        body = json.dumps({**delivery.plain(task_of(world)), **body})
    delivering.handler({"Records": [{"body": body}]}, None)
    assert (customer.requests, world.queued()) == ([], [])
    said = output()
    assert "UnreadableMessages" in said
    assert "private" not in said
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="dead-letters")["QueueUrl"]
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]] == [body]
    deliver(task_of(world))
    assert len(customer.requests) == 1


def test_a_message_of_a_later_release(world, customer, delivering):
    """Fields added by a later release are ignored."""
    ended(world)
    body = json.dumps({**delivery.plain(task_of(world)), "later": 1})
    delivering.handler({"Records": [{"body": body}]}, None)
    assert len(customer.requests) == 1


def test_an_attempt_far_ahead(world, customer, deliver, put_off, listed):
    """A message cannot use up a webhook's attempts: it gets the next attempt number at most."""
    ended(world)
    customer.script = [server.http(500)]
    deliver(task_of(world, attempt=1100))
    assert [attempt["number"] for attempt in listed()["attempts"]] == [1]
    assert put_off[0][1].attempt == 2


def test_the_last_attempt(world, customer, deliver, put_off, listed):
    """After the maximum number of attempts a webhook has failed, and nothing more is queued."""
    ended(world)
    customer.script = [server.http(500)] * 2
    attempts_made(world, delivery.LAST_ATTEMPT - 1)
    deliver(task_of(world, attempt=delivery.LAST_ATTEMPT))
    deliver(task_of(world, attempt=delivery.LAST_ATTEMPT + 1))
    assert (len(customer.requests), put_off, listed()["state"]) == (1, [], "failed")


def test_a_series_of_the_future(world, customer, deliver, put_off):
    """A message cannot extend its series: a series begins now at the latest."""
    ended(world)
    customer.script = [server.http(500)]
    deliver(task_of(world, since=int(time.time() * 1000) + 10**12))
    assert put_off[0][1].since <= int(time.time() * 1000)


@pytest.mark.parametrize("other", [{"account": "b0b0b0b0"}, {"application": "0f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"}])
def test_a_message_of_another_account(world, customer, deliver, put_off, listed, other):
    """I6: a message written to the queue cannot send a workflow's webhook to another account's URL."""
    ended(world)
    world.callers.add_account("b0b0b0b0", {"name": "other", "secrets": [], "status_url": f"{customer.url}/other"})
    world.callers.add_application(other.get("application", "-"), {"account": "b0b0b0b0", "status_url": customer.url})
    deliver(task_of(world, **other))
    assert customer.requests == []
    assert put_off == []
    deliver(task_of(world))
    assert [request.path for request in customer.requests] == ["/status"]
    assert listed()["state"] == "delivered"
