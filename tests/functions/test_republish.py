"""F29: if the stream's consumer fails for longer than records are kept, no webhook is lost or queued twice."""

from dataclasses import replace
from unittest.mock import Mock

import pytest

from failover.adapters import aws
from failover.outside import Outside
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Unknown
from failover.rules.workflow import publication, transitions
from failover.use_cases.webhooks.republish import republish
from failover.use_cases.workflow import overdue
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import HOUR, ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.functions.conftest import task_of
from tests.left_behind import MINUTE, Died, id_in, left_in, metrics, mortal, started
from tests.streams import history, record, state

ALL = [4, 5, 9, 10, 11]
"""The webhooks of `history`; the last status came after the end, at NOW + 702 s."""
DAY = 24 * HOUR * 1000
UNKNOWN = Unknown("HTTP 500")
LATER = NOW + 18 * 60 * MINUTE


@pytest.fixture
def tomorrow(reconciling, publishing):
    """A day later, on every clock."""
    publishing.outside.now = lambda: NOW + DAY
    return NOW + DAY


@pytest.fixture
def soon(publishing):
    """The consumer reads changes as they happen."""
    publishing.outside.now = lambda: NOW + 703_000


@pytest.fixture
def writes(publishing):
    """The consumer's successful writes."""
    made = []

    def take(http_response, **_):
        if http_response.status_code == 200:
            made.append(1)

    publishing.outside.table.client.meta.events.register("after-call.dynamodb.PutItem", take)
    return made


def sequences(world):
    return sorted(task.sequence for task in world.queued())


def test_dead_for_a_whole_life(world, customer, reconciling, deliver, listed, output):
    """If the stream was never read, reconcile queues every webhook once after the end, and an alarm goes off."""
    history(world)
    assert reconciling.run(NOW + 5 * MINUTE) == 0
    assert world.queued() == []
    output()
    reconciling.run(LATER)
    tasks = world.queued()
    assert sorted(task.sequence for task in tasks) == ALL
    assert [metric for metric in metrics(output()) if "WebhooksPublishedLate" in metric] == [
        {"WebhooksPublishedLate": [1.0]}
    ] * len(ALL)
    for task in tasks:
        deliver(task)
    assert sorted(request.body["sequence"] for request in customer.requests) == ALL
    assert (world.read(ID).published, world.read(ID).due_at) == (11, None)
    reconciling.run(LATER + DAY)
    assert world.queued() == []


def test_alive(world, customer, reconciling, publish, soon, writes):
    """If the stream is read, reconcile queues nothing at any time; the cost is one more write, at the end."""
    life = history(world)
    for one in life[:-1]:
        publish(one)
    assert len(writes) == 1
    publish(life[-1])
    assert sequences(world) == ALL
    assert (len(writes), world.read(ID).published, world.read(ID).due_at) == (2, 11, None)
    for at in (LATER, LATER + DAY):
        reconciling.run(at)
    assert world.queued() == []


def test_no_loop(world, publish, soon, writes):
    """The write of the watermark comes back through the stream and causes no further write."""
    life = history(world)
    before = state(world)
    publish(*life)
    writes.clear()
    world.queued()
    publish(record(before, state(world)))
    assert (writes, world.queued()) == ([], [])


def test_a_batch_is_written_down_once(world, publish, soon, writes):
    """One write records all webhooks of an ended workflow that are in one batch."""
    publish(*history(world))
    assert len(writes) == 1
    assert world.read(ID).published == 11


def test_it_may_have_lost_some(world, customer, reconciling, publish, tomorrow, deliver):
    """A consumer a day behind cannot know what the stream has dropped, so reconcile checks and queues only that."""
    life = history(world)
    publish(life[4], *life[7:])  # the record of webhook 4 was lost
    tasks = world.queued()
    assert world.read(ID).due_at is not None
    for task in tasks:
        deliver(task)
    reconciling.run(tomorrow)
    assert sequences(world) == [4]
    assert world.read(ID).due_at is None


def test_a_long_life(world, customer, reconciling, publish, publishing, deliver):
    """After a workflow of three days the consumer cannot be sure either: reconcile checks and finds all queued."""
    flow = transitions.answered(transitions.claimed(workflow("sms", account=world.api_key), 0, NOW), 0, UNKNOWN, NOW)
    world.put(flow, [SMS])
    for now, happened in (
        (NOW, lambda flow: transitions.received(flow, 0, Receipt("submitted", "u", None, None), NOW)),
        (NOW + 3 * DAY, lambda flow: transitions.unconfirmed(flow, NOW + 3 * DAY)),
    ):
        before = state(world)
        world.store.write(happened(world.read(ID)))
        publishing.outside.now = lambda now=now: now
        publish(record(before, state(world)))
        for task in world.queued():
            deliver(task)
    assert world.read(ID).due_at == NOW + 3 * DAY + 15 * MINUTE
    reconciling.run(NOW + 3 * DAY + 15 * MINUTE)
    assert world.queued() == []
    assert world.read(ID).due_at is None


