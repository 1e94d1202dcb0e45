"""A signed status callback is accepted, a forged one refused. Both name a workflow that does not exist.

`use_cases.receipts.receive` checks the signature first, then looks for the workflow, and writes only to one it finds.
"""

import json
import secrets
import time
import uuid
from collections.abc import Iterator
from typing import Any

import jwt
import requests

from failover.rules.receipts.callback_signature import digest
from failover.rules.sending.client_ref import client_ref
from ops.deployed import Deployed
from ops.http import call
from ops.report import Finding, failure, ok

AROUND = 10
"""Genuine callbacks before and after the forged one: the alarm `receipts-forged` rings for more than a tenth."""


def callbacks(stack: Deployed, url: str) -> Iterator[Finding]:
    try:
        secret = stack.secret("SignatureSecret").get("signature_secret")
    except ValueError:
        secret = None
    if not isinstance(secret, str) or not secret:
        yield failure("signed callback", "there is no signature secret to sign with: store the vendor's")
        return
    address = f"{url}/webhooks/message-status"
    try:
        answers = {posted(address, secret) for _ in range(AROUND)}
        forged = posted(address, secrets.token_urlsafe(32))
        answers |= {posted(address, secret) for _ in range(AROUND)}
    except requests.RequestException as error:
        yield failure("signed callback", f"{address} does not answer ({type(error).__name__})")
        return
    yield of_signed(answers)
    yield of_forged(forged)


def of_signed(statuses: set[int]) -> Finding:
    if statuses == {200}:
        return ok("signed callback", "accepted; it named no workflow of this stack, and changed nothing")
    found = ", ".join(map(str, sorted(statuses - {200})))
    return failure("signed callback", f"answered {found}: statuses get lost; see the logs of message_status")


def of_forged(status: int) -> Finding:
    if status == 401:
        return ok("forged callback", "refused")
    return failure("forged callback", f"answered {status}, not 401: see the logs of message_status")


def posted(address: str, secret: str) -> int:
    """Post one callback, signed with a secret. Returns the HTTP status."""
    raw = json.dumps(harmless()).encode()
    claims = {"iat": int(time.time()), "jti": str(uuid.uuid4()), "iss": "Vonage", "payload_hash": digest(raw)}
    token = jwt.encode(claims, secret, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return call("POST", address, data=raw, headers=headers).status_code


def harmless() -> dict[str, Any]:
    """A status of a message of a new workflow id, so of no workflow."""
    return {
        "message_uuid": str(uuid.uuid4()),
        "client_ref": client_ref(str(uuid.uuid4()), 0),
        "status": "submitted",
        "channel": "sms",
    }
