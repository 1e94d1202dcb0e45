"""Phones of the sandbox: an account sees the messages on its phones and reports their statuses by hand."""

import json
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import boto3
import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.statuses import FAILURES
from failover.rules.sending import outgoing
from failover.rules.sending.answers import Accepted
from failover.rules.sending.client_ref import client_ref
from failover.rules.workflow import transitions
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, VIBER, changed, workflow
from tests.messages_server import MessagesServer
from tests.sandbox import BASIC, post
from tests.tokens import token
from tests.world import body_of, callback_event, http_event, load

FIRST, SECOND = client_ref(ID, 0), client_ref(ID, 1)
ANNA, BEN, NUMBER = "sim-phone-anna", "sim-phone-ben", "447700900901"
ALL = ["delivered", "read", "rejected", "undeliverable"]


def addressed(step, recipient):
    return changed(step, f"to.{CHANNELS[step['to']['type']].recipient}", recipient)


class Sandbox:
    """The sandbox's functions, its queue, and the stack's callback URL."""

    def __init__(self, world, queue):
        self.world, self.queue = world, queue
        self.server = MessagesServer()
        self.app, self.receipts = load("sandbox_messages"), load("sandbox_messages", "receipts")
        self.receipts.outside.sleep = lambda _: None
        self.message_status = load("message_status")
        self.app.outside.settings = replace(self.app.outside.settings, public_url=self.server.url)
        self.sqs = boto3.client("sqs")

    def send(self, step=MESSENGER, recipient=ANNA, reference=FIRST, version="v1"):
        """Send a message and return its id."""
        step = addressed(step, recipient)
        url = f"{self.server.url}/webhooks/message-status"
        body = outgoing.v1(step, reference, url) if version == "v1" else outgoing.v0_1(step, reference)
        answer = post(self.app, body, version)
        assert answer["statusCode"] == 202, answer["body"]
        return body_of(answer)["message_uuid"]

    def list(self, authorization=None):
        event = http_event("GET", "/sandbox/phones", Authorization=authorization or self.world.basic)
        answer = self.app.handler(event, None)
        assert answer["statusCode"] == 200, answer["body"]
        return body_of(answer)

    def shown(self, message_uuid):
        """A message in the list."""
        phones = self.list()["phones"]
        return next(one for phone in phones for one in phone["messages"] if one["message_uuid"] == message_uuid)

    def answer(self, message_uuid, status, **headers):
        """Report a status; `status` may be a whole body."""
        body = status if isinstance(status, bytes) else json.dumps({"status": status}).encode()
        named = {"Authorization": self.world.basic, "Content_Type": "application/json", **headers}
        path = f"/sandbox/messages/{message_uuid}/status"
        return self.app.handler(http_event("POST", path, body, **named), None)

    def due(self):
        """Receive and delete the messages of the queue, in the form of an event."""
        records = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, AttributeNames=["SentTimestamp"]
        ).get("Messages"):
            for message in messages:
                records.append({"body": message["Body"], "attributes": message["Attributes"]})
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return records

    def call_back(self, records=None):
        """Send what is due, pass each callback on to the stack as it came, and return the bodies."""
        self.server.requests.clear()
        for record in self.due() if records is None else records:
            self.receipts.handler({"Records": [record]}, None)
        for one in self.server.requests:
            event = callback_event(one.raw, authorization=one.headers["authorization"])
            assert self.message_status.handler(event, None)["statusCode"] == 200
        return [one.body for one in self.server.requests]


@pytest.fixture
def sandbox(world, queue, signals):
    sandbox = Sandbox(world, queue)
    yield sandbox
    sandbox.server.close()


@pytest.fixture
def sent(world, sandbox):
    """The id of the message of a workflow's first step, which is sent to a phone."""
    flow = workflow(*TWO_STEPS, account=world.api_key)
    flow = world.put(transitions.claimed(flow, 0, NOW), [addressed(MESSENGER, ANNA), SMS])
    message_uuid = sandbox.send()
    world.store.write(transitions.answered(flow, 0, Accepted(message_uuid), NOW))
    assert [body["status"] for body in sandbox.call_back()] == ["submitted"]
    return message_uuid