def test_a_late_status_that_was_lost(world, customer, reconciling, publish, soon, deliver):
    """If everything before a late status is known to be queued, only the late status is queued again."""
    publish(*history(world)[:-1])
    for task in world.queued():
        deliver(task)
    assert world.read(ID).published == 10
    reconciling.run(LATER)
    assert sequences(world) == [11]


def test_the_table_cannot_be_written(world, customer, reconciling, publish, publishing, soon, monkeypatch):
    """A failing write of the watermark fails no batch: the webhooks are queued, and reconcile checks later."""
    life = history(world)
    for error in (aws.Unavailable("dynamodb: ThrottlingException"), aws.AwsError("dynamodb", "AccessDenied")):
        monkeypatch.setattr(publishing.outside.store, "write", Mock(side_effect=error))
        publish(*life)
        assert sequences(world) == ALL
    assert world.read(ID).due_at is not None
    reconciling.run(LATER)
    assert world.read(ID).due_at is None


def test_a_change_at_the_same_instant(world, publish, publishing, soon):
    """A status written while the watermark is decided is kept: neither write undoes the other."""
    life = history(world)[:-1]
    world.store.write(transitions.received(world.read(ID), 1, Receipt("read", "v", None, None), NOW + 703_000))
    publish(*life)
    flow = world.read(ID)
    assert flow.published == 10
    assert next(entry["sequence"] for entry in publication.unpublished(flow)) == 11
    assert flow.due_at is not None


def test_no_url(world, reconciling, output):
    """Without a URL nothing is queued, and the workflow is not due again."""
    history(world)
    output()
    reconciling.run(LATER)
    assert world.queued() == []
    assert "WebhooksPublishedLate" not in output()
    assert world.read(ID).due_at is None


def test_twins(world, customer, reconciling, monkeypatch):
    """Of two runs at the same instant one queues the webhooks."""
    one_write_at_a_time(monkeypatch)
    history(world)
    twins = [Outside(now=lambda: LATER) for _ in range(3)]
    at_once(*[lambda twin=twin: republish(twin) for twin in twins])
    assert sequences(world) == ALL


@pytest.mark.parametrize("when", ["before", "after"])
def test_death_at_every_call(world, customer, reconciling, deliver, when):
    """A run that dies before or after any of its calls loses no webhook; the customer receives each once."""
    history(world)
    dying = Outside(now=lambda: LATER)
    spared, deaths = mortal(dying, when), 0
    for call in range(6):
        flow = world.read(ID)
        world.store.write(replace(flow, published=0, due_at=LATER))
        spared[:] = [call]
        try:
            republish(dying)
        except Died:
            deaths += 1
        for minute in range(1, 3):
            reconciling.run(LATER + minute * MINUTE)
        for task in world.queued():
            deliver(task)
        assert sorted(request.body["sequence"] for request in customer.requests) == ALL
        assert world.read(ID).due_at is None
    assert deaths >= 3


def test_death_between_queueing_and_writing_down(world, customer, publish, publishing, soon, deliver, monkeypatch):
    """A consumer that dies after queueing processes its batch again: queued twice, delivered once, recorded then."""
    life = history(world)
    with monkeypatch.context() as patched:
        patched.setattr(publishing.outside.store, "write", lambda *_: (_ for _ in ()).throw(Died))
        with pytest.raises(Died):
            publish(*life)
    publish(*life)
    tasks = world.queued()
    assert sorted(task.sequence for task in tasks) == sorted(ALL * 2)
    for task in tasks:
        deliver(task)
    assert sorted(request.body["sequence"] for request in customer.requests) == ALL
    assert world.read(ID).published == 11


def test_running_workflows_come_first(world, customer, reconciling, monkeypatch):
    """Running workflows come before any number of ended ones, of which a run takes a limited number."""
    monkeypatch.setattr(overdue, "MOST_PER_SHARD", 2)
    monkeypatch.setattr(overdue, "MOST_LISTINGS", 1)
    for number in range(4):
        flow = replace(workflow(*TWO_STEPS, account=world.api_key), id=id_in(0, number))
        world.put(transitions.cancelled(flow, NOW - HOUR * 1000), [MESSENGER, SMS])
    left_in(world, 0, 9)
    seconds = iter([55_000] * 9)
    assert reconciling.run(NOW, lambda: next(seconds, 0)) == 1
    assert started(reconciling) == {id_in(0, 9)}
    for minute in range(2):
        reconciling.run(NOW + minute)
        assert len(world.queued()) == 2


def test_gone(world, customer, reconciling):
    """A workflow whose account is deleted has no webhooks and is not due again."""
    history(world)
    key = {"pk": {"S": f"account#{world.api_key}"}, "sk": {"S": "account"}}
    world.client.delete_item(TableName=world.table, Key=key)
    reconciling.run(LATER)
    assert world.queued() == []
    assert world.read(ID).due_at is None


def test_the_task_is_the_same(world, customer, reconciling):
    """Reconcile queues the same task as the consumer."""
    history(world)
    reconciling.run(LATER)
    assert task_of(world, 4) in world.queued()
