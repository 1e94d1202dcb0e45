"""Messages as a resource, and the pointers that lead to them."""

import time

import boto3
import pytest

from failover.adapters.workflow.store import Pointer
from failover.rules.sending.answers import Unknown
from failover.rules.timing.instants import iso
from failover.rules.webhooks import bodies
from failover.rules.workflow import retention
from failover.use_cases.sending.send import send
from tests.acts import LATER, answer, cancelled, claim, sent, status
from tests.examples import ID, MESSENGER, NOW, SMS, changed
from tests.messages_server import accepted, http
from tests.world import body_of, callback_event, load

PRICE, DEARER = ({"price": price, "currency": "EUR"} for price in ("0.0333", "0.0500"))
ERROR = {"code": 1340, "reason": "Outside Allowed Window"}
LINK = {"workflow": {"href": f"/workflows/{ID}", "workflow_uuid": ID}}
BARE = {"message_uuid": "uuid-0", "to": MESSENGER["to"], "from": MESSENGER["from"], "_links": LINK}


@pytest.fixture
def known(world, put):
    """Store a workflow of the tests' account, with a pointer for each message it knows."""

    def known(*acts, **more):
        flow = put(*acts, **more)
        for number, step in enumerate(flow.steps):
            if step.message_uuid:
                flow = world.store.write(
                    flow, Pointer(step.message_uuid, number, retention.pointers_expire_at(flow, NOW))
                )
        return flow

    return known


@pytest.fixture
def message(call):
    def message(message_uuid="uuid-0", path="/messages"):
        answered = call("GET", f"{path}/{message_uuid}", Content_Type=None)
        assert answered["statusCode"] == 200, answered["body"]
        return body_of(answered)

    return message


LIVES = [
    ("no status yet", [sent(0)], {"timestamp": iso(NOW), "status": "submitted"}),
    ("delivered", [sent(0), status(0, "delivered")], {"timestamp": iso(LATER), "status": "delivered"}),
    (
        "rejected",
        [sent(0), status(0, "rejected", error=ERROR, usage=PRICE)],
        {"timestamp": iso(LATER), "status": "rejected", "error": ERROR, "usage": PRICE},
    ),
    (
        "a lower rank came last",
        [sent(0), status(0, "delivered", NOW + 2, usage=DEARER), status(0, "submitted", NOW + 1, usage=PRICE)],
        {"timestamp": iso(NOW + 1), "status": "delivered", "usage": DEARER},
    ),
    (
        "the price came before",
        [sent(0), status(0, "submitted", usage=PRICE), status(0, "delivered")],
        {"timestamp": iso(LATER), "status": "delivered", "usage": PRICE},
    ),
    (
        "after the end",
        [sent(0), cancelled, status(0, "read", usage=PRICE)],
        {"timestamp": iso(LATER), "status": "read", "usage": PRICE},
    ),
    (
        "its answer was lost",
        [claim(0), answer(0, Unknown("HTTP 500")), status(0, "submitted")],
        {"timestamp": iso(LATER), "status": "submitted"},
    ),
]


@pytest.mark.decision("Beyond the original")
@pytest.mark.parametrize(("acts", "shown"), [row[1:] for row in LIVES], ids=[row[0] for row in LIVES])
def test_shown(known, message, acts, shown):
    """A message shows its current state: the highest status and price, and the time of the latest."""
    known(*acts)
    assert message() == {**BARE, **shown}


@pytest.mark.parametrize("path", ["/messages", "/beta/messages", "/v0.1/messages"])
def test_addresses(known, message, path):
    """Every href of a final report leads to its message."""
    flow = known(sent(0), sent(1, LATER), cancelled)
    report = bodies.body(flow, None, flow.timeline[-1])
    hrefs = [link["href"] for link in report["_links"]["messages"]]
    assert hrefs == ["v0.1/messages/uuid-0", "v0.1/messages/uuid-1"]
    for href in hrefs:
        message_uuid = href.rpartition("/")[2]
        assert message(message_uuid, path)["message_uuid"] == message_uuid


def test_of_the_right_step(known, message):
    """The second message has its own sender, recipient and status."""
    known(sent(0), sent(1, LATER), status(0, "delivered"), status(1, "rejected"))
    shown = message("uuid-1")
    assert (shown["to"], shown["from"], shown["status"]) == (SMS["to"], SMS["from"], "rejected")


def test_word(known, message):
    """The link to the workflow uses the name of the endpoint that created it."""
    known(sent(0), word="dispatch")
    assert message()["_links"] == {"dispatch": {"href": f"v0.1/dispatch/{ID}", "dispatch_uuid": ID}}


@pytest.mark.parametrize("path", ["client_ref", "message.client_ref"])
def test_references(known, message, path):
    """A message shows its step's reference, in either place, or else the workflow's."""
    known(sent(0), sent(1, LATER), client_ref="table-12", content=[changed(MESSENGER, path, "order-4711"), SMS])
    assert message("uuid-0")["client_ref"] == "order-4711"
    assert message("uuid-1")["client_ref"] == "table-12"