@pytest.mark.parametrize(
    ("status", "state"),
    [("delivered", "running"), ("read", "completed"), ("rejected", "running"), ("undeliverable", "running")],
)
def test_each_answer(world, sandbox, sent, status, state):
    """A status reported by hand comes as a signed callback, and the workflow follows."""
    answer = sandbox.answer(sent, status)
    assert (answer["statusCode"], body_of(answer)) == (202, {"message_uuid": sent, "status": status})
    (body,) = sandbox.call_back()
    assert (body["message_uuid"], body["status"], body["client_ref"]) == (sent, status, FIRST)
    assert ("error" in body) == (status in FAILURES)
    assert body.get("usage") == ({"price": "0.0333", "currency": "EUR"} if status == "delivered" else None)
    flow = world.read(ID)
    assert (flow.steps[0].status, flow.status) == (status, state)
    assert [one["status"] for one in sandbox.shown(sent)["statuses"]] == ["submitted", status]


def test_delivered_then_read(world, sandbox, sent):
    """A delivered message can still be read, which completes the workflow."""
    for status in ("delivered", "read"):
        assert sandbox.answer(sent, status)["statusCode"] == 202
        sandbox.call_back()
    assert world.read(ID).status == "completed"
    assert sandbox.shown(sent)["answers"] == []


def test_what_is_shown(world, sandbox, sent):
    """A message is shown with its workflow, its content as in the request, its statuses and the possible answers."""
    listed = sandbox.list()
    ((phone,), (message,)) = listed["phones"], listed["phones"][0]["messages"]
    (submitted,) = message.pop("statuses")
    assert phone["recipient"] == ANNA
    assert submitted == {"status": "submitted", "at": message["at"]}
    assert message.pop("at") <= listed["as_of"]
    assert message == {
        "message_uuid": sent,
        "channel": "messenger",
        "from": "sim-page",
        "workflow_uuid": ID,
        "step": 0,
        "message": MESSENGER["message"],
        "answers": ALL,
    }
    by_id = {script["id"]: script for script in listed["scripts"]}
    assert by_id["sim-late"] == {"id": "sim-late", "number": "447700900005", "summary": "delivered after 20 seconds"}
    assert len(by_id) == 12


@pytest.mark.parametrize("version", ["v1", "v0.1"])
def test_content_and_options(world, sandbox, sent, version):
    """A message to a number is shown in the words of the request in either version."""
    step = changed(VIBER, "message.viber_service_msg", {"category": "transaction", "ttl": 600})
    message = sandbox.shown(sandbox.send(step, NUMBER, SECOND, version))
    assert (message["channel"], message["from"], message["step"]) == ("viber_service_msg", "16273", 1)
    assert message["message"] == step["message"]


@pytest.mark.parametrize(
    "number", ["51.5", "7", "1E+999", "9" * 5000, "12345678901234567890.12345678901234567"], ids=len
)
def test_numbers_stay_exact(sandbox, sent, number):
    """A number in a custom object is shown as it came, whatever its size, and its message's callbacks are sent."""
    custom = {"type": "custom", "custom": {"type": "location", "n": Decimal(number)}}
    step = {"from": {"type": "rcs", "id": "Acme"}, "to": {"type": "rcs", "number": ""}, "message": {"content": custom}}
    message_uuid = sandbox.send(step, NUMBER)
    event = http_event("GET", "/sandbox/phones", Authorization=sandbox.world.basic)
    assert f'"n": {number}' in sandbox.app.handler(event, None)["body"]
    assert sandbox.answer(message_uuid, "read")["statusCode"] == 202
    assert [body["status"] for body in sandbox.call_back()] == ["submitted", "read"]


def test_the_longest_list(sandbox, sent):
    """A list fits into an answer of Lambda, 6 MB, also if each character is longer in it than in the request."""
    kept, now = sandbox.app.kept, sandbox.app.outside.now()
    for number, text in enumerate(["\U0001f600" * 15_000, '"' * 30_000, "\x01" * 10_000] * 7):
        custom = {"type": "custom", "custom": {"text": text}}
        step = {
            "from": {"type": "rcs", "id": "Acme"},
            "to": {"type": "rcs", "number": NUMBER},
            "message": {"content": custom},
        }
        body = outgoing.v1(step, FIRST, "https://c.test")
        key = sandbox.app.Key(FIRST, f"uuid-{number}")
        kept.keep(key, "v1", body, "https://c.test", "account", now + number, sandbox.world.api_key)
    event = http_event("GET", "/sandbox/phones", Authorization=sandbox.world.basic)
    answer = sandbox.app.handler(event, None)
    assert len(json.loads(answer["body"])["phones"][0]["messages"]) >= 16
    assert len(json.dumps(answer, ensure_ascii=False).encode()) < 6_000_000


