"""Delivering one webhook: where it is sent, how it is signed, and what the answer means (docs/api.md, "Webhooks")."""

import hashlib
import re
import time
import uuid
from dataclasses import replace

import jwt
import pytest
from vonage_jwt import verify_signature

from failover.rules.timing.instants import iso
from failover.rules.webhooks import bodies, delivery
from failover.rules.workflow import publication
from tests import messages_server as server
from tests.examples import ID, SMS
from tests.functions.conftest import REPORT, STATUS, attempts_made, ended, set_status_url, task_of
from tests.messages_server import MessagesServer

APPLICATION = "0f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"
HOUR = 3_600_000


@pytest.fixture
def application(world):
    """An application of the tests' account, with its own status URL."""
    listening = MessagesServer()
    made = {"account": world.api_key, "name": "app", "public_key": "", "status_url": f"{listening.url}/application"}
    world.callers.add_application(APPLICATION, made)
    yield listening
    listening.close()


def claims_of(request, secret):
    token = request.headers["authorization"].removeprefix("Bearer ")
    assert verify_signature(token, secret)
    return jwt.decode(token, options={"verify_signature": False})


def test_delivered(world, customer, deliver, put_off, listed):
    """A 2xx answer completes the delivery: one POST of the body, recorded with answer and time, and nothing queued."""
    flow = ended(world)
    before = int(time.time() * 1000)
    deliver(task_of(world))
    (request,) = customer.requests
    assert request.path == "/status"
    assert request.headers["content-type"] == "application/json"
    assert request.body == bodies.body(flow, [SMS], publication.find(flow, REPORT))
    assert put_off == []
    webhook = listed()
    assert (webhook["state"], webhook["kind"]) == ("delivered", "final_report")
    (attempt,) = webhook["attempts"]
    assert (attempt["number"], attempt["answer"]) == (1, 202)
    assert iso(before) <= attempt["at"] <= iso(int(time.time() * 1000))
    assert 0 <= attempt["milliseconds"] < 10_000


def test_message_status(world, customer, deliver, listed):
    """A message status has the parties of its step."""
    ended(world)
    deliver(task_of(world, STATUS))
    assert customer.requests[0].body["to"] == SMS["to"]
    assert (listed(STATUS)["kind"], listed(STATUS)["state"]) == ("message_status", "delivered")


@pytest.mark.decision("Customer's webhooks")
def test_signed(world, customer, deliver):
    """The vendor's own library verifies the signature with the account's secret, and the hash is of the exact body."""
    ended(world)
    deliver(task_of(world))
    (request,) = customer.requests
    claims = claims_of(request, world.signature_secret)
    assert claims["payload_hash"] == hashlib.sha256(request.raw).hexdigest()
    assert (claims["iss"], claims["api_key"]) == ("Workflows", world.api_key)
    assert abs(claims["iat"] - time.time()) < 10
    assert uuid.UUID(claims["jti"])
    assert set(claims) == {"iss", "api_key", "iat", "jti", "payload_hash"}
    assert jwt.get_unverified_header(request.headers["authorization"][7:])["alg"] == "HS256"


def test_each_attempt_is_signed_anew(world, customer, deliver):
    """A retry has the same bytes and a new token with its own time."""
    ended(world)
    customer.script = [server.http(500)]
    deliver(task_of(world))
    deliver(task_of(world, attempt=2, series=2, since=1))
    first, second = customer.requests
    assert first.raw == second.raw
    assert claims_of(first, world.signature_secret)["jti"] != claims_of(second, world.signature_secret)["jti"]


@pytest.mark.decision("Customer's webhook URL")
def test_application(world, customer, application, deliver):
    """A workflow of an application is reported to the application's URL, and its claims name the application."""
    ended(world, application=APPLICATION)
    deliver(task_of(world, application=APPLICATION))
    assert customer.requests == []
    (request,) = application.requests
    assert request.path == "/application"
    assert claims_of(request, world.signature_secret)["application_id"] == APPLICATION


def test_application_without_a_url(world, customer, deliver, put_off):
    """An application without a URL has no webhooks; the account's URL is for Basic authentication."""
    world.callers.add_application(APPLICATION, {"account": world.api_key, "name": "app", "public_key": ""})
    ended(world, application=APPLICATION)
    deliver(task_of(world, application=APPLICATION))
    assert (customer.requests, put_off) == ([], [])


