"""Texts and addresses go a while after the end of their workflow, its record later; what is past its time is gone."""

from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from failover.adapters.table import marshalled
from failover.adapters.workflow.store import state_item
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.receipts import callback_signature
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.webhooks import delivery
from failover.rules.workflow import listing, transitions
from tests.described import check
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.functions.conftest import REPORT, STATUS, ended, task_of
from tests.world import body_of, callback_event, load, template

DAY = 86_400
CONTENT_KEPT = 7 * DAY
"""What `World.put` has the content kept for."""
END = NOW // 1000
"""The end of `ended`, as the table counts: in seconds."""


@pytest.fixture
def publishing(world):
    """The function that reads the stream."""
    return load("publish_events")


@pytest.fixture
def publish(publishing):
    """Tell it of a change, as the stream does, twice, for any record may come again."""

    def publish(before, after):
        images = {"OldImage": _image(before), "NewImage": _image(after)}
        publishing.handler({"Records": [{"dynamodb": images}] * 2}, None)

    return publish


def _image(flow):
    return marshalled(state_item(flow))


def content(world):
    key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "content"}}
    return boto3.client("dynamodb").get_item(TableName=world.table, Key=key).get("Item")


def running(world, *steps):
    flow = transitions.claimed(workflow(*(steps or ["sms"]), account=world.api_key), 0, NOW)
    return world.put(transitions.answered(flow, 0, Accepted("uuid-0"), NOW), [MESSENGER, SMS][-len(flow.steps) :])


ENDS = {
    "completed": lambda flow: transitions.received(flow, 0, Receipt("delivered", "uuid-0", None, None), NOW),
    "error": lambda flow: transitions.received(flow, 0, Receipt("rejected", "uuid-0", None, None), NOW),
    "cancelled": lambda flow: transitions.cancelled(flow, NOW),
    "unconfirmed": lambda flow: transitions.unconfirmed(replace(flow, receipt_window=0), NOW),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_content_goes_after_the_end(world, publish, end):
    """Whatever ends a workflow, its content is dropped ContentRetention after that, whoever tells it how often."""
    before = running(world)
    assert int(content(world)["expires_at"]["N"]) > END + CONTENT_KEPT
    publish(before, world.store.write(end(before)))
    assert content(world)["expires_at"]["N"] == str(END + CONTENT_KEPT)


def test_content_stays_while_it_runs(world, publish):
    """Before the end, a change leaves the content its time: the longest the workflow can run, and the retention."""
    before = running(world, *TWO_STEPS)
    known = content(world)
    after = world.store.write(transitions.received(before, 0, Receipt("delivered", "uuid-0", None, None), NOW))
    publish(before, after)
    assert after.running
    assert content(world) == known
    assert int(known["expires_at"]["N"]) > END + 600 + 72 * 3600 + CONTENT_KEPT


def test_what_comes_after_the_end_prolongs_nothing(world, publish):
    """A late status, or an amendment, leaves the content the time it has from the end."""
    before = running(world)
    over = world.store.write(ENDS["completed"](before))
    publish(before, over)
    known, over = content(world), world.read(ID)
    publish(over, world.store.write(transitions.received(over, 0, Receipt("read", "", None, None), NOW + 50_000_000)))
    assert content(world) == known


def test_content_that_is_gone_stays_gone(world, publish):
    """A record that comes when the content has been removed puts nothing in its place."""
    over = ended(world)
    key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "content"}}
    boto3.client("dynamodb").delete_item(TableName=world.table, Key=key)
    publish(replace(over, status="running", ended_at=None), over)
    assert content(world) is None


