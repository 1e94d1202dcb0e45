"""The sandbox: the Messages API's contract, scripted recipients, and receipts sent to the real callback URL."""

import json
import time

import boto3
import jwt
import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.statuses import STATUSES
from failover.rules.receipts.receipt import parse_receipt
from failover.rules.sending import outgoing
from tests import permissions
from tests.examples import MESSENGER, SMS, VIBER, changed, messages
from tests.messages_server import MessagesServer, http
from tests.sandbox import BASIC, WEBHOOK, accepted, play, post, to
from tests.tokens import KEY, OTHER_KEY, private_pem
from tests.world import CREDENTIALS, ROOT, SIGNATURE_SECRET, body_of, http_event, later, load, unreachable


@pytest.fixture
def app(queue):
    return load("sandbox_messages")


def recipients():
    return load("sandbox_messages", "recipients")


@pytest.fixture
def scheduled(app, monkeypatch):
    """(seconds, body) of each receipt queued, with the body that the other function will send."""
    receipts = []
    send = app.schedule.all
    receipts_module = load("sandbox_messages", "receipts")
    receipt = permissions.under_role("SandboxReceipts", receipts_module.callback_of)

    def all_of(key, some):
        send(key, some)
        for seconds, status in some:
            url, body = receipt(receipts_module.Due(key, status))
            assert url == WEBHOOK
            receipts.append((seconds, body))

    monkeypatch.setattr(app.schedule, "all", all_of)
    return receipts


@pytest.mark.parametrize("script", recipients().SCRIPTS.values(), ids=lambda script: script.name)
def test_each_script(app, scheduled, script):
    """Every recipient answers and reports as the table says, by its id and by its number."""
    for recipient in (f"sim-{script.name}", script.number):
        scheduled.clear()
        answer = post(app, to(recipient))
        assert answer["statusCode"] == script.answer
        reported = [(seconds, body["status"]) for seconds, body in scheduled]
        assert reported == (list(script.receipts) if script.answer == 202 else [])
        for _, body in scheduled:
            assert parse_receipt(body).client_ref == "ref"
            assert ("error" in body) == (body["status"] in ("rejected", "undeliverable"))


def test_the_scripts_an_integrator_needs():
    """The recipients include one for each way a message can go."""
    scripts = {name: [status for _, status in script.receipts] for name, script in recipients().SCRIPTS.items()}
    assert scripts["delivered"] == ["submitted", "delivered"]
    assert scripts["read"][-2:] == ["delivered", "read"]
    assert scripts["rejected"][-1] == "rejected"
    assert recipients().SCRIPTS["refused"].answer == 422
    assert scripts["silent"] == []
    assert recipients().SCRIPTS["late"].receipts[-1][0] > 15
    assert scripts["read-first"].index("read") < scripts["read-first"].index("delivered")
    assert len(scripts["twice"]) == 2 * len(set(scripts["twice"]))
    assert {status for statuses in scripts.values() for status in statuses} <= STATUSES


def test_documented():
    """The table in the docs matches the code."""
    page = (ROOT / "docs/sandbox.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `sim-")]
    assert len(rows) == len(recipients().SCRIPTS)
    for script, row in zip(recipients().SCRIPTS.values(), rows, strict=True):
        assert f"`sim-{script.name}`" in row
        assert script.number in row
        assert script.summary in row


@pytest.mark.parametrize("recipient", ["sim-nobody", "447700901000", "447700899999", "15551234567", "", "page"])
def test_nobody_real(app, scheduled, recipient):
    """Only simulated ids and numbers reserved for fiction are accepted as recipients."""
    assert post(app, to(recipient))["statusCode"] == 422
    assert not scheduled


def test_other_numbers_of_the_range(app, scheduled):
    """Any other number reserved for fiction, up to those of phones, is delivered to."""
    assert post(app, to("447700900899"))["statusCode"] == 202
    assert [body["status"] for _, body in scheduled] == ["submitted", "delivered"]


@pytest.mark.parametrize("authorization", ["", "Basic eDp5", "Bearer x", BASIC[:-4]])
def test_credentials(app, scheduled, authorization):
    """The sandbox requires the Messages API's credentials."""
    assert post(app, to("sim-read"), authorization=authorization)["statusCode"] == 401
    assert not scheduled


