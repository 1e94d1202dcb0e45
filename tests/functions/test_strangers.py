"""Every route of the API for a stranger: nothing without credentials, and nothing of other accounts (I6, F15)."""

import base64
import hashlib
import json
import re
import time
import uuid

import jwt
import pytest

from failover.outside import Outside
from failover.rules.sending.client_ref import client_ref
from failover.use_cases.callers.register import COMMANDS
from tests import described
from tests.examples import ID, SMS, request
from tests.functions.conftest import REPORT, ended, pointer
from tests.tokens import KEY, public_pem, token
from tests.world import body_of, callback_event, http_event, load

PUBLIC = {(verb, page) for verb in ("GET", "HEAD") for page in ("/docs", "/openapi.json", "/console")}
MISSING = "00000000-0000-4000-8000-000000000000"


def routes():
    """(method, path) of every route, with parameters in angle brackets."""
    api = load("workflows_api").api
    served = [*api._static_routes, *api._dynamic_routes]
    return sorted({(route.method, route.path) for route in served if route.func.__name__ != "refuse"})


ROUTES = routes()
PRIVATE = [route for route in ROUTES if route not in PUBLIC]
WITH_IDS = [route for route in PRIVATE if "<" in route[1]]


def address(path, workflow_id=ID, message_uuid="uuid-0"):
    """The path with ids filled in."""
    own = message_uuid if path.startswith("/messages") else workflow_id
    return path.replace("<id>", own).replace("<sequence>", str(REPORT))


@pytest.fixture
def target(world):
    """A workflow of the tests' account, with its message and its webhooks."""
    flow = ended(world)
    world.client.put_item(TableName=world.table, Item=pointer())
    return flow


@pytest.fixture
def unchanged(world):
    """Fails if the test writes or queues anything."""
    before = json.dumps(world.items(), sort_keys=True)
    yield
    assert json.dumps(world.items(), sort_keys=True) == before
    assert world.queued() == []


def test_the_routes_are_known():
    """The API's routes are the documented operations and the three public pages, and only those pages are public."""
    described_ones = {
        (verb.upper(), path.replace("{", "<").replace("}", ">"))
        for path, operations in described.DOCUMENT["paths"].items()
        for verb in operations
        if verb != "parameters"
    }
    assert set(PRIVATE) == described_ones
    assert set(ROUTES) >= PUBLIC


def strangers():
    """Invalid credentials of every kind."""
    now = int(time.time())
    claims = {"iat": now, "jti": str(uuid.uuid4()), "application_id": MISSING}
    yield "none", lambda _: None
    yield "unknown key", lambda _: "Basic " + base64.b64encode(b"00000000:secret").decode()
    yield "wrong secret", lambda world: "Basic " + base64.b64encode(f"{world.api_key}:x".encode()).decode()
    yield "empty secret", lambda world: "Basic " + base64.b64encode(f"{world.api_key}:".encode()).decode()
    yield "the hash", lambda world: _with_secret(world, world.callers.find_account(world.api_key)["secrets"][0])
    yield "webhooks' secret", lambda world: _with_secret(world, world.signature_secret)
    yield "unsigned token", lambda _: "Bearer " + jwt.encode(claims, "", algorithm="none")
    yield "key as a token", lambda world: "Bearer " + jwt.encode(claims, world.api_secret * 2, algorithm="HS256")
    yield "unknown application", lambda _: token(MISSING)
    yield "a callback's token", lambda _: callback_event({})["headers"]["Authorization"]


def _with_secret(world, secret):
    text = secret if isinstance(secret, str) else secret["hash"]
    return "Basic " + base64.b64encode(f"{world.api_key}:{text}".encode()).decode()


STRANGERS = dict(strangers())


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS.keys())
def test_nothing_without_credentials(world, target, call, unchanged, stranger):
    """Every route but the public pages answers 401 without valid credentials and does nothing."""
    for method, path in PRIVATE:
        answer = call(method, address(path), request(SMS), Authorization=stranger(world))
        assert answer["statusCode"] == 401, (method, path)
        assert body_of(answer)["type"].endswith("#unauthorized")
        assert answer["multiValueHeaders"]["WWW-Authenticate"]


