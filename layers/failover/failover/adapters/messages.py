"""The Messages API: one request, and what can be known from its answer.

A new connection for each request, on purpose: on one kept alive, a reset tells nothing about whether the request
was read, and such a message could never be sent again.
"""

import json
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import simplejson
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from failover.adapters import aws
from failover.adapters.secrets import Secret
from failover.rules.answers import Accepted, Answer, NotTaken, Refused, Unknown
from failover.rules.backoff import CONNECT_SECONDS, READ_SECONDS
from failover.rules.redaction import redacted

_LONGEST_ANSWER = 64 * 1024


class MessagesApi:
    def __init__(self, url: str, version: str, credentials: Secret, clock: Callable[[], float] = time.time) -> None:
        """`url`: scheme, host and, for a sandbox, base path; `version`: `v1` or `v0.1`."""
        self._url = f"{url}/{version}/messages"
        self._credentials = credentials
        self._clock = clock
        self._basic = ("", "")

    def prepare(self) -> None:
        """Get the credentials, before anything is promised. Raises `aws.Unavailable`, RuntimeError."""
        secret = self._credentials.value()
        if not {"api_key", "api_secret"} <= secret.keys():
            raise RuntimeError("the secret of the Messages API lacks api_key or api_secret")
        self._basic = secret["api_key"], secret["api_secret"]

    def send(self, body: dict[str, Any]) -> Answer:
        """Ask for one message to be sent; a second time only if the credentials were refused and have changed."""
        answer = self._ask(body)
        if isinstance(answer, Refused) and answer.of_credentials and self._refreshed():
            answer = self._ask(body)
        return answer

    def _refreshed(self) -> bool:
        try:
            if not self._credentials.refreshed():
                return False
            self.prepare()
        except (aws.Unavailable, RuntimeError):
            return False  # the answer there is must not get lost
        return True

    def _ask(self, body: dict[str, Any]) -> Answer:
        try:
            with requests.post(
                self._url,
                data=simplejson.dumps(body, use_decimal=True).encode(),
                headers={"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"},
                auth=self._basic,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._understood(response)
        except requests.RequestException as error:
            return _broken_off(error)
        except (ValueError, HTTPError, OSError) as error:  # requests lets a few of its foundations' errors through
            return Unknown(type(error).__name__)

    def _understood(self, response: requests.Response) -> Answer:
        status = response.status_code
        if status in (429, 503):
            return NotTaken(f"HTTP {status}", self._retry_after(response.headers.get("Retry-After")))
        if status >= 500 or status == 408:
            return Unknown(f"HTTP {status}")
        answer = self._json(response)
        if not 200 <= status < 300:
            return Refused(status, _refusal(status, answer))
        message_uuid = answer.get("message_uuid")
        if isinstance(message_uuid, str) and 0 < len(message_uuid) <= 100:
            return Accepted(message_uuid)
        return Unknown(f"HTTP {status} without a message_uuid")

    def _json(self, response: requests.Response) -> dict[str, Any]:
        """The answer's object, or an empty one: too long, too slow, cut off or not JSON all say nothing."""
        deadline = self._clock() + READ_SECONDS
        raw = b""
        try:
            for chunk in response.iter_content(4096):
                raw += chunk
                if len(raw) > _LONGEST_ANSWER or self._clock() > deadline:
                    return {}
            answer = json.loads(raw)
        except (requests.RequestException, ValueError, RecursionError):
            return {}
        return answer if isinstance(answer, dict) else {}

    def _retry_after(self, header: str | None) -> float | None:
        """Seconds, from either form of RFC 9110, 10.2.3."""
        if header is None:
            return None
        try:
            return max(0.0, float(int(header)))
        except (ValueError, OverflowError):
            pass
        try:
            return max(0.0, parsedate_to_datetime(header).timestamp() - self._clock())
        except (ValueError, OverflowError):
            return None


def _broken_off(error: requests.RequestException) -> Answer:
    """Before the request could leave, it was not taken; after that, nobody knows."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, NewConnectionError):  # NameResolutionError is one of these, and these are time-outs too
        return NotTaken("no connection")
    if isinstance(error, requests.ConnectTimeout) or isinstance(cause, ConnectTimeoutError):
        return NotTaken("connect timeout")
    if cause is not None and any(isinstance(part, ssl.SSLCertVerificationError) for part in cause.args):
        return NotTaken("certificate not trusted")
    if isinstance(error, requests.ReadTimeout):
        return Unknown("read timeout")
    return Unknown("connection lost")


def _refusal(status: int, answer: dict[str, Any]) -> str:
    """`422 Invalid params (to: not a number)`: what the Messages API said, free of addresses."""
    words = str(answer.get("title") or answer.get("detail") or "")
    parameters = answer.get("invalid_parameters")
    if isinstance(parameters, dict):
        parameters = [parameters]
    if isinstance(parameters, list):
        named = [f"{p.get('name', '')}: {p.get('reason', '')}" for p in parameters[:5] if isinstance(p, dict)]
        words = f"{words} ({'; '.join(named)})" if named else words
    return redacted(f"{status} {words}")