def test_no_other_host(app, scheduled):
    """The sandbox calls no host but its own stack's."""
    body = to("sim-read") | {"webhook_url": "https://elsewhere.test/webhooks/message-status"}
    assert post(app, body)["statusCode"] == 422
    assert not scheduled


@pytest.mark.parametrize(
    ("version", "body"),
    [
        ("v1", []),
        ("v1", {**to("sim-read"), "channel": "pigeon"}),
        ("v1", {**to("sim-read"), "message_type": "image"}),
        ("v1", {**to("sim-read"), "client_ref": "x" * 41}),
        ("v1", {**to("sim-read"), "from": ""}),
        ("v1", {**to("sim-read"), "webhook_version": "v9"}),
        ("v1", {**to("sim-read"), "channel": ["sms"]}),
        ("v1", {**to("sim-read"), "text": "x" * 10_000}),
        ("v1", {**to("sim-read"), "messenger": {"category": "shout"}}),
        ("v1", {**to("sim-read"), "messenger": []}),
        ("v1", {**to("447700900001"), "channel": "sms", "sms": {"ttl": 600}}),
        ("v1", {**to("447700900001"), "channel": "sms", "ttl": "600"}),
        ("v1", {**to("447700900001"), "channel": "rcs", "suggestions": [{"type": "reply"}]}),
        ("v1", {**to("447700900001"), "channel": "whatsapp", "message_type": "template", "template": {"name": "x"}}),
        ("v0.1", {"from": {}, "to": {}, "message": {"content": {"type": ["text"]}}}),
        (
            "v0.1",
            {"from": {"type": "rcs"}, "to": {"type": "rcs"}, "message": {"content": {"type": "text", "text": "x"}}},
        ),
        ("v0.1", {**outgoing.v0_1(SMS, "ref"), "message": {"content": {"type": "text", "text": "x" * 1001}}}),
        ("v0.1", {}),
        ("v0.1", {"from": {}, "to": {}, "message": {}}),
    ],
)
def test_contract(app, scheduled, version, body):
    """A request that breaks the contract is answered 422 with the parameter's name."""
    answer = post(app, body, version)
    assert answer["statusCode"] == 422
    assert body_of(answer)["invalid_parameters"]
    assert not scheduled


@pytest.mark.parametrize("name", messages())
def test_every_message(app, scheduled, name):
    """The sandbox accepts every message that the API accepts, in the form in which it is sent."""
    step = changed(messages()[name], f"to.{CHANNELS[name.partition('-')[0]].recipient}", "447700900001")
    assert post(app, outgoing.v1(step, "ref", WEBHOOK))["statusCode"] == 202
    assert scheduled


def test_v0_1(app, scheduled):
    """A v0.1 send is answered with v0.1 callbacks."""
    step = VIBER | {"to": {"type": "viber_service_msg", "number": "447700900002"}}
    assert post(app, outgoing.v0_1(step, "ref"), "v0.1")["statusCode"] == 202
    assert scheduled[-1][1]["error"] == {"code": 1300, "reason": "Not part of the provider network"}
    assert scheduled[-1][1]["to"] == {"type": "viber_service_msg", "number": "447700900002"}


def test_kept(app, scheduled):
    """Messages can be read by reference for a day, with the same credentials."""
    post(app, to("sim-read"))
    post(app, to("sim-busy"))
    event = http_event("GET", "/sandbox/messages", Authorization=BASIC) | {
        "queryStringParameters": {"client_ref": "ref"}
    }
    kept = body_of(app.handler(event, None))["messages"]
    assert sorted(message["body"]["to"] for message in kept) == ["sim-busy", "sim-read"]
    tomorrow = app.outside.now() + 86_400_000
    app.outside.now = lambda: tomorrow
    assert body_of(app.handler(event, None))["messages"] == []
    event["headers"].clear()
    event["multiValueHeaders"].clear()
    assert app.handler(event, None)["statusCode"] == 401


def test_more_than_a_page(app):
    """All messages under one reference are returned, although DynamoDB returns 1 MB at a time."""
    now = app.outside.now()
    for number in range(30):
        app.kept.keep(app.Key("ref", f"uuid-{number}"), "v1", {"text": "x" * 40_000}, "https://c.test", "account", now)
    assert len(app.kept.of("ref", now)) == 30


@pytest.mark.parametrize(("part", "call"), [("kept", "dynamodb.PutItem"), ("schedule", "sqs.SendMessageBatch")])
def test_out_of_reach(app, part, call):
    """If AWS fails, the answer leaves the outcome open, so a message that may be stored is not sent again."""
    unreachable(getattr(app, part).client, call)
    assert post(app, to("sim-read"))["statusCode"] == 500