def test_public_pages(world, target, app, unchanged):
    """The public pages are the same for every caller and contain no data of any account."""
    for method, path in PUBLIC:
        answers = [app.handler(http_event(method, path, Authorization=who), None) for who in ("", world.basic)]
        assert [answer["statusCode"] for answer in answers] == [200, 200]
        assert answers[0]["body"] == answers[1]["body"]
        assert world.api_key not in answers[0]["body"]


def policy(answer):
    """The directives of an answer's Content-Security-Policy, each with its sources."""
    (header,) = answer["multiValueHeaders"]["Content-Security-Policy"]
    return {name: sources for name, *sources in (directive.split() for directive in header.split(";"))}


def hashes(texts):
    return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts]


def assert_shut(answer, scripts):
    """The page is never framed, and its policy, returned without these directives, allows only these scripts."""
    directives = policy(answer)
    assert directives.pop("connect-src") == ["'self'"]
    assert directives.pop("script-src") == hashes(scripts)
    for name in ("default-src", "frame-ancestors", "base-uri", "form-action"):
        assert directives.pop(name) == ["'none'"]
    assert "\r" not in answer["body"]  # browsers read it as \n and would compute another hash
    assert not re.search(r"<[^>]*\son\w+=", re.sub(r"(?s)<(script|style).*?</\1>", "", answer["body"]))
    headers = answer["multiValueHeaders"]
    assert (headers["X-Frame-Options"], headers["Referrer-Policy"]) == (["DENY"], ["no-referrer"])
    return directives


def test_the_reference_page_is_shut(app):
    """The reference page lets browsers run its own scripts only, load nothing else, and never frames it."""
    answer = app.handler(http_event("GET", "/docs"), None)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", answer["body"], re.DOTALL)
    more = assert_shut(answer, scripts)
    assert more == {"style-src": ["'unsafe-inline'"], "img-src": ["'self'", "data:"]}


def test_the_console_is_shut(app):
    """The console runs its one script and its one style sheet, makes no markup of text, and shares no window."""
    answer = app.handler(http_event("GET", "/console"), None)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', answer["body"], re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", answer["body"], re.DOTALL)
    more = assert_shut(answer, [script])
    assert more == {
        "style-src": hashes([style]),
        "img-src": ["data:"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
    }
    assert answer["multiValueHeaders"]["Cross-Origin-Opener-Policy"] == ["same-origin"]


def test_caching(world, target, call, app):
    """No cache may keep an answer, except the public pages; browsers ask for the console each time."""
    for method, path in PUBLIC:
        headers = app.handler(http_event(method, path), None)["multiValueHeaders"]
        assert headers["Cache-Control"] == ["no-cache" if path == "/console" else "public, max-age=300"]
        assert headers["X-Content-Type-Options"] == ["nosniff"]
    answers = [call(method, address(path), request(SMS)) for method, path in PRIVATE]
    answers.append(call("PUT", "/docs"))
    answers.append(load("message_status").handler(callback_event({"status": "read", "client_ref": "x"}), None))
    assert {answer["statusCode"] for answer in answers} >= {200, 202, 405}
    for answer in answers:
        assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]
        assert answer["multiValueHeaders"]["X-Content-Type-Options"] == ["nosniff"]


@pytest.fixture(params=["secret", "token"])
def other(request, world):
    """Valid credentials of another account."""
    account = COMMANDS.carry_out(Outside(), {"action": "create_account", "name": "other"})
    if request.param == "secret":
        return "Basic " + base64.b64encode(f"{account['api_key']}:{account['api_secret']}".encode()).decode()
    command = {"action": "create_application", "name": "app", "public_key": public_pem(KEY)}
    return token(COMMANDS.carry_out(Outside(), {**command, "api_key": account["api_key"]})["application_id"])