def test_order(sandbox, sent, monkeypatch):
    """The phone with the newest message comes first; on a phone, the oldest message does."""
    ids = [sent]
    for number, recipient in enumerate((BEN, ANNA, NUMBER, BEN), start=1):
        now = sandbox.app.outside.now() + 1000 * number
        monkeypatch.setattr(sandbox.app.outside, "now", lambda now=now: now)
        ids.append(sandbox.send(SMS if recipient == NUMBER else MESSENGER, recipient))
    phones = {one["recipient"]: [m["message_uuid"] for m in one["messages"]] for one in sandbox.list()["phones"]}
    assert list(phones.items()) == [(BEN, [ids[1], ids[4]]), (NUMBER, [ids[3]]), (ANNA, [ids[0], ids[2]])]


def test_the_newest_are_shown(sandbox, sent):
    """A list has the newest hundred messages at most, and a million bytes of them at most."""
    kept, now = sandbox.app.kept, sandbox.app.outside.now()
    body = outgoing.v1(addressed(MESSENGER, BEN), FIRST, "https://c.test")
    for number in range(1, 121):
        key = sandbox.app.Key(FIRST, f"uuid-{number}")
        kept.keep(key, "v1", body, "https://c.test", "account", now + number, sandbox.world.api_key)
    (phone,) = sandbox.list()["phones"]
    assert [one["message_uuid"] for one in phone["messages"]] == [f"uuid-{number}" for number in range(21, 121)]
    assert sandbox.answer("uuid-1", "read")["statusCode"] == 202
    long = {**body, "messenger": {"category": "message_tag", "tag": "x" * 100}, "padding": "x" * 60_000}
    for number in range(121, 141):
        key = sandbox.app.Key(FIRST, f"uuid-{number}")
        kept.keep(key, "v1", long, "https://c.test", "account", now + number, sandbox.world.api_key)
    (phone,) = sandbox.list()["phones"]
    assert [one["message_uuid"] for one in phone["messages"]] == [f"uuid-{number}" for number in range(125, 141)]


def test_after_a_day(sandbox, sent, monkeypatch, output):
    """After a day a message is on no phone, cannot be answered, and an answer to it that is still queued is dropped."""
    assert sandbox.answer(sent, "read")["statusCode"] == 202
    tomorrow = sandbox.app.outside.now() + 86_400_000
    for module in (sandbox.app, sandbox.receipts):
        monkeypatch.setattr(module.outside, "now", lambda: tomorrow)
    assert sandbox.list()["phones"] == []
    assert sandbox.answer(sent, "read")["statusCode"] == 404
    assert sandbox.call_back() == []
    assert "sandbox: queue message unreadable" in output()


def test_only_phones_of_workflows(sandbox, sent):
    """The list has no recipient with a script, and no message of an unknown workflow or without a reference."""
    sandbox.send(recipient="sim-unread")
    sandbox.send(SMS, "447700900899")
    for reference in ("ref", "00000000-0000-4000-8000-000000000000.0"):
        sandbox.send(reference=reference)
    body = outgoing.v1(addressed(MESSENGER, ANNA), "ref", f"{sandbox.server.url}/webhooks/message-status")
    del body["client_ref"]
    assert post(sandbox.app, body)["statusCode"] == 202
    (phone,) = sandbox.list()["phones"]
    assert [one["message_uuid"] for one in phone["messages"]] == [sent]


@pytest.mark.parametrize(
    "recipient", ["sim-phone-", "sim-phone", "sim-phone-a b", "sim-phone-ä", "sim-phone-" + "x" * 41]
)
def test_no_phone(sandbox, recipient):
    """A phone has a name of letters, digits, hyphens and underscores."""
    body = outgoing.v1(addressed(MESSENGER, recipient), "ref", f"{sandbox.server.url}/webhooks/message-status")
    assert post(sandbox.app, body)["statusCode"] == 422


