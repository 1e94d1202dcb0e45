"""One webhook of a workflow with its body and URL, and when the next attempt of each is due."""

import json

import pytest

from failover.rules.timing.instants import iso
from failover.rules.webhooks import bodies
from failover.rules.workflow import publication
from tests import messages_server as server
from tests.examples import ID, NOW, SMS
from tests.functions.conftest import REPORT, STATUS, ended, set_status_url, task_of
from tests.world import body_of

ADDRESS = f"/workflows/{ID}/webhooks"


@pytest.fixture
def shown(call):
    """One webhook of `ended`."""

    def shown(sequence=REPORT):
        answer = call("GET", f"{ADDRESS}/{sequence}", Content_Type=None)
        assert answer["statusCode"] == 200, answer["body"]
        return body_of(answer)

    return shown


@pytest.mark.parametrize("sequence", [STATUS, REPORT])
def test_row_url_and_body(world, call, customer, deliver, shown, sequence):
    """The answer has the webhook's row as in the list, its URL and its body."""
    flow = ended(world)
    customer.script = [server.http(500)]
    deliver(task_of(world, sequence))
    found = shown(sequence)
    assert found.pop("url") == f"{customer.url}/status"
    assert found.pop("body") == bodies.body(flow, [SMS], publication.find(flow, sequence))
    (listed,) = (one for one in body_of(call("GET", ADDRESS))["webhooks"] if one["sequence"] == sequence)
    assert found == listed


@pytest.mark.parametrize("sequence", [STATUS, REPORT])
def test_the_same_bytes(world, call, customer, deliver, sequence):
    """The text of the answer contains the very bytes that an attempt sends."""
    ended(world, client_ref="Tisch 12, Café\u2028\U0001f44d")
    deliver(task_of(world, sequence))
    answer = call("GET", f"{ADDRESS}/{sequence}")
    assert f'"body": {customer.requests[0].raw.decode()}}}' in answer["body"]


def test_without_a_url(world, shown):
    """Without a URL the body is the one that would be sent."""
    flow = ended(world)
    found = shown()
    assert (found["state"], found["attempts"], found["url"]) == ("no_url", [], None)
    assert found["body"] == bodies.body(flow, [SMS], publication.find(flow, REPORT))


def test_the_url_of_the_workflow(world, customer, shown):
    """The URL is where an attempt would go now: the request's own comes first."""
    ended(world, webhook_url="https://example.org/own")
    assert shown()["url"] == "https://example.org/own"


def test_the_url_of_the_application(world, customer, application, shown):
    """A workflow created with a token has its application's URL, or none; the account's is not used."""
    ended(world, application=application)
    assert shown()["url"] is None
    set_status_url(world, "https://example.org/app", application_id=application)
    assert shown()["url"] == "https://example.org/app"


def test_content_dropped(world, shown):
    """Once the content has been dropped, the body is the one that a redelivery sends then."""
    ended(world)
    key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "content"}}
    world.client.delete_item(TableName=world.table, Key=key)
    found = shown(STATUS)["body"]
    assert found["content_dropped"] is True
    assert not {"to", "from"} & found.keys()


@pytest.mark.parametrize("sequence", ["1", "3", "6", "0", "-1", "x", "4.0", "٤", "1" * 5000, "%20"])
def test_no_such_webhook(world, call, sequence):
    """A sequence that is not a webhook's is answered 404, as by the redelivery."""
    ended(world)
    answers = call("GET", f"{ADDRESS}/{sequence}"), call("POST", f"{ADDRESS}/{sequence}/redeliver")
    assert [answer["statusCode"] for answer in answers] == [404, 404]
    assert len({body_of(answer)["detail"] for answer in answers}) == 1


def test_both_names(world, call):
    """A webhook is found at both endpoints."""
    ended(world, word="dispatch")
    answers = [call("GET", f"{path}/{ID}/webhooks/{REPORT}") for path in ("/workflows", "/v0.1/dispatch")]
    assert body_of(answers[0]) == body_of(answers[1])


def test_the_next_attempt(world, customer, deliver, delivering, put_off, listed):
    """While a retry is due, its time is shown: the pause after the attempt that failed. Then it is gone."""
    ended(world)
    customer.script = [server.http(500), server.http(500)]
    assert "next_attempt_at" not in listed()
    for number, pause in ((1, 5), (2, 10)):
        delivering.outside.now = lambda number=number: NOW + number
        deliver(task_of(world) if number == 1 else put_off[-1][1])
        assert listed()["next_attempt_at"] == iso(NOW + number + pause * 1000)
        assert put_off[-1][2] == pause
    deliver(put_off[-1][1])
    assert listed()["state"] == "delivered"
    assert "next_attempt_at" not in listed()
    assert not any("next_attempt_at" in attempt for attempt in listed()["attempts"])


def test_held_back(world, customer, deliver, put_off, listed, monkeypatch):
    """An attempt that was held back is followed by a retry like any other."""
    ended(world)
    monkeypatch.setattr("failover.use_cases.webhooks.deliver._may_be_asked", lambda *_: False)
    deliver(task_of(world))
    assert listed()["attempts"][0]["error"] == "held back"
    assert "next_attempt_at" in listed()


@pytest.mark.parametrize("last", ["refused", "given up"])
def test_no_next_attempt(world, customer, deliver, listed, last):
    """A webhook that has failed has no next attempt."""
    ended(world)
    customer.script = [server.http(500), server.http(401 if last == "refused" else 500)]
    deliver(task_of(world))
    assert "next_attempt_at" in listed()
    deliver(task_of(world, attempt=2, series=2, since=0 if last == "refused" else 1))
    assert listed()["state"] == "failed"
    assert "next_attempt_at" not in listed()


def test_while_the_retry_is_made(world, call, customer, deliver, put_off, listed):
    """Once the retry has been claimed, it is no longer due."""
    ended(world)
    customer.script = [server.http(500)]
    deliver(task_of(world))
    seen = []
    customer.meanwhile = lambda _: seen.append(listed())
    deliver(put_off[-1][1])
    assert [(one["state"], "next_attempt_at" in one) for one in seen] == [("pending", False)]


def test_a_redelivery_is_not_a_retry(world, call, customer, deliver, put_off, listed):
    """A queued redelivery has no time of its own: the webhook keeps that of its retry, or has none."""
    ended(world)
    customer.script = [server.http(500), server.http(202)]
    deliver(task_of(world))
    due = listed()["next_attempt_at"]
    call("POST", f"{ADDRESS}/{REPORT}/redeliver")
    assert listed()["next_attempt_at"] == due
    deliver(*world.queued()[-1:])
    call("POST", f"{ADDRESS}/{REPORT}/redeliver")
    assert "next_attempt_at" not in listed()


def test_attempts_of_an_earlier_release(world, customer, deliver, listed):
    """An attempt that was recorded without the time of its retry is shown without one."""
    ended(world)
    customer.script = [server.http(500)]
    deliver(task_of(world))
    world.client.update_item(
        TableName=world.table,
        Key={"pk": {"S": f"workflow#{ID}"}, "sk": {"S": f"webhook#{REPORT:05d}"}},
        UpdateExpression="REMOVE made.#one.next_attempt_at",
        ExpressionAttributeNames={"#one": "1"},
    )
    assert listed()["state"] == "pending"
    assert "next_attempt_at" not in listed()


def test_nothing_is_logged(world, call, customer, shown, output):
    """I8: the body and the URL are not logged."""
    ended(world)
    assert SMS["to"]["number"] in json.dumps(shown(STATUS))
    written = output()
    assert not any(private in written for private in (SMS["to"]["number"], customer.url))
