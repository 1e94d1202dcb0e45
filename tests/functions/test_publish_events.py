"""From the table's stream to the queue of webhooks: each new timeline entry is queued once."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError

from failover.adapters import aws
from failover.edges.task_edge import TaskFailed
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import publication
from tests.examples import ID, NOW, SMS
from tests.functions.conftest import REPORT, STATUS, ended, task_of
from tests.streams import history, record, state
from tests.world import template


@pytest.mark.decision("Customer's webhooks")
def test_a_workflows_life(world, publish):
    """I10: every status and every report is queued once, by the write that added it, under its own sequence."""
    queued = []
    for one in history(world):
        publish(one)
        queued.append([task.sequence for task in world.queued()])
    assert queued == [[], [], [], [4], [5], [], [], [9, 10], [11]]
    assert [(entry["sequence"], entry["event"]) for entry in publication.webhooks(world.read(ID))] == [
        *((4, "status"), (5, "status"), (9, "status"), (10, "completed"), (11, "status"))
    ]


def test_all_at_once(world, publish):
    """Records in one batch queue the same webhooks."""
    publish(*history(world))
    assert sorted(task.sequence for task in world.queued()) == [4, 5, 9, 10, 11]


@pytest.mark.parametrize("application", [None, "0f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"])
def test_task(world, publish, application):
    """A task names the webhook, its workflow and account, and attempt 1; it contains none of the content."""
    ended(world, application=application)
    publish(record(None, state(world)))
    assert world.queued() == [task_of(world, sequence, application=application) for sequence in (STATUS, REPORT)]
    assert task_of(world) == Task(ID, world.api_key, None, REPORT, attempt=1, series=1, since=0)


def test_nothing_new(world, publish):
    """A write without a new timeline entry queues nothing, and neither does the item's removal."""
    ended(world)
    publish(record(state(world), state(world)), record(state(world), None))
    assert world.queued() == []


def test_more_than_one_call_takes(world, publish):
    """SQS accepts ten messages per call; a timeline with more new entries has all of them queued."""
    flow = ended(world)
    entries = [{"sequence": n, "at": NOW, "event": "status", "step": 0, "status": "read"} for n in range(6, 40)]
    before = state(world)
    world.store.write(replace(flow, timeline=(*flow.timeline, *entries)))
    publish(record(before, state(world)))
    assert sorted(task.sequence for task in world.queued()) == list(range(6, 40))


def test_queue_out_of_reach(world, publishing, publish, output):
    """If the queue cannot be reached, the batch fails and comes again; the error names no address."""
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
    """A message that SQS rejects from a call fails the batch, so none is lost."""
    ended(world)
    answer = {"Successful": [{"Id": "0"}], "Failed": [{"Id": "1", "Code": "InternalError"}]}
    monkeypatch.setattr(publishing.outside.webhook_queue.client, "send_message_batch", lambda **_: answer)
    with pytest.raises(TaskFailed):
        publish(record(None, state(world)))
    with pytest.raises(aws.Unavailable):
        publishing.outside.webhook_queue.add_all([task_of(world)])


def test_processed_twice(world, publish, customer, deliver, listed):
    """A record processed twice queues its webhook twice, and the customer gets it once."""
    ended(world)
    for _ in range(2):
        publish(record(None, state(world)))
    tasks = world.queued()
    assert len(tasks) == 4
    for task in tasks:
        deliver(task)
    assert sorted(request.body["sequence"] for request in customer.requests) == [STATUS, REPORT]
    assert [len(listed(sequence)["attempts"]) for sequence in (STATUS, REPORT)] == [1, 1]


def test_a_broken_record(world, publish, output):
    """A broken record is reported in fixed words and does not hold up the records behind it."""
    ended(world)
    publish(record(None, {"pk": {"S": "private"}, "sk": {"S": "state"}}), record(None, state(world)))
    written = output()
    assert "UnexpectedFailures" in written
    assert "private" not in written
    assert [task.sequence for task in world.queued()] == [STATUS, REPORT]


def test_nothing_private_is_queued(world, publish, output):
    """I8: neither the queue nor the log contains a text, number or URL."""
    ended(world, webhook_url="https://private.test/", client_ref="private")
    publish(record(None, state(world)))
    written = output() + str(world.queued())
    assert "WebhooksPublished" in written
    for secret in ("private", SMS["to"]["number"], SMS["from"]["number"], "Hello"):
        assert secret not in written


def passes(pattern, value):
    """True if EventBridge's pattern matches; supports objects of lists of values."""
    if isinstance(pattern, dict):
        return all(name in value and passes(part, value[name]) for name, part in pattern.items())
    return value in pattern


def test_the_streams_filter(world):
    """Only new and changed state items invoke the function: not content, attempts or removals."""
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
    """A failing batch is halved, so one bad record holds up no other, and the records left go to a queue."""
    stream = _timeline()
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    destination = stream["DestinationConfig"]["OnFailure"]
    assert destination == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["UnpublishedEvents", "Arn"]}}
    assert template()["Resources"]["UnpublishedEvents"]["Properties"]["MessageRetentionPeriod"] == 14 * 86400


def test_the_queues():
    """Messages are handed out singly, outlast a run of their function, and are kept for 14 days as dead letters."""
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
