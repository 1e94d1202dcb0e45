"""The other half of the sandbox: sends each scheduled callback, as the vendor would."""

import json
import time
import uuid
from typing import Any

import jwt

from failover.adapters.deadline_post import Response, post
from failover.observability import logger
from failover.outside import Outside
from failover.rules.receipts.callback_signature import digest
from failover.rules.timing.instants import iso
from keeping import Kept
from messages_contract import callback, understood
from recipients import ERRORS, script_of
from scheduling import Due, UnknownMessage, read

outside = Outside().ready("signature_secret")
kept = Kept()


class CallbackNotAccepted(Exception):
    """The callback was not answered 2xx; the queue brings it again."""


class NotRecorded(Exception):
    """The status reported by hand is not recorded yet, or never will be; the queue brings the message again."""


_PAUSES = (0.2, 0.3, 0.5, 1.0)
"""Seconds between the looks for a report."""
_WRITER_ENDED = 30_000
"""Milliseconds after which the function that queued a message has ended: its timeout is 28 seconds."""


def handler(event: dict[str, Any], context: Any) -> None:
    for record in event["Records"]:
        try:
            url, body = _recorded_callback(read(record["body"]))
        except UnknownMessage:
            logger.warning("sandbox: queue message unreadable")
            continue
        except NotRecorded:
            if outside.now() - int(record["attributes"]["SentTimestamp"]) < _WRITER_ENDED:
                raise
            logger.warning("sandbox: callback dropped: its status was not recorded")
            continue
        _post(url, {**body, "timestamp": iso(outside.now())})


def _recorded_callback(due: Due) -> tuple[str, dict[str, Any]]:
    """As `callback_of`, but waits up to two seconds for the report: it is recorded just after it is queued."""
    for pause in _PAUSES:
        try:
            return callback_of(due)
        except NotRecorded:
            outside.sleep(pause)
    return callback_of(due)


def callback_of(due: Due) -> tuple[str, dict[str, Any]]:
    """(URL, body) of a callback, from the kept request, its recipient's script and what was reported by hand.

    Raises UnknownMessage if the message was not kept, or its script does not report this status. Raises NotRecorded if
    it was not reported by hand.
    """
    message = kept.find(due.key, outside.now())
    if message is None:
        raise UnknownMessage
    sent = understood(message.version, message.body)
    script = script_of(sent.recipient)
    if due.report is not None:
        if (due.report, due.status) not in {(one.id, one.status) for one in message.reports}:
            raise NotRecorded
    elif script is None or due.status not in {reported for _, reported in script.receipts}:
        raise UnknownMessage
    return message.callback_url, callback(sent, due.key.message_uuid, due.status, ERRORS.get(due.status))


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