@pytest.mark.decision("Customer's webhook URL")
@pytest.mark.parametrize("of_application", [{}, {"application": APPLICATION}])
def test_the_requests_own_url(world, customer, application, deliver, of_application):
    """A URL in the request takes precedence over both."""
    own = MessagesServer()
    ended(world, webhook_url=f"{own.url}/own", **of_application)
    deliver(task_of(world, **of_application))
    own.close()
    assert (customer.requests, application.requests) == ([], [])
    assert [request.path for request in own.requests] == ["/own"]


def test_a_new_url_is_used_at_once(world, customer, deliver):
    """A retry uses the account's URL at that time."""
    ended(world)
    set_status_url(world, f"{customer.url}/new")
    deliver(task_of(world, attempt=2, series=2, since=1))
    assert [request.path for request in customer.requests] == ["/new"]


@pytest.mark.parametrize("status", [200, 204, 299])
def test_acknowledged(world, customer, deliver, put_off, listed, status):
    """Every 2xx answer completes the delivery."""
    ended(world)
    customer.script = [server.http(status, b"" if status == 204 else b"{}")]
    deliver(task_of(world))
    assert (listed()["state"], put_off) == ("delivered", [])


@pytest.mark.decision("Customer's webhooks")
@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 408, 410, 422])
def test_final_answers(world, customer, deliver, put_off, listed, status):
    """Every answer other than 2xx, 429 and 5xx is final: the delivery has failed, and nothing is queued."""
    ended(world)
    customer.script = [server.http(status, headers=f"Location: {customer.url}/elsewhere\r\n")]
    deliver(task_of(world))
    assert (listed()["state"], listed()["attempts"][0]["answer"]) == ("failed", status)
    assert (len(customer.requests), put_off) == (1, [])


@pytest.mark.decision("Customer's webhooks")
@pytest.mark.parametrize(
    ("answer", "recorded"),
    [
        pytest.param(server.http(429), {"answer": 429}, id="429"),
        pytest.param(server.http(500), {"answer": 500}, id="500"),
        pytest.param(server.http(503, headers="Retry-After: 1\r\n"), {"answer": 503}, id="503"),
        pytest.param(server.reset, {"error": "no HTTP answer"}, id="reset"),
        pytest.param(server.closed, {"error": "no HTTP answer"}, id="closed"),
        pytest.param(server.garbage, {"error": "no HTTP answer"}, id="garbage"),
    ],
)
@pytest.mark.parametrize(("series", "seconds"), [(1, 5), (2, 10), (8, 640), (9, 900), (90, 900)])
def test_put_off(world, customer, deliver, put_off, listed, answer, recorded, series, seconds):
    """After 429, 5xx or a lost connection a delayed message asks for the next attempt."""
    ended(world)
    customer.script = [answer]
    since = int(time.time() * 1000) - HOUR
    attempts_made(world, series + 2)
    task = task_of(world, attempt=series + 3, series=series, since=since)
    deliver(task)
    assert put_off == [("webhooks", replace(task, attempt=series + 4, series=series + 1), seconds)]
    webhook = listed()
    assert webhook["state"] == "pending"
    assert recorded.items() <= webhook["attempts"][0].items()


def test_refused_connection(world, customer, deliver, put_off, listed):
    """A refused connection is retried later."""
    ended(world)
    customer.close()
    deliver(task_of(world))
    assert [(queue, seconds) for queue, _, seconds in put_off] == [("webhooks", 5)]
    assert listed()["attempts"][0]["error"] == "no connection"


def test_the_series_begins_with_the_first_attempt(world, customer, deliver, put_off):
    """The 24 hours begin with the first attempt, however long its message has waited in the queue."""
    ended(world)
    customer.script = [server.http(500)]
    before = int(time.time() * 1000)
    deliver(task_of(world))
    assert before <= put_off[0][1].since <= int(time.time() * 1000)


@pytest.mark.decision("Customer's webhooks")
def test_given_up(world, customer, deliver, put_off, delivering, listed):
    """If the next attempt would be later than 24 hours after the first, the webhook becomes a dead letter."""
    ended(world)
    customer.script = [server.http(500)] * 2
    now = delivering.outside.now()
    delivering.outside.now = lambda: now
    attempts_made(world, 102)
    last = task_of(world, attempt=103, series=103, since=now - (delivery.PATIENCE - 900) * 1000)
    deliver(last)
    deliver(replace(last, attempt=104, series=104, since=last.since - 1))
    assert [(queue, task.attempt) for queue, task, _ in put_off] == [("webhooks", 104), ("dead-letters", 105)]
    assert listed()["state"] == "failed"