@pytest.mark.parametrize("number", [900, 999])
def test_numbers_of_phones(sandbox, sent, number):
    """The numbers 447700900900 to 447700900999 are phones, and of them only `submitted` is reported."""
    message_uuid = sandbox.send(SMS, f"447700900{number}", SECOND)
    assert [body["status"] for body in sandbox.call_back()] == ["submitted"]
    assert sandbox.shown(message_uuid)["answers"] == ["delivered", "rejected", "undeliverable"]


@pytest.mark.parametrize("statuses", [one for n in range(3) for one in permutations(ALL, n)], ids=str)
@pytest.mark.parametrize("channel", CHANNELS.values(), ids=lambda row: row.name)
def test_possible_answers(channel, statuses):
    """Nothing follows `read` or a failure, only `read` follows `delivered`, and only where the channel reports it."""
    possible = load("sandbox_messages", "phones").answers(channel, ("submitted", *statuses))
    has_read = "read" in channel.conditions
    if {"read", *FAILURES} & {*statuses}:
        assert possible == []
    elif "delivered" in statuses:
        assert possible == (["read"] if has_read else [])
    else:
        assert possible == [one for one in ALL if one != "read" or has_read]


@pytest.mark.parametrize(
    ("before", "status", "answers"),
    [
        ("delivered", "delivered", ["read"]),
        ("delivered", "rejected", ["read"]),
        ("read", "delivered", []),
        ("rejected", "read", []),
    ],
)
def test_not_among_the_answers(sandbox, sent, before, status, answers):
    """A status that cannot follow is answered 409 with those that can, and reports nothing."""
    assert sandbox.answer(sent, before)["statusCode"] == 202
    sandbox.call_back()
    answer = sandbox.answer(sent, status)
    assert (answer["statusCode"], body_of(answer)["answers"]) == (409, answers)
    assert sandbox.due() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"status":"gone"}', 400),
        (b'{"status":"submitted"}', 400),
        (b'{"status":["read"]}', 400),
        (b'{"status":"read","at":1}', 400),
        (b"{}", 400),
        (b"[]", 400),
        (b"", 400),
        (b'{"status":"read"' + b" " * 70_000 + b"}", 413),
    ],
)
def test_invalid_bodies(sandbox, sent, body, status):
    """A body other than one of the four statuses is refused with the API's problems."""
    answer = sandbox.answer(sent, body)
    assert answer["statusCode"] == status
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    assert sandbox.due() == []


def test_headers(sandbox, sent):
    """The body must be JSON, and the client must accept JSON."""
    assert sandbox.answer(sent, "read", Content_Type="text/plain")["statusCode"] == 415
    assert sandbox.answer(sent, "read", Accept="text/html")["statusCode"] == 406
    event = http_event("GET", "/sandbox/phones", Authorization=sandbox.world.basic, Accept="text/html")
    assert sandbox.app.handler(event, None)["statusCode"] == 406


def test_another_account(sandbox, sent, stranger):
    """Another account sees no message and may answer none, with the same answer as for a missing one."""
    assert sandbox.list(stranger)["phones"] == []
    theirs, missing = (
        {**body_of(sandbox.answer(message_uuid, "read", Authorization=stranger)), "instance": ""}
        for message_uuid in (sent, "00000000-0000-4000-8000-000000000000")
    )
    assert theirs == missing
    assert sandbox.answer(sent, "read", Authorization=stranger)["statusCode"] == 404
    assert sandbox.due() == []


def test_messages_of_scripts_cannot_be_answered(sandbox, sent):
    """A status of a message to a recipient with a script cannot be reported by hand."""
    assert sandbox.answer(sandbox.send(recipient="sim-unread"), "read")["statusCode"] == 404


@pytest.mark.parametrize("authorization", ["", "Basic eDp5", "Bearer x"])
def test_credentials(sandbox, sent, authorization):
    """Without the account's credentials nothing is shown or reported; those of the Messages API do not count."""
    for offered in (authorization, BASIC):
        event = http_event("GET", "/sandbox/phones", Authorization=offered)
        assert sandbox.app.handler(event, None)["statusCode"] == 401
        assert sandbox.answer(sent, "read", Authorization=offered)["statusCode"] == 401
    assert sandbox.due() == []


def test_application(sandbox, sent, application):
    """An application's token signs its account in."""
    assert [one["recipient"] for one in sandbox.list(token(application))["phones"]] == [ANNA]
    assert sandbox.answer(sent, "read", Authorization=token(application))["statusCode"] == 202