@pytest.mark.parametrize("reference", ["x" * 41, "\ud800"])
def test_no_reference(app, reference):
    """A reference that no message can have is answered 422."""
    event = http_event("GET", "/sandbox/messages", Authorization=BASIC)
    assert app.handler(event | {"queryStringParameters": {"client_ref": reference}}, None)["statusCode"] == 422


def test_too_long(app, scheduled):
    """A message too large for the table is answered 413."""
    assert post(app, to("sim-read") | {"padding": "x" * 70_000})["statusCode"] == 413
    assert not scheduled


@pytest.fixture
def received():
    """A server in place of the stack's callback URL."""
    server = MessagesServer()
    yield server
    server.close()


@pytest.fixture
def receipts(queue):
    return load("sandbox_messages", "receipts")


def test_receipts_are_genuine(app, receipts, received):
    """A receipt is signed as the vendor signs it, and is repeated if it is not accepted."""
    received.script = [http(200), http(503)]
    message, *_ = accepted(app, received.url, to("sim-read"))
    play(receipts, message)
    (request,) = received.requests
    assert request.path == "/webhooks/message-status"
    assert (request.body["status"], request.body["message_uuid"]) == ("submitted", message["message_uuid"])
    assert request.body["timestamp"].endswith("Z")
    assert request.headers["authorization"].startswith("Bearer ")
    with pytest.raises(Exception, match="503"):
        play(receipts, message)
    assert SIGNATURE_SECRET not in str(request.headers)


def test_the_queue_names_a_message_and_a_status(app, received):
    """A queue message has no address and no body, so its writer cannot choose what is signed."""
    message, *_ = accepted(app, received.url, to("sim-read"))
    assert set(message) == {"client_ref", "message_uuid", "status"}


@pytest.mark.parametrize(
    "change",
    [
        {"client_ref": "other"},
        {"client_ref": None},
        {"message_uuid": "other"},
        {"message_uuid": "x" * 5000},
        {"message_uuid": ""},
        {"message_uuid": "\ud800"},
        {"message_uuid": 7},
        {"status": "rejected"},
        {"status": ["submitted"]},
    ],
    ids=str,
)
def test_a_message_that_names_nothing(app, receipts, received, output, change):
    """A queue message that names no stored message, or no status of the recipient's script, is logged and dropped."""
    message, *_ = accepted(app, received.url, to("sim-read"))
    play(receipts, message | change)
    assert received.requests == []
    assert "sandbox: queue message unreadable" in output()


@pytest.mark.parametrize("more", [{"webhook_url": "https://elsewhere.test/"}, {"body": {"status": "read"}}], ids=str)
def test_a_message_of_a_later_release(app, receipts, received, more):
    """A field that this release does not know is ignored: it chooses neither what is signed nor where it goes."""
    message, *_ = accepted(app, received.url, to("sim-read"))
    play(receipts, message | more)
    (request,) = received.requests
    assert (request.path, request.body["status"]) == ("/webhooks/message-status", "submitted")


@pytest.mark.parametrize("text", ["", "x", "[]", "null", "[" * 10_000, '"\ud800"'])
def test_a_message_that_cannot_be_read(receipts, output, text):
    """An invalid queue message is logged and dropped."""
    play(receipts, text)
    assert "sandbox: queue message unreadable" in output()


def test_a_message_that_is_forgotten(app, receipts, received, output):
    """A message is forgotten after a day, and its receipts are dropped."""
    message, *_ = accepted(app, received.url, to("sim-read"))
    tomorrow = app.outside.now() + 86_400_000
    receipts.outside.now = lambda: tomorrow
    play(receipts, message)
    assert received.requests == []


OF_APPLICATION = {"application_id": "78d335fa-323d-0114-9c3d-d6f0d48968cf", "private_key": private_pem(KEY)}
NOW = int(time.time())
SENT = {"application_id": OF_APPLICATION["application_id"], "jti": "once", "iat": NOW - 60, "exp": NOW + 840}


def hold(secret):
    boto3.client("secretsmanager").put_secret_value(SecretId="messages", SecretString=json.dumps(secret))


@pytest.fixture
def application(app):
    """The secret has only an application, and the clock stands still."""
    hold(OF_APPLICATION)
    app.outside.now = lambda: NOW * 1000


