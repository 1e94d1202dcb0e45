"""Status callbacks: genuine ones are recorded once, forged ones never (faults F9 to F14, F18)."""

import time

import boto3
import pytest

from failover.adapters import aws
from failover.adapters.workflow.executions import InvalidTaskToken
from failover.adapters.workflow.store import Conflict, Pointer
from failover.rules.sending.answers import Accepted
from failover.rules.timing.instants import iso
from failover.rules.workflow import transitions
from failover.rules.workflow.race import Signal
from failover.rules.workflow.status_entries import MOST_STATUS_ENTRIES
from failover.use_cases.requests.body import MAX_CALLBACK_BYTES
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.world import body_of, callback_event, load

UUID = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"


@pytest.fixture
def app(world):
    return load("message_status")


@pytest.fixture
def told(app, monkeypatch):
    """What the state machine was told."""
    signals = []
    monkeypatch.setattr(app.outside.executions, "end_race", lambda signal: signals.append(signal) or True)
    return signals


@pytest.fixture
def sent(world):
    """A workflow whose first message has been sent, with its race on."""
    world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])
    flow = world.store.write(transitions.claimed(world.read(ID), 0, NOW))
    flow = world.store.write(transitions.answered(flow, 0, Accepted(UUID), NOW), Pointer(UUID, 0, 4_000_000_000))
    boto3.client("dynamodb").update_item(
        TableName=world.table,
        Key={"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "state"}},
        UpdateExpression="SET task_token = :t ADD version :one",
        ExpressionAttributeValues={":t": {"S": "token"}, ":one": {"N": "1"}},
    )
    return flow


def callback(status, **more):
    body = {"message_uuid": UUID, "to": "sim-unread", "from": "page", "timestamp": iso(int(time.time() * 1000))}
    return {**body, "status": status, "client_ref": f"{ID}.0", **more}


def test_recorded_and_told(world, app, sent, told):
    """A status that meets the condition completes the workflow, and the race is told."""
    answer = app.handler(callback_event(callback("read")), None)
    assert answer["statusCode"] == 200
    assert world.read(ID).status == "completed"
    assert told == [("token", "ConditionMet")]


def test_rejection(world, app, sent, told):
    """A rejection closes the step with its reason, and the race is told."""
    error = {"title": "1300", "detail": "Not part of the provider network"}
    app.handler(callback_event(callback("rejected", error=error)), None)
    assert world.read(ID).timeline[-1]["reason"] == "rejected: 1300 Not part of the provider network"
    assert told == [("token", "Rejected")]


def test_v0_1_body(world, app, sent, told):
    """The v0.1 body is understood as well."""
    body = callback("read") | {"to": {"type": "messenger", "id": "x"}, "from": {"type": "messenger", "id": "y"}}
    app.handler(callback_event(body), None)
    assert world.read(ID).status == "completed"


def test_duplicate_writes_nothing(world, app, sent, told, monkeypatch):
    """F12: a repeated or replayed callback is answered 200 without a write and without a signal."""
    event = callback_event(callback("read"))
    app.handler(event, None)
    before = world.items()
    monkeypatch.setattr(app.outside.store, "write", None)
    assert app.handler(event, None)["statusCode"] == 200
    assert app.handler(callback_event(callback("read")), None)["statusCode"] == 200
    assert world.items() == before
    assert len(told) == 1


def test_calls_within_the_budget(world, app, sent, told):
    """One callback costs one read and one write; a duplicate one read."""
    calls = []
    app.outside.table.client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    app.handler(callback_event(callback("read")), None)
    app.handler(callback_event(callback("read")), None)
    assert calls == ["GetItem", "PutItem", "GetItem"]


def test_by_message_uuid(world, app, sent, told):
    """A callback without our reference finds its step by the message's id."""
    body = callback("read")
    del body["client_ref"]
    assert app.handler(callback_event(body), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"


@pytest.mark.decision("Incoming status callbacks")
@pytest.mark.parametrize(("age", "status"), [(0, 503), (200, 503), (301, 200), (86400, 200)])
def test_unknown_message_uuid(app, sent, output, age, status):
    """A message nobody knows may still become known for five minutes; after that the callback is taken and counted."""
    body = callback("read", message_uuid="unknown", timestamp=iso(int((time.time() - age) * 1000)))
    del body["client_ref"]
    answer = app.handler(callback_event(body), None)
    assert answer["statusCode"] == status
    assert ("UnknownReceipts" in output()) == (status == 200)


@pytest.mark.parametrize(("age", "status"), [(0, 503), (301, 200)])
def test_unknown_message_uuid_without_a_time(app, sent, age, status):
    """Where the callback has no time of its own, that of its signature counts."""
    body = {"message_uuid": "unknown", "status": "read"}
    answer = app.handler(callback_event(body, iat=int(time.time()) - age), None)
    assert answer["statusCode"] == status


@pytest.mark.decision("Incoming status callbacks")
@pytest.mark.parametrize("reference", ["theirs", "11111111-1111-1111-1111-111111111111.0", f"{ID}.7"])
def test_unknown_reference(world, app, sent, output, reference):
    """A reference that leads nowhere is taken and counted, at once."""
    before = world.items()
    body = callback("read", client_ref=reference, message_uuid="unknown")
    assert app.handler(callback_event(body), None)["statusCode"] == 200
    assert world.items() == before
    assert "UnknownReceipts" in output()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"status":" ","client_ref":"x"}', 400),
        (b'{"status":447700900123,"client_ref":"x"}', 400),
        (b'{"client_ref":"x"}', 400),
        (b" " * (MAX_CALLBACK_BYTES + 1), 413),
    ],
)
def test_unreadable(world, app, sent, body, status):
    """A genuine callback that cannot be read is refused by name, and nothing is written."""
    before = world.items()
    assert app.handler(callback_event(body), None)["statusCode"] == status
    assert world.items() == before


