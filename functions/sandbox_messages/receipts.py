"""The other half of the sandbox: sends each scheduled callback, as the vendor would."""

import json
import time
import uuid
from typing import Any

import jwt

from failover.adapters.deadline_post import Response, post
from failover.observability import logger
from failover.outside import Outside
from failover.rules.channels.statuses import FAILURES
from failover.rules.receipts.callback_signature import digest
from failover.rules.timing.instants import iso
from keeping import Kept, Key, UnknownMessage, read
from messages_contract import callback, understood
from recipients import script_of

outside = Outside()
kept = Kept()


class CallbackNotAccepted(Exception):
    """The callback was not answered 2xx; the queue brings it again."""


def handler(event: dict[str, Any], context: Any) -> None:
    for record in event["Records"]:
        try:
            url, body = callback_of(*read(record["body"]))
        except UnknownMessage:
            logger.warning("sandbox: queue message unreadable")
            continue
        _post(url, {**body, "timestamp": iso(outside.now())})


def callback_of(key: Key, status: str) -> tuple[str, dict[str, Any]]:
    """(URL, body) of a callback, from the kept request and its recipient's script alone.

    Raises UnknownMessage if the message was not kept, or its script does not report this status.
    """
    found = kept.find(key, outside.now())
    if found is None:
        raise UnknownMessage
    version, request, url = found
    sent = understood(version, request)
    script = script_of(sent.recipient)
    if script is None or status not in {reported for _, reported in script.receipts}:
        raise UnknownMessage
    return url, callback(sent, key.message_uuid, status, script.error if status in FAILURES else None)


def _post(url: str, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    claims = {"iat": int(time.time()), "jti": str(uuid.uuid4()), "iss": "Vonage", "payload_hash": digest(raw)}
    token = jwt.encode(claims, outside.signature_secret.value()["signature_secret"], algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    began = time.monotonic()
    answer = post(url, raw, headers, connect_seconds=3, response_seconds=12, longest_body=0)
    if not isinstance(answer, Response):
        raise CallbackNotAccepted(answer.fault)
    milliseconds = round((time.monotonic() - began) * 1000)
    logger.info("sandbox: callback sent", status=body["status"], answer=answer.status, milliseconds=milliseconds)
    if not 200 <= answer.status < 300:
        raise CallbackNotAccepted(f"HTTP {answer.status}")
