"""`events/`: one sample event per function, each of which its function accepts."""

import base64
import json
import time
from dataclasses import replace

import boto3
import jwt
import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.receipts.callback_signature import digest
from local import events
from tests.examples import EVERY_CHANNEL, workflow
from tests.sample_events import EVENTS, event, handler_of
from tests.world import CREDENTIALS, SIGNATURE_SECRET, body_of, create_table, logical_id, template


def basic(api_key, api_secret):
    return "Basic " + base64.b64encode(f"{api_key}:{api_secret}".encode()).decode()


def test_one_event_per_function():
    """Every function in the template has an event, and every event a function."""
    functions = {
        name for name, resource in template()["Resources"].items() if resource["Type"] == "AWS::Serverless::Function"
    }
    assert {logical_id(name) for name in EVENTS} == functions


def test_workflows_api(world):
    """The event posts the overview page's workflow."""
    answer = handler_of("workflows_api")(event("workflows_api", world.basic), None)
    assert answer["statusCode"] == 202


@pytest.mark.parametrize(
    ("name", "channel", "content"),
    [(f"send_{row.function}", row.name, EVERY_CHANNEL[row.name]) for row in CHANNELS.values()],
)
def test_send(world, messages, name, channel, content):
    """The event sends the first step of its workflow."""
    world.put(replace(workflow(channel), id=EVENTS[name]["workflow"]), [content])
    assert handler_of(name)(event(name), None) is None
    assert len(messages.requests) == 1


def test_message_status(world):
    """The event, once signed, is a callback that is accepted."""
    raw = EVENTS["message_status"]["body"].encode()
    claims = {"iat": int(time.time()), "payload_hash": digest(raw)}
    token = jwt.encode(claims, SIGNATURE_SECRET, algorithm="HS256")
    answer = handler_of("message_status")(event("message_status", f"Bearer {token}"), None)
    assert answer["statusCode"] == 200


def test_accounts(world):
    """The event creates an account."""
    assert set(handler_of("accounts")(event("accounts"), None)) == {"api_key", "api_secret", "signature_secret"}


def test_erasure(world):
    """The event looks a recipient up, who has no workflows."""
    answer = handler_of("erasure")(event("erasure"), None)
    assert (answer["workflows"], answer["cursor"]) == ([], None)


def test_publish_events(world):
    """The event queues the one new webhook."""
    handler_of("publish_events")(event("publish_events"), None)
    (task,) = world.queued()
    assert (task.workflow_id, task.sequence, task.attempt) == ("00000000-0000-4000-8000-000000000002", 4, 1)


def test_deliver_webhook(world):
    """The event names a workflow that does not exist, which is no error."""
    assert handler_of("deliver_webhook")(event("deliver_webhook"), None) is None


def test_reconcile(world):
    """The event starts a run, which finds nothing overdue."""

    class Context:
        def get_remaining_time_in_millis(self):
            return 55_000

    assert handler_of("reconcile")(event("reconcile"), Context()) == {"looked_after": 0, "ended": 0}


def test_start_workflows(world):
    """The event starts a run, which finds nothing unstarted."""

    class Context:
        def get_remaining_time_in_millis(self):
            return 70_000

    assert handler_of("start_workflows")(event("start_workflows"), Context()) == {"started": 0}


def test_sandbox_messages(world, monkeypatch):
    """The event sends a message to a simulated recipient."""
    monkeypatch.setenv("SANDBOX_TABLE", create_table("SandboxTable", "sandbox"))
    monkeypatch.setenv("SANDBOX_QUEUE", boto3.client("sqs").create_queue(QueueName="sandbox")["QueueUrl"])
    answer = handler_of("sandbox_messages")(event("sandbox_messages", basic(**CREDENTIALS)), None)
    assert answer["statusCode"] == 202
    assert body_of(answer)["message_uuid"]


def test_sandbox_receipts(world, messages, monkeypatch):
    """The event sends one receipt for the message it names, stored as on a local stack."""
    table = create_table("SandboxTable", "sandbox")
    monkeypatch.setenv("SANDBOX_TABLE", table)
    named = json.loads(EVENTS["sandbox_receipts"]["Records"][0]["body"])
    del named["status"]
    events.keep_message(boto3.client("dynamodb"), table, f"{messages.url}/beta", **named)
    handler_of("sandbox_receipts")(event("sandbox_receipts"), None)
    assert [request.path for request in messages.requests] == ["/beta/webhooks/message-status"]
    assert messages.requests[0].body["status"] == "delivered"
