"""Content is removed some time after its workflow's end and the record later; expired items count as removed."""

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
from tests.functions.conftest import REPORT, STATUS, ended, pointer, task_of
from tests.world import body_of, callback_event, load, template

DAY = 86_400
CONTENT_KEPT = 7 * DAY
"""How long `World.put` keeps content, in seconds."""
END = NOW // 1000
"""The end of `ended`, in seconds."""


@pytest.fixture
def publish_twice(publishing):
    """Call the function with a change twice, since the stream may repeat any record."""

    def publish_twice(before, after):
        images = {"OldImage": _image(before), "NewImage": _image(after)}
        publishing.handler({"Records": [{"dynamodb": images}] * 2}, None)

    return publish_twice


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
def test_content_goes_after_the_end(world, publish_twice, end):
    """However a workflow ends, its content expires ContentRetention later, even if the change is repeated."""
    before = running(world)
    assert int(content(world)["expires_at"]["N"]) > END + CONTENT_KEPT
    publish_twice(before, world.store.write(end(before)))
    assert content(world)["expires_at"]["N"] == str(END + CONTENT_KEPT)


def test_content_stays_while_it_runs(world, publish_twice):
    """While the workflow runs, content expires after its longest possible run and the retention."""
    before = running(world, *TWO_STEPS)
    known = content(world)
    after = world.store.write(transitions.received(before, 0, Receipt("delivered", "uuid-0", None, None), NOW))
    publish_twice(before, after)
    assert after.running
    assert content(world) == known
    assert int(known["expires_at"]["N"]) > END + 600 + 72 * 3600 + CONTENT_KEPT


def test_changes_after_the_end_extend_nothing(world, publish_twice):
    """A late status or an amendment does not extend the content's life."""
    before = running(world)
    over = world.store.write(ENDS["completed"](before))
    publish_twice(before, over)
    known, over = content(world), world.read(ID)
    publish_twice(
        over, world.store.write(transitions.received(over, 0, Receipt("read", "", None, None), NOW + 50_000_000))
    )
    assert content(world) == known


def test_content_that_is_gone_stays_gone(world, publish_twice):
    """A record processed after the content's removal does not create it again."""
    over = ended(world)
    key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "content"}}
    boto3.client("dynamodb").delete_item(TableName=world.table, Key=key)
    publish_twice(replace(over, status="running", ended_at=None), over)
    assert content(world) is None


def test_one_write_for_each_workflow(world, publishing):
    """Content is written once in a workflow's life, after the change that ends it."""
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


def test_webhooks_do_not_wait_for_it(world, publishing, publish_twice, monkeypatch, reconciling):
    """If the table is unavailable, webhooks are queued once, and reconcile sets the content's expiry a little later."""
    before = running(world)
    over = world.store.write(ENDS["completed"](before))

    def lost(**_):
        raise EndpointConnectionError(endpoint_url="https://secret.test/447700900000")

    with monkeypatch.context() as broken:
        broken.setattr(publishing.outside.table.client, "update_item", lost)
        publish_twice(before, over)
    assert {task.sequence for task in world.queued()} == {STATUS, REPORT}
    assert int(content(world)["expires_at"]["N"]) > END + CONTENT_KEPT
    reconciling.run(over.due_at)
    assert content(world)["expires_at"]["N"] == str(END + CONTENT_KEPT)


def test_the_retention_outlasts_the_webhooks():
    """Content outlives the last attempt of a webhook of the workflow's end, which names sender and recipient."""
    assert template()["Parameters"]["ContentRetentionDays"]["MinValue"] * DAY > delivery.PATIENCE


def test_the_record_outlasts_the_last_status():
    """A record outlives the webhook of the latest possible status: the vendor's longest wait plus its repeats."""
    vendors_longest = max(channel.receipt_window for channel in CHANNELS.values())
    last_attempt = vendors_longest + callback_signature.LIFE + delivery.PATIENCE
    assert template()["Parameters"]["RecordRetentionDays"]["MinValue"] * DAY > last_attempt


@pytest.fixture
def at(app, delivering):
    """Set the clock of the API and of `deliver_webhook`, in seconds."""

    def at(seconds):
        app.outside.now = delivering.outside.now = lambda: seconds * 1000

    return at


@pytest.mark.parametrize("published", [True, False], ids=["published", "not published"])
def test_expired_content_is_gone(world, call, at, publish_twice, customer, deliver, published):
    """Personal data is gone to the second, even if the item is not removed yet or its expiry was never written."""
    before = running(world)
    over = world.store.write(ENDS["completed"](before))
    if published:
        publish_twice(before, over)
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
def test_a_status_after_the_content_is_gone(world, call, at, publish_twice, customer, deliver, word):
    """Such a status is recorded, published and forwarded without sender and recipient, and can be redelivered."""
    before = world.store.write(replace(running(world), word=word))
    over = world.store.write(ENDS["completed"](before))
    publish_twice(before, over)
    late, over = END + 29 * DAY, world.read(ID)
    at(late)
    after = world.store.write(transitions.received(over, 0, Receipt("read", "uuid-0", None, None), late * 1000))
    publish_twice(over, after)
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


def test_an_expired_record_is_gone(world, call, at, customer, deliver):
    """An expired workflow is treated as missing, whether its record is removed or not."""
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
    """A status for an expired workflow is accepted, counted as unknown, and not written."""
    function, over = load("message_status"), ended(world)
    now = over.expires_at * 1000
    function.outside.now = lambda: now
    items = world.items()
    event = callback_event({"client_ref": f"{ID}.0", "status": "read"}, iat=over.expires_at)
    assert function.handler(event, None)["statusCode"] == 200
    assert "UnknownReceipts" in output()
    assert world.items() == items


def test_an_expired_pointer_leads_nowhere(world, call, at):
    """A message can be found until its pointer expires."""
    ended(world)
    item = {**pointer(), "expires_at": {"N": str(END + 10)}}
    world.client.put_item(TableName=world.table, Item=item)
    for seconds, status in ((END + 9, 200), (END + 10, 404)):
        at(seconds)
        assert call("GET", "/messages/uuid-0")["statusCode"] == status


def test_a_list_passes_over_expired_ones(world, app, at):
    """Expired workflows are not listed and take no place in a page."""
    flow = ended(world)
    for number in range(6):
        one = replace(flow, id=f"{number:08x}-0000-4000-8000-000000000000", created_at=NOW + 1 + number)
        world.put(replace(one, expires_at=END + (5 if number >= 2 else 6)), [SMS])
    at(END + 5)
    page = app.outside.listing.page(world.api_key, listing.parse_filters({"limit": "2"}))
    assert [item["created_at"] - NOW for item in page.items] == [2, 1]
    rest = app.outside.listing.page(world.api_key, replace(listing.parse_filters({"limit": "2"}), after=page.next))
    assert [item["created_at"] - NOW for item in rest.items] == [0]
