"""Bodies at their limits and malicious bodies, at every function that reads one (F21, F22)."""

import base64
import json
import time

import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.use_cases.requests.body import MAX_BYTES, MAX_CALLBACK_BYTES
from tests.examples import ID, SMS, WHATSAPP, changed, request, workflow
from tests.functions.conftest import REPORT, ended
from tests.world import body_of, callback_event, http_event, load

FOUR_BYTES = "\U0001f44d"
LONGEST_SMS = next(one.kind.most for one in CHANNELS["sms"].contents if one.name == "text")


@pytest.fixture
def post(world, app):
    """Post raw bytes, plain or as base64; `query` has API Gateway's form."""

    def post(raw, query=None, encoded=False):
        event = http_event("POST", "/workflows", "", Authorization=world.basic, Content_Type="application/json")
        text = base64.b64encode(raw).decode() if encoded else raw.decode()
        event |= {"body": text, "isBase64Encoded": encoded, "queryStringParameters": query}
        return app.handler(event, None)["statusCode"]

    return post


@pytest.fixture
def receive(world):
    """Post a callback, signed correctly over its bytes."""
    function = load("message_status")
    return lambda raw: function.handler(callback_event(raw), None)["statusCode"]


def padded(document, length, character=" "):
    """A document as JSON, padded with an unread field or blanks to exactly `length` bytes."""
    width = len(character.encode())
    raw = json.dumps({**document, "padding": ""}).encode()
    filling = (length - len(raw)) // width
    raw = json.dumps({**document, "padding": character * filling}, ensure_ascii=False).encode()
    return raw + b" " * (length - len(raw))


@pytest.mark.parametrize("character", ["a", FOUR_BYTES])
@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("query", [None, {"dry_run": "true"}])
def test_requests(world, post, character, encoded, query):
    """Bytes count, not characters: 64 KB are read, one byte more is answered 413, and nothing is written."""
    longest, longer = (padded(request(SMS), MAX_BYTES + more, character) for more in (0, 1))
    assert (len(longest), len(longer)) == (MAX_BYTES, MAX_BYTES + 1)
    assert post(longer, query, encoded) == 413
    assert not world.items()
    assert post(longest, query, encoded) == (200 if query else 202)


@pytest.mark.parametrize("character", ["a", FOUR_BYTES])
def test_callbacks(world, receive, character):
    """A callback may have one mebibyte and no more, even if it is signed."""
    world.put(workflow("sms"), [SMS])
    items = world.items()
    document = {"client_ref": f"{ID}.0", "status": "delivered"}
    assert receive(padded(document, MAX_CALLBACK_BYTES + 1, character)) == 413
    assert receive(padded(document, 4 * MAX_CALLBACK_BYTES, character)) == 413
    assert world.items() == items
    assert receive(padded(document, MAX_CALLBACK_BYTES, character)) == 200


def test_unread_bodies(world, call):
    """A route that takes no body ignores one."""
    ended(world)
    raw = b"[" * (2 * MAX_BYTES)
    assert call("GET", f"/workflows/{ID}", raw)["statusCode"] == 200
    assert call("POST", f"/workflows/{ID}/cancel", raw)["statusCode"] == 409
    assert call("POST", f"/workflows/{ID}/webhooks/{REPORT}/redeliver", raw)["statusCode"] == 409


HOSTILE = {
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep within the limit": b'{"workflow":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "unclosed": b'{"a":' * 10_000,
    "many steps": json.dumps({"template": "failover", "workflow": [{}] * 10_000}).encode(),
    "many full steps": json.dumps(request(*[SMS] * 300)).encode(),
    "many faults": json.dumps(request(*[{**SMS, **{f"f{n}": n for n in range(600)}}] * 10)).encode()[:MAX_BYTES],
    "many unknown fields": json.dumps({**request({**SMS, **{f"f{n}": n for n in range(4000)}})}).encode(),
    "many keys": json.dumps({str(n): n for n in range(6000)}).encode(),
    "a megabyte": json.dumps(request(changed(SMS, "message.content.text", "a" * 1_000_000))).encode(),
    "a long text": json.dumps(request(changed(SMS, "message.content.text", "a" * 60_000))).encode(),
    "a long name": json.dumps({**request(SMS), "workflow": [{**SMS, "a" * 60_000: 1}]}).encode(),
    "NaN": b'{"template":NaN}',
    "1e400": b'{"template":"failover","workflow":[{"failover":{"expiry_time":1e400}}]}',
    "an exponent": b'{"template":1e999999999999}',
    "a long integer": b'{"template":' + b"9" * 60_000 + b"}",
    "duplicate keys": b'{"template":"failover","template":"failover","workflow":[]}',
    "half a surrogate pair": b'{"template":"\\ud800"}',
    "NUL": b'{"template":"\\u0000"}',
    "backslashes": b'{"template":"' + b"\\\\" * 30_000 + b'"}',
    "an open string": b'{"template":"' + b'\\"' * 30_000,
    "commas": b"[" + b"," * 60_000 + b"]",
    "only blanks": b" " * 60_000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_harmless(world, app, receive, raw):
    """Every function refuses each body at once, in an answer that Lambda can return, and writes nothing."""
    event = http_event("POST", "/workflows", raw, Authorization=world.basic, Content_Type="application/json")
    began = time.process_time()
    answer = app.handler(event, None)
    assert receive(raw) in (400, 413)
    assert time.process_time() - began < 5
    assert answer["statusCode"] in (400, 413)
    assert len(answer["body"].encode()) < 1_000_000
    assert not world.items()


@pytest.mark.parametrize("faults", [100, 101, 32_000])
def test_at_most_a_hundred_faults(call, faults):
    """An answer lists at most a hundred faults and gives their total and the number left out."""
    body = request(changed(WHATSAPP, "message.content.template.parameters", [1] * faults))
    answer = call("POST", "/workflows", json.dumps(body, separators=(",", ":")).encode())
    problem = body_of(answer)
    assert answer["statusCode"] == 400
    assert len(answer["body"]) < 20_000
    assert problem["invalid_parameters"][99]["name"].startswith("workflow[0].message.content.template.parameters[")
    assert len(problem["invalid_parameters"]) == 100
    assert f" {faults} of" in problem["detail"]
    assert problem.get("omitted_parameters", 0) == faults - 100


@pytest.mark.parametrize(
    "text", ["שלום \u202eabc", "👨\u200d👩\u200d👧", "e\u0301", "\ufeff", "\x7f", "a" + FOUR_BYTES * (LONGEST_SMS - 1)]
)
def test_exact(world, call, messages, text):
    """A valid text is sent unchanged: right to left, joined, combined, at its limit in characters."""
    answer = call("POST", "/workflows", request(changed(SMS, "message.content.text", text)))
    (workflow_id,) = body_of(answer).values()
    load("send_sms").handler({"workflow": workflow_id, "step": 0}, None)
    assert messages.requests[0].body["text"] == text
