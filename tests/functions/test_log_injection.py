"""Every log line is one JSON object without any of the input, for any input (F23, I8)."""

import base64
import contextlib
import json
from copy import deepcopy
from functools import reduce
from operator import getitem

import jwt
import pytest

from failover.rules.pacing.turns import NotYourTurn
from failover.use_cases.callers.commands import CommandRefused
from tests import messages_server as server
from tests.examples import EVERY_CHANNEL, ID, TWO_STEPS, request, workflow
from tests.functions.conftest import REPORT, STATUS, ended, task_of
from tests.tokens import KEY, token
from tests.world import callback_event, http_event, load

HOSTILE = {
    "lines": 'x\r\n{"level":"FORGED"}\n\n',
    "ansi": "\x1b[31mFORGED\x1b[0m\x07\x00",
    "quotes": '"FORGED\\" \'}],\\u0000',
    "separators": "FORGED\u2028\u2029\x85\u202eFORGED",
    "format": "%s %(FORGED)s {FORGED} ${FORGED} <FORGED>",
}


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE.keys())
def hostile(request):
    return request.param


@pytest.fixture(autouse=True)
def clean(output):
    """Checks everything written during the test."""
    output()
    yield
    written = output()
    lines = written.split("\n")
    assert lines.pop() == ""
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert lines
    assert "FORGED" not in written
    assert not set(written) & set("\r\x1b\x07\x00\x85\u2028\u2029\u202e")


def spoilt(document, hostile):
    """Copies of a document, each with one string or one field name made hostile."""
    for *way, last in _leaves(document):
        for spoil in _SPOIL[isinstance(last, str)]:
            copy = deepcopy(document)
            spoil(reduce(getitem, way, copy), last, hostile)
            yield copy


def _value(node, name, hostile):
    node[name] = hostile


def _name(node, name, hostile):
    node[hostile] = node.pop(name)


def _addition(node, name, hostile):
    node[hostile] = hostile


_SPOIL = {True: (_value, _name, _addition), False: (_value,)}


def _leaves(node, path=()):
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, (*path, name))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _leaves(value, (*path, number))
    else:
        yield path


@pytest.mark.parametrize("channel", EVERY_CHANNEL)
def test_requests(call, hostile, channel):
    """Every field of a request and every field name."""
    body = request({**EVERY_CHANNEL[channel], "client_ref": "r"}) | {"client_ref": "r", "webhook_url": "https://x.test"}
    for one in spoilt(body, hostile):
        assert call("POST", "/workflows", one)["statusCode"] in (202, 400)


def test_headers_paths_and_queries(world, app, hostile):
    """Every header that is read and some that are not, every part of a path, every filter."""
    known = {"Authorization": world.basic, "Content_Type": "application/json"}
    key = base64.b64encode(f"{hostile}:{hostile}".encode()).decode()
    headers = [
        *({"Authorization": value} for value in (hostile, f"Basic {hostile}", f"Bearer {hostile}", f"Basic {key}")),
        {"Authorization": token(hostile, key=KEY, headers={"kid": hostile}, jti=hostile)},
        *({name: hostile} for name in ("Accept", "Content_Type", "Idempotency_Key", "User_Agent", "X_Forwarded_For")),
    ]
    for more in headers:
        app.handler(http_event("POST", "/workflows", json.dumps(request()), **{**known, **more}), None)
    ended(world)
    paths = ["/{}", "/workflows/{}", "/messages/{}", "/workflows/{}/cancel", "/workflows/{}/advance"]
    paths += [f"/workflows/{ID}/webhooks/{{}}/redeliver"]
    for path in paths:
        for method in ("GET", "POST", hostile):
            app.handler(http_event(method, path.replace("{}", hostile), **known), None)
    for step in (hostile, {hostile: hostile}):
        app.handler(http_event("POST", f"/workflows/{ID}/advance", json.dumps({"step": step}), **known), None)
    for name in ("status", "channel", "client_ref", "since", "until", "limit", "cursor", "dry_run", hostile):
        for method in ("GET", "POST"):
            event = http_event(method, "/workflows", "{}", **known)
            app.handler(event | {"queryStringParameters": {name: hostile}}, None)