def test_one_write_for_each_workflow(world, publishing):
    """The content is written once in a workflow's life, after the change that ends it, and read by none."""
    calls = []
    client = publishing.outside.table.client
    client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    flow = running(world)
    acts = [
        lambda now: transitions.received(now, 0, Receipt("delivered", "", None, None), END * 1000),
        lambda now: transitions.received(now, 0, Receipt("read", "", None, None), END * 1000 + 5),
    ]
    publishing.handler({"Records": [{"dynamodb": {"NewImage": _image(flow)}}]}, None)
    for act in acts:
        before = world.read(ID)
        after = world.store.write(act(before))
        publishing.handler({"Records": [{"dynamodb": {"OldImage": _image(before), "NewImage": _image(after)}}]}, None)
        settled = world.read(ID)
        publishing.handler({"Records": [{"dynamodb": {"OldImage": _image(after), "NewImage": _image(settled)}}]}, None)
    assert calls.count("UpdateItem") == 1


def test_webhooks_do_not_wait_for_it(world, publishing, publish, monkeypatch, reconciling):
    """Where the table is out of reach, the webhooks are queued, once, and reconcile sets the time a little later."""
    before = running(world)
    over = world.store.write(ENDS["completed"](before))

    def lost(**_):
        raise EndpointConnectionError(endpoint_url="https://secret.test/447700900000")

    with monkeypatch.context() as broken:
        broken.setattr(publishing.outside.table.client, "update_item", lost)
        publish(before, over)
    assert {task.sequence for task in world.queued()} == {STATUS, REPORT}
    assert int(content(world)["expires_at"]["N"]) > END + CONTENT_KEPT
    reconciling.run(over.due_at)
    assert content(world)["expires_at"]["N"] == str(END + CONTENT_KEPT)


def test_the_retention_outlasts_the_webhooks():
    """A webhook of the very end can be repeated for as long as webhooks are: they name sender and recipient."""
    assert template()["Parameters"]["ContentRetentionDays"]["MinValue"] * DAY > delivery.PATIENCE


def test_the_record_outlasts_the_last_status():
    """A status may come as late as the vendor gives up a message and repeats a callback; so may its webhook be told."""
    vendors_longest = max(channel.receipt_window for channel in CHANNELS.values())
    last_attempt = vendors_longest + callback_signature.LIFE + delivery.PATIENCE
    assert template()["Parameters"]["RecordRetentionDays"]["MinValue"] * DAY > last_attempt


@pytest.fixture
def at(app, delivering):
    """Set the clock of the API and of the delivery (seconds)."""

    def at(seconds):
        app.outside.now = delivering.outside.now = lambda: seconds * 1000

    return at


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
def test_expired_content_is_gone(world, call, at, publish, customer, deliver, told):
    """To the second, removed or not, and even where the table was not told of the end: no person is named any more."""
    before = running(world)
    over = world.store.write(ENDS["completed"](before))
    if told:
        publish(before, over)
    for seconds, kept in ((END + CONTENT_KEPT - 1, True), (END + CONTENT_KEPT, False)):
        at(seconds)
        shown = body_of(call("GET", f"/workflows/{ID}"))
        assert ("to" in shown["steps"][0]) == kept
        assert len(shown["timeline"]) == REPORT
        world.client.put_item(TableName=world.table, Item=pointer())
        assert ("to" in body_of(call("GET", "/messages/uuid-0"))) == kept
        redelivered = [call("POST", f"/workflows/{ID}/webhooks/{n}/redeliver")["statusCode"] for n in (STATUS, REPORT)]
        assert redelivered == [202, 202]
        deliver(task_of(world, STATUS, attempt=1 if kept else 2))
        assert content(world) is not None
    whole, rest = (request.body for request in customer.requests)
    assert (whole["to"], whole["from"]) == (SMS["to"], SMS["from"])
    assert rest == {name: whole[name] for name in whole if name not in ("to", "from")} | {"content_dropped": True}


