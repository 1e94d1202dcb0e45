"""The failed webhooks of an account are sent again together."""

import json

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from failover.rules.formats.pages import Span
from failover.rules.requests import redelivery
from failover.rules.timing.instants import iso
from failover.rules.webhooks import delivery
from tests import messages_server as server
from tests.examples import ID, NOW, SMS
from tests.functions.conftest import ALWAYS, attempts_made, edit, ended, numbered, task_of
from tests.world import body_of


def test_all_of_a_span(world, fail, redeliver, customer):
    """Each webhook that failed in the span is queued once, as its next attempt, in a new series."""
    for number in (1, 2, 3):
        fail(number)
    answer = redeliver(since=iso(NOW + 2000), until=iso(NOW + 2000))
    assert answer == {"redelivered": 1, "skipped": 0}
    assert world.queued() == [task_of(world, workflow_id=numbered(2), attempt=2)]
    assert redeliver() == {"redelivered": 3, "skipped": 0}
    assert sorted(task.workflow_id for task in world.queued()) == [numbered(number) for number in (1, 2, 3)]


def test_of_an_application(world, fail, redeliver, customer):
    """A webhook of an application's workflow is queued as the application's."""
    application = "0f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"
    fail(1, application=application, webhook_url=customer.url)
    assert redeliver()["redelivered"] == 1
    assert [task.application for task in world.queued()] == [application]


def test_twice_at_once(world, fail, failed, redeliver, customer, deliver):
    """Asked twice before the attempts are made, each webhook is attempted once."""
    for number in (1, 2):
        fail(number)
    assert redeliver() == redeliver() == {"redelivered": 2, "skipped": 0}
    for task in world.queued():
        deliver(task)
    assert len(customer.requests) == 2
    assert failed()["webhooks"] == []


def test_while_an_attempt_is_made(world, fail, redeliver, customer, deliver):
    """A webhook whose next attempt is being made counts, and gets no other."""
    fail(1)
    answers = []
    customer.meanwhile = lambda _: answers.append(redeliver())
    redeliver()
    deliver(*world.queued())
    assert answers == [{"redelivered": 1, "skipped": 0}]
    assert world.queued() == []


def test_the_list_is_a_moment_behind(world, app, fail, redeliver, customer, deliver):
    """A webhook that has been delivered, and that the index still has as failed, is not sent again."""
    fail(1)
    page = app.outside.failed_webhooks.page(world.api_key, Span())
    redeliver()
    deliver(*world.queued())
    app.outside.failed_webhooks.page = lambda *_: page
    assert redeliver() == {"redelivered": 0, "skipped": 0}
    assert world.queued() == []


def test_what_cannot_be_sent(world, fail, redeliver, customer):
    """A webhook with too many attempts, without a URL, or of a workflow that is gone, is skipped and counted."""
    fail(1)
    fail(2, application="0f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10")
    fail(3)
    fail(4)
    edit(world, "SET last_attempt = :most", number=3, most={"N": str(delivery.MOST_ATTEMPTS)})
    key = {"pk": {"S": f"workflow#{numbered(4)}"}, "sk": {"S": "state"}}
    boto3.client("dynamodb").delete_item(TableName=world.table, Key=key)
    assert redeliver() == {"redelivered": 1, "skipped": 3}
    assert [task.workflow_id for task in world.queued()] == [numbered(1)]


def test_more_than_one_call_takes(world, fail, redeliver, customer, delivering, deliver, monkeypatch):
    """With the cursor of each answer, all are sent once; one that fails again meanwhile is not sent again."""
    monkeypatch.setattr(redelivery, "MOST_AT_ONCE", 3)
    for number in range(5):
        fail(number)
    first = redeliver()
    queued = world.queued()
    customer.script, delivering.outside.now = [server.http(401)] * 3, lambda: NOW + 60_000
    for task in queued:
        deliver(task)
    assert redeliver(cursor=first["cursor"]) == {"redelivered": 2, "skipped": 0}
    queued += world.queued()
    assert (first["redelivered"], len(customer.requests)) == (3, 3)
    assert sorted(task.workflow_id for task in queued) == [numbered(number) for number in range(5)]


@pytest.mark.decision("Redelivery of all failed webhooks")
@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ["since"]),
        ([], ["body"]),
        ({"since": None}, ["since"]),
        ({"since": 1, "until": "x", "cursor": f"1.{ID}"}, ["since", "until", "cursor"]),
    ],
)
def test_body_faults(world, call, fail, customer, body, names):
    """All faults of a body are named at once, and nothing is queued; without `since` nothing is meant."""
    fail(1)
    answer = call("POST", "/webhooks/redeliver", body)
    assert answer["statusCode"] == 400
    assert [fault["name"] for fault in body_of(answer)["invalid_parameters"]] == names
    assert world.queued() == []


def test_unreadable_bodies(call):
    """A body is read as that of a workflow is: JSON, said to be JSON, of 64 KB at most."""
    assert call("POST", "/webhooks/redeliver", b"{")["statusCode"] == 400
    assert call("POST", "/webhooks/redeliver", b" " * 65_537)["statusCode"] == 413
    assert call("POST", "/webhooks/redeliver", ALWAYS, Content_Type="text/plain")["statusCode"] == 415


def test_tolerated_bodies(fail, redeliver, customer):
    """Unknown fields, and null for an optional one, are passed over."""
    fail(1)
    assert redeliver(until=None, cursor=None, other=1)["redelivered"] == 1


def test_queue_out_of_reach(fail, call, customer, app):
    """A redelivery that could not be queued is answered 503, to be asked for again."""
    fail(1)

    def broken(**_):
        raise EndpointConnectionError(endpoint_url="https://secret.test")

    app.outside.webhook_queue.client.meta.events.register_first("before-send.sqs.SendMessageBatch", broken)
    answer = call("POST", "/webhooks/redeliver", ALWAYS)
    assert (answer["statusCode"], answer["multiValueHeaders"]["Retry-After"]) == (503, ["2"])


def test_what_is_written(world, fail, redeliver, customer, output):
    """I8: one log line says how many, the metric counts each, and neither log nor queue has anything private."""
    fail(1)
    fail(2)
    output()
    redeliver()
    written = output()
    assert written.count('"WebhooksRedelivered":[') == 2
    lines = [json.loads(line) for line in written.splitlines() if "failed webhooks sent again" in line]
    assert [(line["redelivered"], line["skipped"]) for line in lines] == [(2, 0)]
    for secret in (SMS["to"]["number"], SMS["from"]["number"], "Hello", "127.0.0.1"):
        assert secret not in written + str(world.queued())


def test_attempts_made_by_others(world, redeliver, customer, deliver):
    """The number of the next attempt is that of now, not that of the failure."""
    ended(world)
    customer.script = [server.http(401)]
    deliver(task_of(world))
    attempts_made(world, 7)
    redeliver()
    assert [task.attempt for task in world.queued()] == [8]
