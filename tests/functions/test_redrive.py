"""Recovery after final failures: dead letters, executions, and a workflow that always crashes."""

import json

import boto3
import pytest

from failover.edges.task_edge import TaskFailed
from failover.rules.webhooks import delivery
from failover.rules.workflow import transitions
from tests import messages_server as server
from tests.examples import NOW
from tests.functions.conftest import REPORT, ended, task_of
from tests.left_behind import id_in, left_in, metrics
from tests.messages_server import MessagesServer
from tests.world import create_table, load, template, unreachable

RECEIVED_AT_MOST = template()["Resources"]["Webhooks"]["Properties"]["RedrivePolicy"]["maxReceiveCount"]


class Queue:
    """A queue with its dead letters, polled as Lambda polls it: failed messages come again until SQS moves them."""

    def __init__(self, name, dead_letters):
        self.sqs = boto3.client("sqs")
        self.url, self.dead_letters = (
            self.sqs.create_queue(QueueName=queue)["QueueUrl"] for queue in (name, dead_letters)
        )
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.dead_letters, AttributeNames=["QueueArn"])
        policy = {"deadLetterTargetArn": attributes["Attributes"]["QueueArn"], "maxReceiveCount": RECEIVED_AT_MOST}
        changes = {"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"}
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes=changes)

    def drain(self, handler, failure):
        """Process messages until the queue is empty and return the number of calls of the handler."""
        calls = 0
        while received := self.sqs.receive_message(QueueUrl=self.url).get("Messages"):
            (message,) = received
            calls += 1
            try:
                handler({"Records": [{"body": message["Body"]}]}, None)
            except failure:
                continue
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return calls

    def dead(self):
        """Return the number of dead letters."""
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.dead_letters, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    def redrive(self):
        """Move each dead letter back unchanged, as SQS's StartMessageMoveTask does."""
        while received := self.sqs.receive_message(QueueUrl=self.dead_letters).get("Messages"):
            (message,) = received
            self.sqs.send_message(QueueUrl=self.url, MessageBody=message["Body"])
            self.sqs.delete_message(QueueUrl=self.dead_letters, ReceiptHandle=message["ReceiptHandle"])


def test_webhook_that_cannot_be_attempted(world, customer, delivering, listed):
    """A webhook whose attempts all crash is a dead letter after a hundred; redriven, it is delivered like a new one."""
    ended(world)
    queue = Queue("webhooks", "dead-letters")
    delivering.outside.webhook_queue.add_all([task_of(world)])
    reachable = unreachable(delivering.outside.table.client, "dynamodb.BatchGetItem")
    assert queue.drain(delivering.handler, TaskFailed) == RECEIVED_AT_MOST
    assert (queue.dead(), customer.requests) == (1, [])
    reachable()
    queue.redrive()
    assert queue.drain(delivering.handler, TaskFailed) == 1
    assert [request.body["sequence"] for request in customer.requests] == [REPORT]
    assert (listed()["state"], queue.dead()) == ("delivered", 0)


def test_webhook_that_was_given_up(world, customer, delivering, deliver, listed):
    """A webhook given up after 24 hours is delivered once it is redriven, and not again if redriven twice."""
    ended(world)
    queue = Queue("webhooks", "dead-letters")
    customer.script = [server.http(500)]
    deliver(task_of(world, attempt=9, series=9, since=1))
    assert (listed()["state"], queue.dead()) == ("failed", 1)
    (letter,) = queue.sqs.receive_message(QueueUrl=queue.dead_letters, VisibilityTimeout=0)["Messages"]
    queue.redrive()
    queue.drain(delivering.handler, TaskFailed)
    assert listed()["state"] == "delivered"
    queue.sqs.send_message(QueueUrl=queue.url, MessageBody=letter["Body"])
    queue.drain(delivering.handler, TaskFailed)
    assert len(customer.requests) == 2


def test_redrive_by_hand(world, customer, delivering, listed):
    """A message queued by hand as documented delivers its webhook, but not if that has been attempted."""
    ended(world)
    queue = Queue("webhooks", "dead-letters")
    written = delivery.plain(task_of(world))
    by_hand = {name: written[name] for name in ("workflow_id", "account", "application", "sequence")}
    for _ in range(2):
        queue.sqs.send_message(QueueUrl=queue.url, MessageBody=json.dumps(by_hand))
    assert queue.drain(delivering.handler, TaskFailed) == 2
    assert [attempt["number"] for attempt in listed()["attempts"]] == [1]


def test_callback_of_the_sandbox(world, monkeypatch):
    """A sandbox callback that always fails is a dead letter after a hundred tries; redriven, it is delivered."""
    status = MessagesServer(script=[server.http(503)] * RECEIVED_AT_MOST)
    queue = Queue("sandbox", "sandbox-dead-letters")
    monkeypatch.setenv("SANDBOX_TABLE", create_table("SandboxTable", "sandbox"))
    receipts = load("sandbox_messages", "receipts")
    sent = {"channel": "messenger", "message_type": "text", "text": "Hello", "from": "page", "to": "sim-read"}
    key, now = load("sandbox_messages").Key("ref", "u"), receipts.outside.now()
    receipts.kept.keep(key, "v1", sent, f"{status.url}/status", "account", now)
    receipt = {"client_ref": "ref", "message_uuid": "u", "status": "read"}
    queue.sqs.send_message(QueueUrl=queue.url, MessageBody=json.dumps(receipt))
    assert queue.drain(receipts.handler, receipts.CallbackNotAccepted) == RECEIVED_AT_MOST
    assert queue.dead() == 1
    status.script = [server.http(200)]
    queue.redrive()
    assert queue.drain(receipts.handler, receipts.CallbackNotAccepted) == 1
    assert status.requests[-1].body["status"] == "read"
    status.close()


def test_a_workflow_that_always_crashes(world, reconciling, output):
    """F16: a workflow that always crashes ends in error after five executions, with an alarm; others go on."""
    doomed, other = left_in(world, 0), left_in(world, 0, 1, due_at=NOW + 1)
    reconciling.run(NOW)
    world.executions.start(other, NOW)
    output()
    for attempt in range(doomed.attempt, transitions.MOST_ATTEMPTS + 1):
        reconciling.died(f"{doomed.id}-{attempt}")
        reconciling.run(world.read(doomed.id).due_at)
    assert (world.read(doomed.id).status, world.read(other.id).status) == ("error", "running")
    written = output()
    assert [metric for metric in metrics(written) if "WorkflowsAbandoned" in metric] == [{"WorkflowsAbandoned": [1.0]}]
    assert [name for name in reconciling.started() if id_in(0, 1) in name] == [f"{other.id}-2"]


@pytest.mark.parametrize("queue", ["Webhooks", "SandboxQueue"])
def test_a_hundred_times(queue):
    """Both queues hand out a message a hundred times, as documented."""
    assert template()["Resources"][queue]["Properties"]["RedrivePolicy"]["maxReceiveCount"] == RECEIVED_AT_MOST == 100
