"""API Gateway changes no bytes, in either direction (docs/reliability.md, F40)."""

import gzip
import json
import time

import jwt
import pytest

from failover.rules.receipts.callback_signature import digest
from local import stack
from tests.examples import SMS, request

SILENT = {**SMS, "to": {"type": "sms", "number": "447700900004"}}


def test_a_request_that_is_not_utf_8(deployed):
    """A request in Latin-1 is refused: a recipient must not get a text that the sender did not write."""
    raw = json.dumps(request(SILENT)).replace("Hello", "caf@").encode().replace(b"@", b"\xe9")
    answer = deployed.call("POST", "/beta/workflows", data=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "not UTF-8" in answer.json()["detail"]


def test_a_request_in_utf_8(deployed):
    """A text in any script is sent unchanged."""
    text = "Zoë 注文 \U0001f642"
    workflow_id = deployed.post({**SILENT, "message": {"content": {"type": "text", "text": text}}})
    deployed.when(workflow_id, lambda workflow: workflow["steps"][0]["state"] == "sent")
    assert [body["text"] for body in deployed.messages(workflow_id)] == [text]


def test_a_callback_that_is_not_utf_8(deployed):
    """A genuine callback is recorded although an unneeded field holds invalid UTF-8."""
    workflow_id = deployed.post(SILENT)
    message = deployed.when(workflow_id, lambda workflow: workflow["steps"][0]["state"] == "sent")["steps"][0]
    fields = {"message_uuid": message["message_uuid"], "client_ref": f"{workflow_id}.0", "status": "delivered"}
    raw = json.dumps({**fields, "note": "@"}).encode().replace(b"@", b"\xff\xfe")
    secret = stack.secret(deployed.place, "SignatureSecret")["signature_secret"]
    claims = {"iat": int(time.time()), "payload_hash": digest(raw)}
    token = jwt.encode(claims, secret, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = deployed.call("POST", "/beta/webhooks/message-status", data=raw, headers=headers)
    assert answer.status_code == 200
    assert deployed.over(workflow_id)["status"] == "completed"


def test_another_charset(deployed):
    """A request declared as Latin-1 is refused with the reason."""
    raw = json.dumps(request(SILENT)).encode()
    headers = {"Content-Type": "application/json; charset=iso-8859-1"}
    answer = deployed.call("POST", "/beta/workflows", data=raw, headers=headers)
    assert answer.status_code == 415
    assert "charset" in answer.json()["detail"]


def test_a_compressed_request(deployed):
    """A compressed request arrives unchanged, and is refused with the reason."""
    raw = gzip.compress(json.dumps(request(SILENT)).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = deployed.call("POST", "/beta/workflows", data=raw, headers=headers)
    assert answer.status_code == 415
    assert "compressed" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["docs", "openapi.json"])
def test_a_compressed_page(deployed, path):
    """A compressed page arrives as valid gzip with the same text as for a client without gzip."""
    url = f"/beta/{path}"
    bare = deployed.call("GET", url, headers={"Accept-Encoding": "gzip;q=0"})
    compressed = deployed.call("GET", url, headers={"Accept-Encoding": "gzip"}, stream=True)
    raw = compressed.raw.read(decode_content=False)
    assert "Content-Encoding" not in bare.headers
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert len(raw) < 500_000
    assert gzip.decompress(raw) == bare.content
    known = deployed.call("GET", url, headers={"If-None-Match": compressed.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")
    head = deployed.call("HEAD", url)
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", known.headers["ETag"])