def test_redriven(world, customer, deliver, delivering, put_off, listed):
    """A redriven dead letter begins a new series of attempts with its full time."""
    ended(world)
    customer.script = [server.http(500)] * 2
    attempts_made(world, 102)
    deliver(task_of(world, attempt=103, series=103, since=1))
    (redriven,) = world.queued("dead-letters")
    before = int(time.time() * 1000)
    deliver(redriven)
    queue, task, seconds = put_off[-1]
    assert (queue, task.attempt, task.series, seconds) == ("webhooks", 105, 2, 5)
    assert task.since >= before
    deliver(task)
    assert [attempt["number"] for attempt in listed()["attempts"]] == [103, 104, 105]
    assert listed()["state"] == "delivered"


@pytest.mark.decision("Content has been dropped")
def test_content_dropped(world, customer, deliver, put_off, listed):
    """A status whose content has been dropped is delivered without sender and recipient; a report is unchanged."""
    flow = ended(world)
    world.client.delete_item(TableName=world.table, Key={"pk": {"S": f"workflow#{flow.id}"}, "sk": {"S": "content"}})
    deliver(task_of(world, STATUS))
    deliver(task_of(world, REPORT))
    status, report = (request.body for request in customer.requests)
    assert (status["sequence"], status["content_dropped"], report["sequence"]) == (STATUS, True, REPORT)
    assert not {"to", "from"} & status.keys()
    assert listed(STATUS)["state"] == listed(REPORT)["state"] == "delivered"
    assert put_off == []


def test_text_outside_ascii(world, customer, deliver):
    """Names in any script arrive as UTF-8, and the hash is of those bytes."""
    flow = ended(world, client_ref="Zoë 注文 🙂")
    deliver(task_of(world))
    (request,) = customer.requests
    assert request.body["client_ref"] == flow.client_ref
    assert flow.client_ref.encode() in request.raw
    assert re.fullmatch("[0-9a-f]{64}", claims_of(request, world.signature_secret)["payload_hash"])


def test_forbidden_address(world, deliver, put_off, listed, delivering):
    """F24: a URL that may not be called is refused for good, however it was stored, and the reason is recorded."""
    ended(world, webhook_url="https://169.254.169.254/latest/meta-data")
    deliver(task_of(world))
    assert (listed()["state"], listed()["attempts"][0]["error"]) == ("failed", "the URL is not allowed")
    assert put_off == []


def test_what_is_kept_of_an_attempt(world, customer, deliver, put_off):
    """I8: an attempt is recorded as its number, time, duration and HTTP status, without URL and body."""
    ended(world)
    customer.script = [server.http(500)]
    deliver(task_of(world, STATUS))
    deliver(put_off[0][1])
    assert _log(world).keys() == {"pk", "sk", "state", "last_attempt", "made", "expires_at"}
    made = _log(world)["made"]["M"]
    first, second = made["1"]["M"], made["2"]["M"]
    assert second.keys() == {"at", "milliseconds", "answer"}
    assert first.keys() == second.keys() | {"next_attempt_at"}
    assert all(value.keys() == {"N"} for attempt in (first, second) for value in attempt.values())


def test_attempts_are_forgotten_with_their_workflow(world, customer, deliver):
    """Attempts expire with their workflow's record, also while the workflow runs, and not earlier."""
    flow = ended(world)
    deliver(task_of(world))
    assert _log(world)["expires_at"]["N"] == str(flow.expires_at)


def test_attempts_of_a_running_workflow_are_forgotten(world, customer, deliver):
    """Attempts of a running workflow expire no earlier than the workflow can."""
    flow = ended(world)
    world.store.write(replace(flow, status="running", ended_at=None, expires_at=None))
    deliver(task_of(world, STATUS))
    assert int(_log(world)["expires_at"]["N"]) > time.time() + flow.receipt_window + flow.record_retention


def _log(world):
    (item,) = [item for item in world.items() if item["sk"]["S"].startswith("webhook#")]
    assert item["pk"]["S"] == f"workflow#{ID}"
    return item