@pytest.mark.parametrize("version", ["v1", "v0.1"])
def test_callbacks(world, hostile, version):
    """Every field and field name of the vendor's callbacks, and the token of a forged callback."""
    function = load("message_status")
    world.put(workflow(*TWO_STEPS), [])
    body = {"message_uuid": "u", "status": "rejected", "client_ref": f"{ID}.0", "timestamp": "2026-01-31T12:00:00Z"}
    body["usage"] = {"price": "0.1", "currency": "EUR"}
    if version == "v1":
        body |= {"to": "a", "from": "b", "channel": "sms"}
        body["error"] = {"type": "t", "title": "1300", "detail": "d", "instance": "i"}
    else:
        body |= {"to": {"type": "sms", "number": "a"}, "from": {"type": "sms", "number": "b"}}
        body["error"] = {"code": 1300, "reason": "r"}
    for one in spoilt(body, hostile):
        assert function.handler(callback_event(one), None)["statusCode"] in (200, 400, 503)
    forged = jwt.encode({"iat": 1, "jti": hostile}, hostile * 5, algorithm="HS256", headers={"kid": hostile})
    for authorization in (hostile, f"Bearer {hostile}", f"Bearer {forged}"):
        assert function.handler(callback_event(body, authorization=authorization), None)["statusCode"] == 401


def test_the_vendors_answers(world, messages, hostile):
    """Every field of an answer from the Messages API, its status line and its headers."""
    app = load("send_sms")
    app.outside.sleep = lambda _: None
    printable = hostile.replace("\r", "").replace("\n", "").encode("ascii", "ignore").decode()
    problem = {"type": "t", "title": "t", "detail": "d", "invalid_parameters": [{"name": "n", "reason": "r"}]}
    scripts = [[server.http(422, json.dumps(one).encode())] for one in spoilt(problem, hostile)]
    scripts += [[server.accepted(hostile)], [server.http(202, hostile.encode())]]
    scripts += [[server.http(429, headers=f"Retry-After: {printable}\r\n")]]
    scripts += [[server.http(302, headers=f"Location: http://x.test/{printable}\r\n")]]
    scripts += [[server.raw(f"HTTP/1.1 503 {printable}\r\nContent-Length: 0\r\n\r\n".encode())]]
    for number, script in enumerate(scripts):
        messages.script = script
        one = f"{number:08x}-0000-4000-8000-000000000000"
        flow = workflow("sms")
        world.put(type(flow)(**{**vars(flow), "id": one}), [EVERY_CHANNEL["sms"]])
        with contextlib.suppress(NotYourTurn):
            app.handler({"workflow": one, "step": 0}, None)
        assert world.read(one).steps[0].answered_at or world.read(one).timeline[-1]["event"] == "postponed"


def test_receivers(world, customer, deliver, hostile):
    """The status line, headers and body of a webhook's receiver."""
    ended(world)
    printable = hostile.replace("\r", "").replace("\n", "").encode("ascii", "ignore").decode()
    answers = [
        server.http(500, hostile.encode(), headers=f"X-Reason: {printable}\r\nLocation: http://{printable}\r\n"),
        server.raw(f"HTTP/1.1 404 {printable}\r\nContent-Length: 0\r\n\r\n".encode()),
        server.raw(f"{printable}\r\n\r\n".encode()),
    ]
    for sequence in (STATUS, REPORT):
        for attempt, answer in enumerate(answers, start=1):
            customer.script = [answer]
            deliver(task_of(world, sequence, attempt=attempt))


def test_commands(world, hostile):
    """Every field and field name of a command to `accounts`."""
    function = load("accounts")
    for command in (
        {"action": "create_account", "name": "n", "status_url": "https://x.test"},
        {"action": "create_application", "api_key": world.api_key, "name": "n", "public_key": "k"},
        {"action": "rotate_secret", "api_key": "k"},
        {"action": "set_status_url", "api_key": "k", "status_url": "https://x.test", "application_id": "i"},
    ):
        for one in spoilt(command, hostile):
            with contextlib.suppress(CommandRefused):
                function.handler(one, None)