@pytest.mark.decision("A status word unknown to us")
def test_unknown_status(world, app, sent, told, output):
    """It is answered 200, recorded and counted, and tells the race nothing; in another case a word is the same one."""
    assert app.handler(callback_event(callback("Queued")), None)["statusCode"] == 200
    assert (world.read(ID).status, world.read(ID).timeline[-1]["status"]) == ("running", "queued")
    assert output().count('"UnknownStatuses":[1.0]') == 1
    assert app.handler(callback_event(callback("QUEUED")), None)["statusCode"] == 200
    assert [entry["event"] for entry in world.read(ID).timeline].count("status") == 1
    assert app.handler(callback_event(callback("Read")), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"
    assert told == [("token", "ConditionMet")]


@pytest.mark.decision("A reason that comes later")
def test_a_reason_that_comes_later(world, app, sent, told):
    """It is written once, with a condition as everything is, and the race is told nothing further."""
    error = {"type": "https://x/errors#1300", "title": "Undeliverable", "detail": "Not part of the network"}
    for more in ({}, {"error": error}, {"error": error}, {}):
        assert app.handler(callback_event(callback("rejected", **more)), None)["statusCode"] == 200
    entries = [entry.get("error") for entry in world.read(ID).timeline if entry["event"] == "status"]
    assert entries == [None, {"code": 1300, "reason": "Undeliverable: Not part of the network"}]
    assert told == [("token", "Rejected")]


@pytest.mark.parametrize("reference", ["theirs", f" {ID}.0", ID, "0", f"{ID}.0\x00"])
def test_a_reference_that_is_not_ours(world, app, sent, told, reference):
    """Where the reference was changed on its way, the message's id still leads to the step."""
    assert app.handler(callback_event(callback("read", client_ref=reference)), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post(world, app, sent, output, method):
    """A dashboard that is set to another method is answered 405, and counted; its query string is not logged."""
    query = {"to": "447700900123", "message_uuid": UUID, "status": "read", "client_ref": f"{ID}.0"}
    event = {**callback_event(callback("read")), "httpMethod": method, "queryStringParameters": query}
    before = world.items()
    answer = app.handler(event, None)
    assert (answer["statusCode"], answer["multiValueHeaders"]["Allow"]) == (405, ["POST"])
    assert body_of(answer)["type"].endswith("#wrong-verb")
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    assert world.items() == before
    written = output()
    assert '"CallbacksNotPosted":[1.0]' in written
    assert "447700900123" not in written


def test_late_status(world, app, sent, told):
    """F10: a status for a step that was left is recorded as late."""
    flow = world.read(ID)
    world.store.write(transitions.claimed(flow, 1, NOW + 700_000))
    app.handler(callback_event(callback("delivered")), None)
    entry = world.read(ID).timeline[-1]
    assert (entry["status"], entry["late"]) == ("delivered", True)
    assert not told


def test_the_loser_decides_again(world, app, sent, told, monkeypatch):
    """F11: a status that loses its write to the next claim reads again, and finds itself late."""
    write = app.outside.store.write

    def claimed_first(state, pointer=None):
        if world.read(ID).steps[1].phase == "pending":
            world.store.write(transitions.claimed(world.read(ID), 1, NOW + 700_000))
        return write(state, pointer)

    monkeypatch.setattr(app.outside.store, "write", claimed_first)
    app.handler(callback_event(callback("rejected")), None)
    flow = world.read(ID)
    assert flow.steps[0].outcome == "expired"
    assert flow.timeline[-1]["late"] is True


def test_contended(app, sent, monkeypatch):
    """Who loses five times asks the vendor to come again."""
    current = app.outside.store.read(ID)
    tries = []

    def always_lost(state, pointer=None):
        tries.append(state)
        raise Conflict(current)

    monkeypatch.setattr(app.outside.store, "write", always_lost)
    assert app.handler(callback_event(callback("read")), None)["statusCode"] == 503
    assert len(tries) == 5


@pytest.mark.parametrize(
    ("failure", "metric"),
    [(aws.Unavailable("stepfunctions: Throttling"), "SignalsLost"), (InvalidTaskToken(), "InvalidTaskTokens")],
)
def test_race_that_cannot_be_told(world, app, sent, monkeypatch, output, failure, metric):
    """F18: the decision stands though the race could not be told; it is counted, and the timer ends the race."""

    def fail(*_):
        raise failure

    monkeypatch.setattr(app.outside.executions, "end_race", fail)
    assert app.handler(callback_event(callback("read")), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"
    assert metric in output()


def test_replayed_failure(world, app, sent, told):
    """F12: a failure that comes again ends no race a second time, and writes nothing."""
    for _ in range(3):
        assert app.handler(callback_event(callback("rejected")), None)["statusCode"] == 200
    assert told == [("token", "Rejected")]
    assert [entry["event"] for entry in world.read(ID).timeline].count("status") == 1


@pytest.mark.parametrize(
    ("code", "result"), [("TaskTimedOut", False), ("TaskDoesNotExist", False), ("InvalidToken", InvalidTaskToken)]
)
def test_the_other_side_won(world, monkeypatch, code, result):
    """A race that is over is no error; a token that is none is."""
    client = boto3.client("stepfunctions")

    def refuse(**_):
        raise client.exceptions.ClientError({"Error": {"Code": code}}, "SendTaskFailure")

    monkeypatch.setattr(world.executions.client, "send_task_failure", refuse)
    if result is False:
        assert world.executions.end_race(Signal("token", "Rejected")) is False
    else:
        with pytest.raises(result):
            world.executions.end_race(Signal("token", "Rejected"))


def test_dynamodb_is_down(world, app, sent, monkeypatch):
    """F17: when the table cannot be reached the vendor is asked to come again."""

    def throttled(**_):
        raise boto3.client("dynamodb").exceptions.ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem")

    monkeypatch.setattr(app.outside.table.client, "get_item", throttled)
    assert app.handler(callback_event(callback("read")), None)["statusCode"] == 503


def test_log_names_nobody(app, sent, told, output):
    """I8: a callback's addresses and words stay out of the log."""
    error = {"title": "1300", "detail": "no 447700900123"}
    app.handler(callback_event(callback("rejected", error=error, to="447700900123")), None)
    app.handler(callback_event(b'{"status":"gone 447700900123"}'), None)
    written = output()
    assert ID in written
    assert "447700900123" not in written


def test_a_flood(world, app, sent, told, output):
    """F34: a genuine callback whose price finds no room is answered 200 and counted; the step still succeeds."""
    for price in range(30):
        usage = {"price": str(price), "currency": "EUR"}
        assert app.handler(callback_event(callback("submitted", usage=usage)), None)["statusCode"] == 200
    entries = [entry for entry in world.read(ID).timeline if entry["event"] == "status"]
    assert len(entries) == MOST_STATUS_ENTRIES
    assert output().count('"ReceiptsDropped":[1.0]') == 30 - len(entries)
    app.handler(callback_event(callback("read")), None)
    assert world.read(ID).status == "completed"
    assert told == [("token", "ConditionMet")]
