"""Answers contain personal data, so every answer forbids caches to store it, for every operation and result."""

import json

import pytest
from botocore.client import BaseClient

from failover.adapters.aws import Unavailable
from tests import described
from tests.examples import SMS, request
from tests.functions.conftest import REPORT, callback, ended
from tests.sandbox import BASIC, to
from tests.world import callback_event, http_event, load

OPERATIONS = [
    (verb.upper(), path)
    for path, operations in described.DOCUMENT["paths"].items()
    for verb in operations
    if verb != "parameters"
]
ENDINGS = {
    "accepted": {},
    "without credentials": {"Authorization": ""},
    "unacceptable": {"Accept": "text/html"},
    "HTTP's own caching": {"If_None_Match": "*", "Accept_Encoding": "gzip"},
}


def check(answer):
    headers = answer["multiValueHeaders"]
    assert headers["Cache-Control"] == ["no-store"]
    assert headers["X-Content-Type-Options"] == ["nosniff"]
    assert answer["statusCode"] != 304
    assert not {"ETag", "Content-Encoding", "Expires", "Last-Modified"} & set(headers)


def address(path, of):
    own = "uuid-0" if path.startswith("/messages") else of
    return path.replace("{id}", own).replace("{sequence}", str(REPORT))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation(world, call, method, path, ending):
    """Every documented operation: accepted, refused, or for a resource that does not exist."""
    flow = ended(world)
    for workflow_id in (flow.id, "unknown"):
        check(call(method, address(path, workflow_id), request(SMS), **ENDINGS[ending]))
    check(call("PATCH", address(path, flow.id)))


@pytest.mark.parametrize("error", [Unavailable("busy"), KeyError("a fault")], ids=["busy", "fault"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_where_something_fails(world, call, monkeypatch, method, path, error):
    """Also when AWS is unavailable, and after a fault of ours."""
    flow = ended(world)

    def broken(*_):
        raise error

    monkeypatch.setattr(BaseClient, "_make_api_call", broken)
    answer = call(method, address(path, flow.id), request(SMS))
    assert answer["statusCode"] in (500, 503)
    check(answer)


def test_callbacks(world, callbacks):
    """The answers to a status callback: 200, 400, 401, 413 and 503."""
    ended(world)
    handler = callbacks.handler
    events = [
        *(callback_event(body) for body in (callback("read"), {"status": "gone"}, b"{", b" " * 1_048_577)),
        callback_event(callback("read"), payload_hash="x"),
        callback_event(callback("read"), authorization=""),
    ]
    answers = [handler(event, None) for event in events]
    assert {answer["statusCode"] for answer in answers} == {200, 400, 401, 413, 503}
    for answer in answers:
        check(answer)


def test_the_sandbox(queue):
    """The sandbox's pages, which show messages, and its scripted answers."""
    handler = load("sandbox_messages").handler
    asked = [
        ("GET", "/sandbox/messages?client_ref=ref", None),
        ("GET", "/sandbox/messages", None),
        ("GET", "/sandbox/nothing", None),
        *(("POST", "/sandbox/v1/messages", to(one)) for one in ("sim-read", "sim-busy", "sim-broken", "page")),
        ("POST", "/sandbox/v2/messages", to("sim-read")),
        ("POST", "/sandbox/v1/messages", {}),
    ]
    statuses = set()
    for authorization in (BASIC, ""):
        for method, path, body in asked:
            path, _, query = path.partition("?")
            event = http_event(method, path, json.dumps(body), Authorization=authorization)
            event["queryStringParameters"] = dict([query.split("=")]) if query else None
            answer = handler(event | {"resource": path, "pathParameters": None}, None)
            statuses.add(answer["statusCode"])
            check(answer)
    assert statuses >= {200, 202, 401, 404, 422}
