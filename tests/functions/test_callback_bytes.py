"""No genuine callback is lost over bytes that its status does not depend on (F40)."""

import gzip
import json

import boto3
import pytest

from failover.rules.receipts.callback_signature import digest
from failover.use_cases.requests.body import MAX_CALLBACK_BYTES
from tests.examples import ID
from tests.functions.conftest import UUID, callback
from tests.world import body_of, callback_event

SPOILT = {
    "half a surrogate pair": (b'"detail": "no such', rb'"detail": "no \ud83d such'),
    "half a pair in a name": (b'"detail"', rb'"x\udc00": 1, "detail"'),
    "NUL": (b'"detail": "no such', rb'"detail": "no \u0000 such'),
    "a bare control character": (b'"detail": "no such', b'"detail": "no \n\x01 such'),
    "not UTF-8": (b'"detail": "no such', b'"detail": "no \xff\xfe such'),
    "a key twice": (b'"detail"', b'"detail": "not this", "detail"'),
    "a status twice": (b'"status"', b'"status": "undeliverable", "status"'),
    "NaN": (b'"detail"', b'"x": NaN, "y": -Infinity, "detail"'),
    "an integer of 5,000 digits": (b'"detail"', b'"x": ' + b"9" * 5000 + b', "detail"'),
    "an exponent beyond all bounds": (b'"detail"', b'"x": 1e99999999999999999999, "detail"'),
    "33 levels": (b'"detail"', b'"x": ' + b"[" * 33 + b"]" * 33 + b', "detail"'),
    "a byte order mark": (b'{"message_uuid"', b'\xef\xbb\xbf{"message_uuid"'),
    "a party without end": (b'"to": "sim-unread"', b'"to": ' + b'{"id":' * 100 + b'"x"' + b"}" * 100),
}


@pytest.mark.parametrize("change", SPOILT.values(), ids=SPOILT.keys())
def test_read_all_the_same(world, callbacks, racing, signals, output, change):
    """Lone surrogates, NUL, a BOM, deep values, duplicate keys, NaN: the status counts, and its reason is kept."""
    raw = json.dumps(callback("rejected", error={"title": "1300", "detail": "no such thing"})).encode()
    assert change[0] in raw
    assert callbacks.handler(callback_event(raw.replace(*change)), None)["statusCode"] == 200
    entry = next(entry for entry in world.read(ID).timeline if entry["event"] == "status")
    assert entry["status"] == "rejected"
    assert entry["error"]["code"] == 1300
    assert "such thing" in entry["error"]["reason"]
    assert "UnreadableReceipts" not in output()
    assert signals == [("token", "Rejected")]


@pytest.mark.parametrize("field", ["message_uuid", "client_ref"])
def test_ids_are_stored_as_text(world, callbacks, racing, signals, field):
    """An id of any characters is looked up in the table without a failure."""
    raw = json.dumps({**callback("read"), "message_uuid": "x", "client_ref": f"{ID}.0"} | {field: "\ud800\x00"})
    assert callbacks.handler(callback_event(raw.encode()), None)["statusCode"] == 200
    item = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "state"}}
    assert boto3.client("dynamodb").get_item(TableName=world.table, Key=item)["Item"]


@pytest.mark.parametrize("price", ["0.30000000000000004", "NaN", "Infinity", '"0.1"', "1e-400"])
def test_price(world, callbacks, racing, signals, price):
    """A price that is not a finite number is ignored, and the status still counts."""
    raw = json.dumps(callback("read", usage={"currency": "EUR", "price": 7})).replace("7}", f"{price}}}")
    assert callbacks.handler(callback_event(raw.encode()), None)["statusCode"] == 200
    usage = world.read(ID).timeline[-2].get("usage", {})
    expected = {"0.30000000000000004": "0.30000000000000004", '"0.1"': "0.1", "1e-400": "0." + "0" * 20}
    assert usage.get("price") == expected.get(price)


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b'{"status":"gone"}', b"[" * 100_000, b'{"status":"read"}'])
def test_unreadable(world, callbacks, racing, output, raw):
    """A callback that cannot be read is answered 400, counted, and changes nothing."""
    before = world.items()
    assert callbacks.handler(callback_event(raw), None)["statusCode"] == 400
    assert output().count('"UnreadableReceipts":[1.0]') == 1
    assert world.items() == before


@pytest.mark.parametrize("authorization", [None, "", "Bearer x"])
def test_too_long(callbacks, racing, output, authorization):
    """The length is checked before anything else, and counted."""
    raw = b" " * (MAX_CALLBACK_BYTES + 1)
    assert callbacks.handler(callback_event(raw, authorization=authorization), None)["statusCode"] == 413
    assert output().count('"UnreadableReceipts":[1.0]') == 1


def test_long(world, callbacks, racing, signals):
    """A callback of one mebibyte is read, with a reason and parties of any length."""
    party = "p" * (MAX_CALLBACK_BYTES // 4)
    body = callback("rejected", to=party, error={"title": "1300", "detail": f"for {party}"})
    raw = json.dumps(body).encode()
    raw += b" " * (MAX_CALLBACK_BYTES - len(raw))
    assert callbacks.handler(callback_event(raw), None)["statusCode"] == 200
    assert world.read(ID).timeline[-2]["error"] == {"code": 1300, "reason": "for …"}


@pytest.mark.parametrize("claim", ["\ud800", "é", 7, None, ["x"], "x" * 100_000])
def test_any_payload_hash(callbacks, racing, output, claim):
    """A `payload_hash` claim that is not a hash is answered 401, even with the right secret."""
    answer = callbacks.handler(callback_event(callback("read"), payload_hash=claim), None)
    assert answer["statusCode"] == 401
    assert body_of(answer)["type"].endswith("#invalid-signature")
    assert "UnexpectedFailures" not in output()


SPACED = b'{"client_ref" : "%s.0",\r\n"status":"read", "note": "\xff" }\n' % ID.encode()


def test_hash_of_the_bytes(world, callbacks, racing, signals):
    """`payload_hash` covers the raw bytes, including blanks, line ends and bytes that are not text."""
    assert callbacks.handler(callback_event(SPACED), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"


@pytest.mark.parametrize(
    "hashed",
    [SPACED.decode(errors="replace").encode(), SPACED.strip(), SPACED + b" ", b""],
    ids=["replaced", "stripped", "longer", "empty"],
)
def test_hash_of_something_else(world, callbacks, racing, hashed):
    """A hash over different bytes that read the same is refused."""
    before = world.items()
    assert callbacks.handler(callback_event(SPACED, payload_hash=digest(hashed)), None)["statusCode"] == 401
    assert world.items() == before


def test_compressed(world, callbacks, racing, output):
    """A callback is never decompressed: its hash is over the bytes racing, which then are not JSON."""
    event = callback_event(gzip.compress(SPACED))
    event["headers"]["Content-Encoding"] = "gzip"
    assert callbacks.handler(event, None)["statusCode"] == 400
    assert output().count('"UnreadableReceipts":[1.0]') == 1


def test_known_message(world, callbacks, racing, signals):
    """The lenient rules also hold for callbacks matched by `message_uuid`."""
    raw = json.dumps({"message_uuid": UUID, "status": "read", "note": "\ud83d"}).encode()
    assert callbacks.handler(callback_event(raw), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"
