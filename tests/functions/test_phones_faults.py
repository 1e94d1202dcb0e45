"""Statuses that are reported by hand, if two come at once, an answer gets lost, or AWS is out of reach."""

import json

import pytest

from failover.adapters import aws
from failover.adapters.table import ConditionFailed
from failover.rules.sending import outgoing
from tests import permissions
from tests.examples import MESSENGER
from tests.functions.test_phones import ALL, ANNA, FIRST, addressed, sandbox, sent
from tests.messages_server import http
from tests.sandbox import post
from tests.world import unreachable

__all__ = ["sandbox", "sent"]  # fixtures


def test_double_click(sandbox, sent):
    """A second click is answered 409, and one callback is sent."""
    assert [sandbox.answer(sent, "read")["statusCode"] for _ in range(2)] == [202, 409]
    assert [body["status"] for body in sandbox.call_back()] == ["read"]


def overtaken(sandbox, sent, status):
    """Report a status just before the next one is recorded."""
    record = sandbox.app.kept.record

    def second(*arguments):
        sandbox.app.kept.record = record
        assert sandbox.answer(sent, status)["statusCode"] == 202
        return record(*arguments)

    sandbox.app.kept.record = second


def test_two_clicks_at_once(sandbox, sent, monkeypatch, output):
    """Of two clicks at the same instant one is recorded; the callback of the other is never sent."""
    overtaken(sandbox, sent, "read")
    assert sandbox.answer(sent, "read")["statusCode"] == 409
    lost, won = sandbox.due()
    assert [body["status"] for body in sandbox.call_back([won])] == ["read"]
    with pytest.raises(sandbox.receipts.NotRecorded):
        sandbox.call_back([lost])
    later = sandbox.receipts.outside.now() + 31_000
    monkeypatch.setattr(sandbox.receipts.outside, "now", lambda: later)
    assert sandbox.call_back([lost]) == []
    assert "sandbox: callback dropped: its status was not recorded" in output()


def test_two_answers_at_once(sandbox, sent):
    """Of two different answers at the same instant both are reported, if the later one may follow."""
    overtaken(sandbox, sent, "delivered")
    assert sandbox.answer(sent, "read")["statusCode"] == 202
    assert sorted(body["status"] for body in sandbox.call_back()) == ["delivered", "read"]


@pytest.mark.parametrize("lost", ["before the write", "with the write"])
def test_a_repeat_mends(sandbox, sent, monkeypatch, lost):
    """If the process dies once the callback is queued, nothing has been reported, and a repeat reports it once."""
    record = sandbox.app.kept.record

    def die(*arguments):
        if lost == "with the write":
            record(*arguments)
        raise aws.Unavailable("dynamodb: no answer")

    monkeypatch.setattr(sandbox.app.kept, "record", die)
    assert sandbox.answer(sent, "read")["statusCode"] == 503
    monkeypatch.setattr(sandbox.app.kept, "record", record)
    if lost == "before the write":
        assert sandbox.shown(sent)["answers"] == ALL
        first = sandbox.due()
        assert sandbox.answer(sent, "read")["statusCode"] == 202
        assert [body["status"] for body in sandbox.call_back()] == ["read"]
        with pytest.raises(sandbox.receipts.NotRecorded):
            sandbox.call_back(first)
    else:
        assert sandbox.answer(sent, "read")["statusCode"] == 409
        assert [body["status"] for body in sandbox.call_back()] == ["read"]


def test_lost_answer(sandbox, sent, monkeypatch):
    """A write whose answer gets lost and is tried again by the SDK is recognized."""
    record = sandbox.app.kept.record

    def twice(*arguments):
        record(*arguments)
        monkeypatch.setattr(sandbox.app.kept, "record", record)
        raise ConditionFailed

    monkeypatch.setattr(sandbox.app.kept, "record", twice)
    assert sandbox.answer(sent, "read")["statusCode"] == 202
    assert [body["status"] for body in sandbox.call_back()] == ["read"]


def test_out_of_reach(sandbox, sent):
    """If the queue is out of reach, nothing has been reported."""
    restore = unreachable(sandbox.app.schedule.client, "sqs.SendMessageBatch")
    assert sandbox.answer(sent, "read")["statusCode"] == 503
    restore()
    assert sandbox.shown(sent)["answers"] == ALL


def test_a_callback_before_its_record(sandbox, sent):
    """A callback that is due before its report is recorded waits for it."""
    written, slept = [], []
    record = permissions.under_role("SandboxMessages", sandbox.app.kept.record)
    sandbox.app.kept.record = lambda *arguments: written.append(arguments)
    assert sandbox.answer(sent, "read")["statusCode"] == 202

    def sleep(pause):
        slept.append(pause)
        if len(slept) == 2:
            record(*written[0])

    sandbox.receipts.outside.sleep = sleep
    assert [body["status"] for body in sandbox.call_back()] == ["read"]
    assert len(slept) == 2


@pytest.mark.parametrize("change", [{"report": "other"}, {"status": "delivered"}])
def test_the_queue_cannot_report(sandbox, sent, change):
    """A queue message made by hand reports no status of a phone that was not reported by its account."""
    assert sandbox.answer(sent, "read")["statusCode"] == 202
    (record,) = sandbox.due()
    forged = {**record, "body": json.dumps(json.loads(record["body"]) | change)}
    with pytest.raises(sandbox.receipts.NotRecorded):
        sandbox.call_back([forged])
    assert sandbox.server.requests == []


@pytest.mark.parametrize("report", ["", "x" * 41, 7, None, ["x"]])
def test_unreadable_reports(sandbox, sent, report, output):
    """A queue message whose report is no id is logged and dropped."""
    text = json.dumps({"client_ref": FIRST, "message_uuid": sent, "status": "read", "report": report})
    assert sandbox.call_back([{"body": text}]) == []
    assert "sandbox: queue message unreadable" in output()


def test_repeated_until_accepted(sandbox, sent):
    """A callback of a reported status that is not accepted is sent again."""
    assert sandbox.answer(sent, "read")["statusCode"] == 202
    records = sandbox.due()
    sandbox.server.script = [http(503)]
    with pytest.raises(sandbox.receipts.CallbackNotAccepted):
        sandbox.call_back(records)
    assert [body["status"] for body in sandbox.call_back(records)] == ["read"]


def test_no_workflow_no_send(sandbox, sent):
    """If the workflow cannot be read, the send is answered 500, so that it is not repeated."""
    unreachable(sandbox.app.outside.store._client, "dynamodb.GetItem")
    body = outgoing.v1(addressed(MESSENGER, ANNA), FIRST, f"{sandbox.server.url}/webhooks/message-status")
    assert post(sandbox.app, body)["statusCode"] == 500
