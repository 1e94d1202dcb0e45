"""Status callbacks: genuine ones are recorded once, forged ones never (F9 to F14, F18)."""

import time

import boto3
import pytest

from failover.adapters import aws
from failover.adapters.workflow.executions import InvalidTaskToken
from failover.adapters.workflow.store import Conflict
from failover.rules.timing.instants import iso
from failover.rules.workflow import transitions
from failover.rules.workflow.race import Signal
from failover.rules.workflow.status_entries import MOST_STATUS_ENTRIES
from failover.use_cases.requests.body import MAX_CALLBACK_BYTES
from tests.examples import ID, NOW
from tests.functions.conftest import UUID, callback
from tests.world import body_of, callback_event


def test_recorded_and_signalled(world, callbacks, racing, signals):
    """A status that meets the condition completes the workflow and signals the race."""
    answer = callbacks.handler(callback_event(callback("read")), None)
    assert answer["statusCode"] == 200
    assert world.read(ID).status == "completed"
    assert signals == [("token", "ConditionMet")]


def test_rejection(world, callbacks, racing, signals):
    """A rejection ends the step with its reason and signals the race."""
    error = {"title": "1300", "detail": "Not part of the provider network"}
    callbacks.handler(callback_event(callback("rejected", error=error)), None)
    assert world.read(ID).timeline[-1]["reason"] == "rejected: 1300 Not part of the provider network"
    assert signals == [("token", "Rejected")]


def test_v0_1_body(world, callbacks, racing, signals):
    """A v0.1 body is understood as well."""
    body = callback("read") | {"to": {"type": "messenger", "id": "x"}, "from": {"type": "messenger", "id": "y"}}
    callbacks.handler(callback_event(body), None)
    assert world.read(ID).status == "completed"


def test_duplicate_writes_nothing(world, callbacks, racing, signals, monkeypatch):
    """F12: a repeated or replayed callback is answered 200 without a write or a signal."""
    event = callback_event(callback("read"))
    callbacks.handler(event, None)
    before = world.items()
    monkeypatch.setattr(callbacks.outside.store, "write", None)
    assert callbacks.handler(event, None)["statusCode"] == 200
    assert callbacks.handler(callback_event(callback("read")), None)["statusCode"] == 200
    assert world.items() == before
    assert len(signals) == 1


def test_calls_within_the_budget(world, callbacks, racing, signals):
    """One callback costs one read and one write; a duplicate one read."""
    calls = []
    events = callbacks.outside.table.client.meta.events
    events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    callbacks.handler(callback_event(callback("read")), None)
    callbacks.handler(callback_event(callback("read")), None)
    assert calls == ["GetItem", "PutItem", "GetItem"]


