"""No header, query parameter or path causes a failure of ours, with or without credentials (F41)."""

import base64
import json
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.examples import ID, SMS, request
from tests.functions.conftest import callback
from tests.sandbox import BASIC, to
from tests.tokens import token
from tests.world import callback_event, http_event, load

NAMES = ("Authorization", "Accept", "Content-Type", "Idempotency-Key", "Host", "X-Forwarded-For", "Content-Encoding")
ANY = st.text(st.characters(exclude_categories=[]), max_size=80)
"""Any text, including lone surrogates and control characters."""
BYTES = st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))
B64 = st.one_of(ANY.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=60)).map(
    lambda raw: base64.b64encode(raw).decode()
)
SEGMENTS = st.lists(B64.map(lambda text: text.rstrip("=")) | ANY, min_size=1, max_size=4).map(".".join)
VALUES = st.one_of(
    ANY,
    BYTES,
    st.tuples(
        st.sampled_from(["Basic", "basic", "Bearer", "bearer", "Digest"]), st.one_of(ANY, BYTES, B64, SEGMENTS)
    ).map(" ".join),
)
PARAMETERS = ("dry_run", "state", "client_ref", "status", "channel", "since", "until", "limit", "cursor")
QUERY = st.dictionaries(st.sampled_from(PARAMETERS) | ANY, ANY | st.text("0123456789TZ:-+. ", max_size=40), max_size=3)
HEADERS = st.dictionaries(st.sampled_from(NAMES) | ANY, VALUES, max_size=4)
IDS = st.sampled_from([ID, "0", "a" * 3000]) | ANY
ROUTES = (
    *("/workflows", "/dispatch", "/workflows/{}", "/workflows/{}/cancel", "/workflows/{}/webhooks"),
    "/workflows/{}/advance",
    *("/workflows/{}/webhooks/1/redeliver", "/messages/{}", "/docs", "/openapi.json", "/v0.1/dispatch/{}", "{}", "/{}"),
    *("/webhooks", "/webhooks/redeliver", "/webhooks/{}"),
)
PATHS = st.builds(str.format, st.sampled_from(ROUTES), IDS)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"])

patient = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def event(method, path, headers, query, body=""):
    made = http_event(method, path, body)
    made["headers"] = headers
    made["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
    return made | {"queryStringParameters": query or None}


@pytest.fixture
def answered(output):
    """Call a handler with an event and check that its answer is not a failure of ours."""

    def answered(handler, event):
        answer = handler(event, None)
        json.dumps(answer, ensure_ascii=False).encode()  # as Lambda's runtime does
        status, headers = answer["statusCode"], answer["multiValueHeaders"]
        assert status < 500 or status == 503
        assert re.fullmatch("[0-9a-f]{32}", headers["X-Nexmo-Trace-Id"][0])
        assert headers["X-Content-Type-Options"] == ["nosniff"]
        assert len(headers["Cache-Control"]) == 1
        if status >= 400:
            problem = json.loads(answer["body"])
            assert headers["Content-Type"] == ["application/problem+json"]
            assert headers["Cache-Control"] == ["no-store"]
            assert {"type", "title", "detail", "instance"} <= set(problem)
            assert problem["instance"] == headers["X-Nexmo-Trace-Id"][0]
        written = output()
        assert "UnexpectedFailures" not in written
        assert "Logging error" not in written
        return answer

    return answered


@patient
@given(METHODS, PATHS, HEADERS, QUERY, st.booleans())
@example("GET", "/workflows", {"Authorization": "Basic é"}, {}, False)
@example("GET", "/workflows", {"Authorization": "Bearer \ud800.x.y"}, {}, False)
@example("GET", "/workflows", {}, {"since": "0001-01-01T00:00:00+23:59", "client_ref": "\ud800"}, True)
@example("GET", "/messages/\ud800", {}, {}, True)
@example("GET", "/webhooks", {}, {"state": "failed", "cursor": "\ud800"}, True)
@example("POST", "/workflows", {"Idempotency-Key": "\x00é"}, {"dry_run": "\ud800"}, True)
def test_workflows_api(world, app, answered, method, path, headers, query, known):
    """The customers' API answers every request."""
    if known:
        headers = {"Content-Type": "application/json", **headers, "Authorization": world.basic}
    answered(app.handler, event(method, path, headers, query, json.dumps(request(SMS))))


@patient
@given(
    st.dictionaries(st.text(max_size=20), ANY, max_size=3), st.sampled_from(["jti", "exp", "iat", "kid", "nbf"]), ANY
)
def test_tokens(world, app, application, answered, headers, claim, text):
    """A token that is signed correctly may contain any header and claim."""
    headers = {name: value for name, value in headers.items() if name not in ("alg", "b64", "crit", "typ")}
    try:
        bearer = token(application, headers=headers, **{claim: text})
    except (TypeError, ValueError):  # PyJWT makes no such token
        return
    answered(app.handler, event("GET", "/workflows", {"Authorization": bearer}, {}))


@patient
@given(METHODS, HEADERS, QUERY, st.booleans())
@example("POST", {"Authorization": "Bearer é"}, {}, False)
@example("POST", {"Authorization": "Bearer \ud800.x.y"}, {}, False)
@example("POST", {"Authorization": "Basic é"}, {}, False)
def test_message_status(world, callbacks, answered, method, headers, query, known):
    """The function for status callbacks answers every request."""
    genuine = callback_event(callback("read"))
    if known:
        headers = {**headers, **genuine["headers"]}
    answered(callbacks.handler, event(method, "/webhooks/message-status", headers, query, genuine["body"]))


@pytest.fixture
def sandbox(queue):
    return load("sandbox_messages")


@patient
@given(METHODS, st.sampled_from(["/sandbox/messages", "/sandbox/v1/messages", "/sandbox/{}/messages"]), ANY, HEADERS)
@example("GET", "/sandbox/messages", "\ud800", {})
@example("GET", "/sandbox/messages", "x" * 3000, {})
def test_sandbox(sandbox, answered, method, path, text, headers):
    """The sandbox answers every request, with or without credentials, and for any reference."""
    for authorization in ({}, {"Authorization": BASIC}):
        made = event(
            method, path.format(text), headers | authorization, {"client_ref": text}, json.dumps(to("sim-silent"))
        )
        answered(sandbox.handler, made)