@pytest.mark.parametrize(("method", "path"), WITH_IDS)
def test_somebody_elses(world, target, call, other, unchanged, method, path):
    """Another account's id is answered exactly like a missing one, and nothing changes."""
    body = {"step": 0} if path.endswith("/advance") else None
    addresses = (address(path), address(path, MISSING, "missing-message"))
    answers = [call(method, one, body, Authorization=other) for one in addresses]
    assert [answer["statusCode"] for answer in answers] == [404, 404]
    theirs, missing = ({**body_of(answer), "instance": ""} for answer in answers)
    assert theirs == missing
    headers = [{**answer["multiValueHeaders"], "X-Nexmo-Trace-Id": []} for answer in answers]
    assert headers[0] == headers[1]
    assert call(method, address(path), body)["statusCode"] in (200, 202, 409)
    world.queued()


def test_lists_hold_ones_own(world, target, app, other):
    """No list contains another account's workflows, with any filter and any cursor."""

    def listed(authorization, **query):
        event = http_event("GET", "/workflows", Authorization=authorization) | {"queryStringParameters": query}
        return body_of(app.handler(event, None))

    raw = json.dumps(request(SMS))
    for _ in range(2):
        event = http_event("POST", "/workflows", raw, Authorization=world.basic, Content_Type="application/json")
        assert app.handler(event, None)["statusCode"] == 202
    cursor = listed(world.basic, limit="1")["cursor"]
    asked = ({}, {"cursor": cursor}, {"status": "completed"}, {"client_ref": f"#{world.api_key}"})
    assert [listed(other, **query)["workflows"] for query in asked] == [[]] * len(asked)


def test_idempotency_keys_are_each_accounts_own(world, call, other):
    """Two accounts can use the same Idempotency-Key without learning of each other."""
    answers = [
        call("POST", "/workflows", request(SMS), Idempotency_Key="order-1", Authorization=who)
        for who in (world.basic, other, world.basic)
    ]
    assert [answer["statusCode"] for answer in answers] == [202] * 3
    first, theirs, again = (body_of(answer)["workflow_uuid"] for answer in answers)
    assert first == again != theirs
    assert ["Idempotent-Replayed" in answer["multiValueHeaders"] for answer in answers] == [False, False, True]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "POST"])
def test_no_route_beside_the_table(world, target, call, unchanged, method):
    """Even with valid credentials, no other address or method is served."""
    for path in (
        "/",
        "/accounts",
        f"/webhooks/{ID}",
        "/sandbox/messages",
        f"/workflows/{ID}/content",
        "/workflows/../accounts",
    ):
        assert call(method, path)["statusCode"] == 404
    for path in {path for _, path in ROUTES}:
        if (method, path) not in ROUTES:
            assert call(method, address(path))["statusCode"] == 405


@pytest.mark.parametrize("authorization", ["Basic", "account's webhook", "another body", "an answer's"])
def test_forged_callbacks(world, target, unchanged, authorization):
    """A callback without the vendor's signature over exactly this body is answered 401, however else it is signed."""
    body = {"client_ref": client_ref(ID, 0), "status": "read", "message_uuid": "uuid-0"}
    forged = {
        "Basic": callback_event(body, authorization=world.basic),
        "account's webhook": callback_event(body, secret=world.signature_secret),
        "another body": callback_event(body, payload_hash="0" * 64),
        "an answer's": callback_event(body, authorization=callback_event({})["headers"]["Authorization"]),
    }
    assert load("message_status").handler(forged[authorization], None)["statusCode"] == 401


def test_replayed_callback(world, target):
    """A replayed genuine callback is accepted and changes neither the workflow nor what the API shows of it."""
    function = load("message_status")
    event = callback_event({"client_ref": client_ref(ID, 0), "status": "read", "message_uuid": "uuid-0"})
    assert function.handler(event, None)["statusCode"] == 200
    items = json.dumps(world.items(), sort_keys=True)
    for _ in range(3):
        assert function.handler(event, None)["statusCode"] == 200
    assert json.dumps(world.items(), sort_keys=True) == items