def signed(claims=SENT, key=KEY, algorithm="RS256"):
    return f"Bearer {jwt.encode(claims, private_pem(key) if key else '', algorithm=algorithm)}"


@pytest.mark.parametrize("secret", [OF_APPLICATION, CREDENTIALS | OF_APPLICATION], ids=["alone", "beside an account"])
@pytest.mark.parametrize("version", ["v1", "v0.1"])
def test_application(application, app, scheduled, secret, version):
    """A token of the secret's application is accepted like Basic, and the stored message records which was used."""
    hold(secret)
    body = to("sim-read") if version == "v1" else outgoing.v0_1(MESSENGER, "ref")
    assert post(app, body, version, authorization=signed())["statusCode"] == 202
    event = http_event("GET", "/sandbox/messages", Authorization=signed())
    kept = app.handler(event | {"queryStringParameters": {"client_ref": "ref"}}, None)
    assert [message["credentials"] for message in body_of(kept)["messages"]] == ["application"]


@pytest.mark.parametrize(
    "claims",
    [
        {**SENT, "iat": NOW + 60},
        {**SENT, "iat": NOW - 900, "exp": NOW - 60},
        {name: value for name, value in SENT.items() if name != "exp"},
    ],
    ids=["clock ahead", "clock behind", "no exp"],
)
def test_tolerance(application, app, scheduled, claims):
    """Clocks may differ by a minute, and a token without `exp` is valid for 15 minutes."""
    assert post(app, to("sim-read"), authorization=signed(claims))["statusCode"] == 202


@pytest.mark.parametrize(
    ("authorization", "fragment"),
    [
        ("Bearer", "unauthorized"),
        ("Bearer x.y.z", "unauthorized"),
        (signed(key=OTHER_KEY), "unauthorized"),
        (signed(key=None, algorithm="none"), "unauthorized"),
        (signed({**SENT, "application_id": "other"}), "unauthorized"),
        (signed({**SENT, "iat": NOW + 61}), "unauthorized"),
        (signed({**SENT, "iat": NOW - 900, "exp": NOW - 61}), "jwt-expired"),
        (signed({**SENT, "exp": NOW + 90_000}), "unauthorized"),
        (signed({**SENT, "iat": NOW, "exp": NOW}), "unauthorized"),
        (signed({**SENT, "iat": float("nan")}), "unauthorized"),
        (signed({**SENT, "iat": True}), "unauthorized"),
        (signed({**SENT, "exp": float("inf")}), "unauthorized"),
        (signed({name: value for name, value in SENT.items() if name != "iat"}), "unauthorized"),
        (signed({name: value for name, value in SENT.items() if name != "jti"}), "unauthorized"),
        (BASIC, "unauthorized"),
        ("", "unauthorized"),
    ],
    ids=range(16),
)
def test_no_application(application, app, scheduled, authorization, fragment):
    """Every other token is refused as by the vendor, and so is Basic if the secret has only an application."""
    answer = post(app, to("sim-read"), authorization=authorization)
    assert (answer["statusCode"], body_of(answer)["type"].rpartition("#")[2]) == (401, fragment)
    assert {"type", "title", "detail", "instance"} <= body_of(answer).keys()
    assert not scheduled


def test_no_credentials_at_all(app):
    """A request without `Authorization` is refused in the vendor's words."""
    assert body_of(post(app, to("sim-read"), authorization=""))["detail"] == "Request header 'Authorization' missing"


@pytest.mark.parametrize("private_key", ["x", ""])
def test_an_application_that_cannot_be_used(app, scheduled, private_key):
    """If the secret's key cannot be read, every token is refused."""
    hold(CREDENTIALS | OF_APPLICATION | {"private_key": private_key})
    assert post(app, to("sim-read"), authorization=signed())["statusCode"] == 401
    assert post(app, to("sim-read"))["statusCode"] == 202


def test_rotated(app, scheduled):
    """New credentials are valid at once, as at the vendor, and the previous ones are not."""
    assert post(app, to("sim-read"))["statusCode"] == 202
    hold(OF_APPLICATION)
    app.outside.now = lambda: NOW * 1000  # when the token was made, however long ago that is in a long run
    later(app.outside.messages_secret, 20)
    assert post(app, to("sim-read"), authorization=signed())["statusCode"] == 202
    assert post(app, to("sim-read"))["statusCode"] == 401
