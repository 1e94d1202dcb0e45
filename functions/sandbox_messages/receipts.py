"""The other half of the sandbox: sends each receipt, when its time has come, as the vendor would."""

import json
import time
import uuid
from typing import Any

import jwt

from failover.adapters.deadline_post import Response, post
from failover.observability import logger
from failover.outside import Outside
from failover.rules.presentation import iso
from failover.rules.signature import digest

outside = Outside()


class NotTaken(Exception):
    """The webhook did not answer 2xx; the queue brings the receipt again."""


def handler(event: dict[str, Any], context: Any) -> None:
    for record in event["Records"]:
        receipt = json.loads(record["body"])
        _post(receipt["webhook_url"], {**receipt["body"], "timestamp": iso(outside.now())})


def _post(url: str, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    claims = {"iat": int(time.time()), "jti": str(uuid.uuid4()), "iss": "Vonage", "payload_hash": digest(raw)}
    token = jwt.encode(claims, outside.signature_secret.value()["signature_secret"], algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    began = time.monotonic()
    answer = post(url, raw, headers, connect_seconds=3, response_seconds=12, longest_body=0)
    if not isinstance(answer, Response):
        raise NotTaken(answer.fault)
    milliseconds = round((time.monotonic() - began) * 1000)
    logger.info("receipt played", status=body["status"], answer=answer.status, milliseconds=milliseconds)
    if not 200 <= answer.status < 300:
        raise NotTaken(f"HTTP {answer.status}")