def test_by_message_uuid(world, callbacks, racing, signals):
    """A callback without our reference finds its step by the message's id."""
    body = callback("read")
    del body["client_ref"]
    assert callbacks.handler(callback_event(body), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"


@pytest.mark.decision("Incoming status callbacks")
@pytest.mark.parametrize(("age", "status"), [(0, 503), (200, 503), (301, 200), (86400, 200)])
def test_unknown_message_uuid(callbacks, racing, output, age, status):
    """For five minutes a callback for an unknown message is answered 503; after that it is accepted and counted."""
    body = callback("read", message_uuid="unknown", timestamp=iso(int((time.time() - age) * 1000)))
    del body["client_ref"]
    answer = callbacks.handler(callback_event(body), None)
    assert answer["statusCode"] == status
    assert ("UnknownReceipts" in output()) == (status == 200)


@pytest.mark.parametrize(("age", "status"), [(0, 503), (301, 200)])
def test_unknown_message_uuid_without_a_time(callbacks, racing, age, status):
    """If the callback has no timestamp, the time of its signature counts."""
    body = {"message_uuid": "unknown", "status": "read"}
    answer = callbacks.handler(callback_event(body, iat=int(time.time()) - age), None)
    assert answer["statusCode"] == status


@pytest.mark.decision("Incoming status callbacks")
@pytest.mark.parametrize("reference", ["theirs", "11111111-1111-1111-1111-111111111111.0", f"{ID}.7"])
def test_unknown_reference(world, callbacks, racing, output, reference):
    """A callback whose reference leads nowhere is accepted and counted at once."""
    before = world.items()
    body = callback("read", client_ref=reference, message_uuid="unknown")
    assert callbacks.handler(callback_event(body), None)["statusCode"] == 200
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
def test_unreadable(world, callbacks, racing, body, status):
    """A genuine callback that cannot be read is refused with its fault, and nothing is written."""
    before = world.items()
    assert callbacks.handler(callback_event(body), None)["statusCode"] == status
    assert world.items() == before


@pytest.mark.decision("A status word unknown to us")
def test_unknown_status(world, callbacks, racing, signals, output):
    """An unknown status is answered 200, recorded and counted without a signal; case does not distinguish statuses."""
    assert callbacks.handler(callback_event(callback("Queued")), None)["statusCode"] == 200
    assert (world.read(ID).status, world.read(ID).timeline[-1]["status"]) == ("running", "queued")
    assert output().count('"UnknownStatuses":[1.0]') == 1
    assert callbacks.handler(callback_event(callback("QUEUED")), None)["statusCode"] == 200
    assert [entry["event"] for entry in world.read(ID).timeline].count("status") == 1
    assert callbacks.handler(callback_event(callback("Read")), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"
    assert signals == [("token", "ConditionMet")]


@pytest.mark.decision("A reason that comes later")
def test_a_reason_that_comes_later(world, callbacks, racing, signals):
    """A reason that arrives later is recorded once, in a conditional write and without another signal."""
    error = {"type": "https://x/errors#1300", "title": "Undeliverable", "detail": "Not part of the network"}
    for more in ({}, {"error": error}, {"error": error}, {}):
        assert callbacks.handler(callback_event(callback("rejected", **more)), None)["statusCode"] == 200
    entries = [entry.get("error") for entry in world.read(ID).timeline if entry["event"] == "status"]
    assert entries == [None, {"code": 1300, "reason": "Undeliverable: Not part of the network"}]
    assert signals == [("token", "Rejected")]


@pytest.mark.parametrize("reference", ["theirs", f" {ID}.0", ID, "0", f"{ID}.0\x00"])
def test_a_reference_that_is_not_ours(world, callbacks, racing, signals, reference):
    """If the reference was changed on the way, the message's id still leads to the step."""
    assert callbacks.handler(callback_event(callback("read", client_ref=reference)), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post(world, callbacks, racing, output, method):
    """A callback by another method is answered 405 and counted; its query string is not logged."""
    query = {"to": "447700900123", "message_uuid": UUID, "status": "read", "client_ref": f"{ID}.0"}
    event = {**callback_event(callback("read")), "httpMethod": method, "queryStringParameters": query}
    before = world.items()
    answer = callbacks.handler(event, None)
    assert (answer["statusCode"], answer["multiValueHeaders"]["Allow"]) == (405, ["POST"])
    assert body_of(answer)["type"].endswith("#wrong-verb")
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    assert world.items() == before
    written = output()
    assert '"CallbacksNotPosted":[1.0]' in written
    assert "447700900123" not in written


def test_late_status(world, callbacks, racing, signals):
    """F10: a status for a step that has ended is recorded as late."""
    flow = world.read(ID)
    world.store.write(transitions.claimed(flow, 1, NOW + 700_000))
    callbacks.handler(callback_event(callback("delivered")), None)
    entry = world.read(ID).timeline[-1]
    assert (entry["status"], entry["late"]) == ("delivered", True)
    assert not signals


def test_the_loser_decides_again(world, callbacks, racing, signals, monkeypatch):
    """F11: a status that loses its write to the next claim is decided again, and is late then."""
    write = callbacks.outside.store.write

    def claimed_first(state, pointer=None):
        if world.read(ID).steps[1].phase == "pending":
            world.store.write(transitions.claimed(world.read(ID), 1, NOW + 700_000))
        return write(state, pointer)

    monkeypatch.setattr(callbacks.outside.store, "write", claimed_first)
    callbacks.handler(callback_event(callback("rejected")), None)
    flow = world.read(ID)
    assert flow.steps[0].outcome == "expired"
    assert flow.timeline[-1]["late"] is True


def test_contended(callbacks, racing, monkeypatch):
    """A callback that loses its write five times is answered 503, so the vendor retries."""
    current = callbacks.outside.store.read(ID)
    tries = []

    def always_lost(state, pointer=None):
        tries.append(state)
        raise Conflict(current)

    monkeypatch.setattr(callbacks.outside.store, "write", always_lost)
    assert callbacks.handler(callback_event(callback("read")), None)["statusCode"] == 503
    assert len(tries) == 5


@pytest.mark.parametrize(
    ("failure", "metric"),
    [(aws.Unavailable("stepfunctions: Throttling"), "SignalsLost"), (InvalidTaskToken(), "InvalidTaskTokens")],
)
def test_race_that_cannot_be_told(world, callbacks, racing, monkeypatch, output, failure, metric):
    """F18: a decision remains valid if its signal fails; the failure is counted, and the timer ends the race."""

    def fail(*_):
        raise failure

    monkeypatch.setattr(callbacks.outside.executions, "end_race", fail)
    assert callbacks.handler(callback_event(callback("read")), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"
    assert metric in output()


def test_replayed_failure(world, callbacks, racing, signals):
    """F12: a repeated failure sends no second signal and writes nothing."""
    for _ in range(3):
        assert callbacks.handler(callback_event(callback("rejected")), None)["statusCode"] == 200
    assert signals == [("token", "Rejected")]
    assert [entry["event"] for entry in world.read(ID).timeline].count("status") == 1


@pytest.mark.parametrize(
    ("code", "result"), [("TaskTimedOut", False), ("TaskDoesNotExist", False), ("InvalidToken", InvalidTaskToken)]
)
def test_the_other_side_won(world, monkeypatch, code, result):
    """Signalling a race that has ended is no error; an invalid token is one."""
    client = boto3.client("stepfunctions")

    def refuse(**_):
        raise client.exceptions.ClientError({"Error": {"Code": code}}, "SendTaskFailure")

    monkeypatch.setattr(world.executions.client, "send_task_failure", refuse)
    if result is False:
        assert world.executions.end_race(Signal("token", "Rejected")) is False
    else:
        with pytest.raises(result):
            world.executions.end_race(Signal("token", "Rejected"))


def test_dynamodb_is_down(world, callbacks, racing, monkeypatch):
    """F17: while the table cannot be reached, callbacks are answered 503, so the vendor retries."""

    def throttled(**_):
        raise boto3.client("dynamodb").exceptions.ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem")

    monkeypatch.setattr(callbacks.outside.table.client, "get_item", throttled)
    assert callbacks.handler(callback_event(callback("read")), None)["statusCode"] == 503


def test_no_personal_data_in_the_log(callbacks, racing, signals, output):
    """I8: a callback's addresses and texts are not logged."""
    error = {"title": "1300", "detail": "no 447700900123"}
    callbacks.handler(callback_event(callback("rejected", error=error, to="447700900123")), None)
    callbacks.handler(callback_event(b'{"status":"gone 447700900123"}'), None)
    written = output()
    assert ID in written
    assert "447700900123" not in written


def test_a_flood(world, callbacks, racing, signals, output):
    """F34: a callback whose price no longer fits is answered 200 and counted; the step still succeeds."""
    for price in range(30):
        usage = {"price": str(price), "currency": "EUR"}
        assert callbacks.handler(callback_event(callback("submitted", usage=usage)), None)["statusCode"] == 200
    entries = [entry for entry in world.read(ID).timeline if entry["event"] == "status"]
    assert len(entries) == MOST_STATUS_ENTRIES
    assert output().count('"ReceiptsDropped":[1.0]') == 30 - len(entries)
    callbacks.handler(callback_event(callback("read")), None)
    assert world.read(ID).status == "completed"
    assert signals == [("token", "ConditionMet")]
