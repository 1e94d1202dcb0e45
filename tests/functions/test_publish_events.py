"""From the table's stream to the queue of webhooks: what is new in a timeline, once each."""

import json
from dataclasses import replace
from itertools import pairwise

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from failover.adapters import aws
from failover.edges.task_edge import TaskFailed
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import publication, transitions
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.functions.conftest import REPORT, STATUS, ended, task_of
from tests.world import load, template


@pytest.fixture
def publishing(world):
    """The function that reads the stream."""
    return load("publish_events")


@pytest.fixture
def publish(publishing):
    """Hand it some records at once."""
    return lambda *records: publishing.handler({"Records": list(records)}, None)


def state(world):
    """The state item as the table holds it."""
    key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "state"}}
    return boto3.client("dynamodb").get_item(TableName=world.table, Key=key)["Item"]


def record(before, after):
    """As DynamoDB Streams writes it, with both images."""
    images = {name: image for name, image in (("OldImage", before), ("NewImage", after)) if image}
    keys = {name: (after or before)[name] for name in ("pk", "sk")}
    event = "MODIFY" if before and after else "INSERT" if after else "REMOVE"
    return {"eventName": event, "dynamodb": {"Keys": keys, **images, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


def history(world):
    """The records of a workflow's life, each from the items really written."""
    world.put(workflow(*TWO_STEPS, account=world.api_key), [MESSENGER, SMS])
    images = [None, state(world)]
    for happened in (
        lambda flow: transitions.claimed(flow, 0, NOW),
        lambda flow: transitions.answered(flow, 0, Accepted("u"), NOW),
        lambda flow: transitions.received(flow, 0, Receipt("submitted", "u", None, None), NOW),
        lambda flow: transitions.received(flow, 0, Receipt("delivered", "u", None, None), NOW),
        lambda flow: transitions.claimed(flow, 1, NOW + 700_000),
        lambda flow: transitions.answered(flow, 1, Accepted("v"), NOW + 700_000),
        lambda flow: transitions.received(flow, 1, Receipt("delivered", "v", None, None), NOW + 701_000),
        lambda flow: transitions.received(flow, 0, Receipt("read", "u", None, None), NOW + 702_000),
    ):
        world.store.write(happened(world.read(ID)))
        images.append(state(world))
    return [record(*pair) for pair in pairwise(images)]


@pytest.mark.decision("Customer's webhooks")
def test_a_workflows_life(world, publish):
    """I10: every status and every report is queued once, by the write that made it, under its own sequence."""
    queued = []
    for one in history(world):
        publish(one)
        queued.append([task.sequence for task in world.queued()])
    assert queued == [[], [], [], [4], [5], [], [], [9, 10], [11]]
    assert [(entry["sequence"], entry["event"]) for entry in publication.webhooks(world.read(ID))] == [
        *((4, "status"), (5, "status"), (9, "status"), (10, "completed"), (11, "status"))
    ]


def test_all_at_once(world, publish):
    """Records that come in one batch queue the same."""
    publish(*history(world))
    assert sorted(task.sequence for task in world.queued()) == [4, 5, 9, 10, 11]


@pytest.mark.parametrize("application", [None, "0f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"])
def test_task(world, publish, application):
    """A task says which webhook of whose workflow, and that it is the first attempt; nothing of what is in it."""
    ended(world, application=application)
    publish(record(None, state(world)))
    assert world.queued() == [task_of(world, sequence, application=application) for sequence in (STATUS, REPORT)]
    assert task_of(world) == Task(ID, world.api_key, None, REPORT, attempt=1, series=1, since=0)


def test_nothing_new(world, publish):
    """A write that leaves the timeline as it was queues nothing, and neither does the end of the item."""
    ended(world)
    publish(record(state(world), state(world)), record(state(world), None))
    assert world.queued() == []


def test_more_than_one_call_takes(world, publish):
    """SQS takes ten messages in a call; of a timeline with more news, all are queued."""
    flow = ended(world)
    entries = [{"sequence": n, "at": NOW, "event": "status", "step": 0, "status": "read"} for n in range(6, 40)]
    before = state(world)
    world.store.write(replace(flow, timeline=(*flow.timeline, *entries)))
    publish(record(before, state(world)))
    assert sorted(task.sequence for task in world.queued()) == list(range(6, 40))


def test_queue_out_of_reach(world, publishing, publish, output):
    """A queue that cannot be reached fails the batch, which comes again; the error says nothing of where."""
    ended(world)

    def fail(**_):
        raise EndpointConnectionError(endpoint_url="https://secret.test")

    events = publishing.outside.webhook_queue.client.meta.events
    events.register_first("before-send.sqs.SendMessageBatch", fail)
    with pytest.raises(TaskFailed) as failed:
        publish(record(None, state(world)))
    assert "secret" not in str(failed.value) + output()
    events.unregister("before-send.sqs.SendMessageBatch", fail)
    publish(record(None, state(world)))
    assert len(world.queued()) == 2


def test_queue_takes_a_part(world, publishing, publish, monkeypatch):
    """A message of a call that was not taken fails the batch: none is lost."""
    ended(world)
    answer = {"Successful": [{"Id": "0"}], "Failed": [{"Id": "1", "Code": "InternalError"}]}
    monkeypatch.setattr(publishing.outside.webhook_queue.client, "send_message_batch", lambda **_: answer)
    with pytest.raises(TaskFailed):
        publish(record(None, state(world)))
    with pytest.raises(aws.Unavailable):
        publishing.outside.webhook_queue.add_all([task_of(world)])


def test_processed_twice(world, publish, customer, deliver, listed):
    """A record that comes twice queues twice, and is told once."""
    ended(world)
    for _ in range(2):
        publish(record(None, state(world)))
    tasks = world.queued()
    assert len(tasks) == 4
    for task in tasks:
        deliver(task)
    assert sorted(request.body["sequence"] for request in customer.requests) == [STATUS, REPORT]
    assert [len(listed(sequence)["attempts"]) for sequence in (STATUS, REPORT)] == [1, 1]


def test_a_record_nobody_understands(world, publish, output):
    """A broken record is loud, in our words, and holds up none of those behind it."""
    ended(world)
    publish(record(None, {"pk": {"S": "private"}, "sk": {"S": "state"}}), record(None, state(world)))
    written = output()
    assert "UnexpectedFailures" in written
    assert "private" not in written
    assert [task.sequence for task in world.queued()] == [STATUS, REPORT]


def test_nothing_private_is_queued(world, publish, output):
    """I8: neither the queue nor the log has a text, a number or a URL."""
    ended(world, webhook_url="https://private.test/", client_ref="private")
    publish(record(None, state(world)))
    written = output() + str(world.queued())
    assert "WebhooksPublished" in written
    for secret in ("private", SMS["to"]["number"], SMS["from"]["number"], "Hello"):
        assert secret not in written


def passes(pattern, value):
    """What EventBridge's patterns mean, as far as ours uses them: objects of lists of values."""
    if isinstance(pattern, dict):
        return all(name in value and passes(part, value[name]) for name, part in pattern.items())
    return value in pattern


def test_the_streams_filter(world):
    """New and changed state items wake the function, and nothing else does: no content, no attempt, no removal."""
    stream = _timeline()
    (rule,) = stream["FilterCriteria"]["Filters"]
    pattern = json.loads(rule["Pattern"])
    ended(world)
    now = state(world)
    assert passes(pattern, record(None, now))
    assert passes(pattern, record(now, now))
    assert not passes(pattern, record(now, None))
    for sk in ("content", "webhook#00004", "pointer", "idempotency", "account", "application"):
        other = {**now, "sk": {"S": sk}}
        assert not passes(pattern, record(None, other)), sk


def test_the_streams_failures():
    """A batch that fails is halved, so that one bad record holds up no other, and what is left over is told."""
    stream = _timeline()
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    destination = stream["DestinationConfig"]["OnFailure"]
    assert destination == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["UnpublishedEvents", "Arn"]}}
    assert template()["Resources"]["UnpublishedEvents"]["Properties"]["MessageRetentionPeriod"] == 14 * 86400


def test_the_queues():
    """One message at a time; what fails for good is kept for 14 days; a message outlasts its function's time."""
    resources = template()["Resources"]
    function, queue = resources["DeliverWebhook"]["Properties"], resources["Webhooks"]["Properties"]
    (source,) = function["Events"].values()
    assert source["Properties"]["BatchSize"] == 1
    assert source["Properties"]["Queue"] == {"Fn::GetAtt": ["Webhooks", "Arn"]}
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["WebhookDeadLetters", "Arn"]}
    assert resources["WebhookDeadLetters"]["Properties"]["MessageRetentionPeriod"] == 14 * 86400
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["MessageRetentionPeriod"] > 86400
    assert all(resources[name]["Properties"]["SqsManagedSseEnabled"] for name in ("Webhooks", "WebhookDeadLetters"))


def _timeline():
    stream = template()["Resources"]["PublishEvents"]["Properties"]["Events"]["Timeline"]["Properties"]
    assert stream["Stream"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
    return stream