def test_content_has_been_dropped(world, known, message):
    """After its content is dropped a message has no sender and recipient and says so."""
    known(sent(0), status(0, "delivered"))
    item = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "content"}}
    boto3.client("dynamodb").delete_item(TableName=world.table, Key=item)
    shown = message()
    assert shown == {key: value for key, value in BARE.items() if key not in ("to", "from")} | {
        "timestamp": iso(LATER),
        "status": "delivered",
        "content_dropped": True,
    }


@pytest.mark.parametrize("message_uuid", ["uuid-2", ID, "..", "%20", "é", "x" * 100, "x" * 101, "x" * 5000, "'; --"])
def test_unknown(known, call, message_uuid):
    """An unknown id of any form is answered 404."""
    known(sent(0))
    assert call("GET", f"/messages/{message_uuid}")["statusCode"] == 404


def test_the_record_has_been_forgotten(world, known, call):
    """A pointer that outlives its workflow leads to nothing."""
    known(sent(0))
    for sk in ("state", "content"):
        item = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": sk}}
        boto3.client("dynamodb").delete_item(TableName=world.table, Key=item)
    assert call("GET", "/messages/uuid-0")["statusCode"] == 404


def callback(word, message_uuid="uuid-0", **more):
    return callback_event({"message_uuid": message_uuid, "status": word, **more})


def now_ms():
    return int(time.time() * 1000)


OURS = {"client_ref": f"{ID}.0"}


@pytest.fixture
def receive(world):
    receiving = load("message_status")
    return lambda event: receiving.handler(event, None)["statusCode"]


@pytest.mark.parametrize("acts", [[claim(0)], [claim(0), answer(0, Unknown("timeout"))]])
def test_a_status_names_a_message_whose_answer_was_lost(world, put, call, receive, message, acts):
    """The first status with a message's id makes its href work, and later ones need no reference."""
    flow, began = put(*acts), now_ms()
    assert call("GET", "/messages/uuid-0")["statusCode"] == 404
    assert receive(callback("submitted", **OURS)) == 200
    assert message()["status"] == "submitted"
    assert world.read(ID).timeline[-1]["message_uuid"] == "uuid-0"
    assert receive(callback("delivered")) == 200
    assert message()["status"] == "delivered"
    (pointer,) = [item for item in world.items() if item["sk"]["S"] == "pointer"]
    assert (
        retention.pointers_expire_at(flow, began)
        <= int(pointer["expires_at"]["N"])
        <= retention.pointers_expire_at(flow, now_ms())
    )


def test_one_pointer_and_no_more(world, put):
    """The first status with a message's id writes one pointer; later and repeated ones write none."""
    put(claim(0))
    receiving, written = load("message_status"), []
    events = receiving.outside.table.client.meta.events
    events.register("before-call.dynamodb", lambda model, **_: written.append(model.name))
    for word in ("submitted", "delivered", "delivered"):
        assert receiving.handler(callback(word, **OURS), None)["statusCode"] == 200
    assert [name for name in written if name != "GetItem"] == ["TransactWriteItems", "PutItem"]


def test_a_status_overtakes_the_answer(world, put, messages, outside, receive, message):
    """F9: a status received during the send and the answer after it lead to the same message."""
    put()
    messages.script = [accepted("uuid-0")]
    messages.meanwhile = lambda _: receive(callback("submitted", **OURS))
    send(outside, "messenger", ID, 0)
    assert message()["status"] == "submitted"
    assert [entry["event"] for entry in world.read(ID).timeline] == ["accepted", "sending", "status", "sent"]


def test_an_answer_without_an_id(world, put, messages, outside, receive, message, call):
    """F8: a message whose answer cannot be read has no address until a status names its id."""
    put()
    messages.script = [http(202, b"{")]
    send(outside, "messenger", ID, 0)
    assert (world.read(ID).steps[0].state, world.items()[0]["sk"]["S"] != "pointer") == ("unknown", True)
    assert call("GET", "/messages/uuid-0")["statusCode"] == 404
    receive(callback("read", **OURS))
    assert (message()["status"], world.read(ID).status) == ("read", "completed")


@pytest.mark.parametrize(("conflicts", "status_code"), [(1, 200), (4, 200), (5, 503)])
def test_contended_pointer(world, put, monkeypatch, message, conflicts, status_code):
    """Status and pointer are written together or not at all; a conflicting write is retried, and after five conflicts
    the vendor is asked to retry."""
    put(claim(0))
    receiving = load("message_status")
    client = receiving.outside.table.client
    write, remaining = client.transact_write_items, [conflicts]
    response = {"Error": {"Code": "TransactionCanceledException"}}
    response["CancellationReasons"] = [{"Code": "TransactionConflict"}, {"Code": "None"}]

    def contended(**arguments):
        if remaining[0]:
            remaining[0] -= 1
            raise client.exceptions.ClientError(response, "TransactWriteItems")
        return write(**arguments)

    monkeypatch.setattr(client, "transact_write_items", contended)
    assert receiving.handler(callback("submitted", **OURS), None)["statusCode"] == status_code
    if status_code == 503:
        assert (world.read(ID).steps[0].statuses, world.store.find_message("uuid-0")) == ((), None)
        receiving.handler(callback("submitted", **OURS), None)
    assert message()["status"] == "submitted"