@pytest.mark.decision("Content has been dropped")
@pytest.mark.parametrize("word", ["workflow", "dispatch"])
def test_a_status_after_the_content_is_gone(world, call, at, publish, customer, deliver, word):
    """It is recorded, published and forwarded in either word, without sender and recipient, and can be sent again."""
    before = world.store.write(replace(running(world), word=word))
    over = world.store.write(ENDS["completed"](before))
    publish(before, over)
    late, over = END + 29 * DAY, world.read(ID)
    at(late)
    after = world.store.write(transitions.received(over, 0, Receipt("read", "uuid-0", None, None), late * 1000))
    publish(over, after)
    sequence = len(after.timeline)
    assert sequence in {task.sequence for task in world.queued()}
    deliver(task_of(world, sequence))
    assert call("POST", f"/workflows/{ID}/webhooks/{sequence}/redeliver")["statusCode"] == 202
    deliver(task_of(world, sequence, attempt=2))
    first, again = (request.body for request in customer.requests)
    assert first == again
    assert (first["status"], first["content_dropped"], first["message_uuid"]) == ("read", True, "uuid-0")
    assert not {"to", "from"} & first.keys()
    assert first["_links"][word][f"{word}_uuid"] == ID
    check("MessageStatusWebhook", first)
    attempts = body_of(call("GET", f"/workflows/{ID}/webhooks"))["webhooks"][-1]["attempts"]
    assert [attempt["answer"] for attempt in attempts] == [202, 202]


def pointer():
    item = {"pk": "message#uuid-0", "sk": "pointer", "workflow": ID, "step": 0, "expires_at": 4_000_000_000}
    return marshalled(item)


def test_an_expired_record_is_gone(world, call, at, customer, deliver):
    """Once the record's time is up, the workflow is as one that never was, removed or not."""
    over = ended(world)
    world.client.put_item(TableName=world.table, Item=pointer())
    paths = {
        "GET": [f"/workflows/{ID}", f"/workflows/{ID}/webhooks", "/messages/uuid-0"],
        "POST": [f"/workflows/{ID}/cancel", f"/workflows/{ID}/webhooks/{REPORT}/redeliver"],
    }
    for seconds, kept in ((over.expires_at - 1, True), (over.expires_at, False)):
        at(seconds)
        for method, some in paths.items():
            statuses = [call(method, path)["statusCode"] for path in some]
            assert (404 not in statuses) == kept
            assert (set(statuses) == {404}) == (not kept)
        assert len(body_of(call("GET", "/workflows"))["workflows"]) == kept
        deliver(task_of(world, attempt=1 if kept else 2))
    assert len(customer.requests) == 1


def test_a_status_for_an_expired_record(world, output):
    """A status that comes when the record's time is up is taken, counted as unknown, and written nowhere."""
    function, over = load("message_status"), ended(world)
    now = over.expires_at * 1000
    function.outside.now = lambda: now
    items = world.items()
    event = callback_event({"client_ref": f"{ID}.0", "status": "read"}, iat=over.expires_at)
    assert function.handler(event, None)["statusCode"] == 200
    assert "UnknownReceipts" in output()
    assert world.items() == items


def test_an_expired_pointer_leads_nowhere(world, call, at):
    """A message is found for as long as its pointer is to be kept."""
    ended(world)
    item = {**pointer(), "expires_at": {"N": str(END + 10)}}
    world.client.put_item(TableName=world.table, Item=item)
    for seconds, status in ((END + 9, 200), (END + 10, 404)):
        at(seconds)
        assert call("GET", "/messages/uuid-0")["statusCode"] == status


def test_a_list_passes_over_expired_ones(world, app, at):
    """What is past its time is not listed, and takes no other's place in a page."""
    flow = ended(world)
    for number in range(6):
        one = replace(flow, id=f"{number:08x}-0000-4000-8000-000000000000", created_at=NOW + 1 + number)
        world.put(replace(one, expires_at=END + (5 if number >= 2 else 6)), [SMS])
    at(END + 5)
    page = app.outside.listing.page(world.api_key, listing.parse_filters({"limit": "2"}))
    assert [item["created_at"] - NOW for item in page.workflows] == [2, 1]
    rest = app.outside.listing.page(world.api_key, replace(listing.parse_filters({"limit": "2"}), after=page.next))
    assert [item["created_at"] - NOW for item in rest.workflows] == [0]
