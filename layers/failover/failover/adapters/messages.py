"""The Messages API: one request, and what can be known from its answer.

Each request has a new connection: on one kept alive, a reset would not tell whether the request was read, and such a
message could never be sent again.
"""

import base64
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import simplejson

from failover.adapters import aws
from failover.adapters.deadline_post import NoAnswer, NotSent, Response, post
from failover.adapters.secrets import Secret
from failover.rules import lenient_json
from failover.rules.answers import Accepted, Answer, NotTaken, Refused, Unknown
from failover.rules.backoff import CONNECT_SECONDS, READ_SECONDS
from failover.rules.message_uuid import message_uuid
from failover.rules.refusals import refused

_LONGEST_ANSWER = 64 * 1024


class MessagesApi:
    def __init__(self, url: str, version: str, credentials: Secret, clock: Callable[[], float] = time.time) -> None:
        """`url`: scheme, host and, for a sandbox, base path; `version`: `v1` or `v0.1`."""
        self._url = f"{url}/{version}/messages"
        self._credentials = credentials
        self._clock = clock

    def prepare(self, body: dict[str, Any]) -> "Request":
        """Everything about the request that can fail, before its step is claimed.

        Raises `aws.Unavailable`; RuntimeError for a secret or a body that cannot be used.
        """
        try:
            raw = simplejson.dumps(body, use_decimal=True).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise RuntimeError(f"the body cannot be encoded: {type(error).__name__}") from None
        return Request(self._url, raw, self._credentials, self._clock)


class Request:
    """One message, ready to be sent."""

    def __init__(self, url: str, raw: bytes, credentials: Secret, clock: Callable[[], float]) -> None:
        """Reads the credentials. Raises as `MessagesApi.prepare`."""
        self._url = url
        self._raw = raw
        self._credentials = credentials
        self._clock = clock
        self._authorization = _basic(credentials)

    def send(self) -> Answer:
        """Ask for the message; a second time only if the credentials were refused and have changed.

        All of it is over after CONNECT_SECONDS + READ_SECONDS (`rules.backoff`): a second request gets the time that is
        left. Reading the credentials again may take longer, and then no second request is made.
        """
        ends = time.monotonic() + CONNECT_SECONDS + READ_SECONDS
        answer = self._ask(CONNECT_SECONDS, READ_SECONDS)
        if isinstance(answer, Refused) and answer.of_credentials and self._refreshed():
            left = ends - time.monotonic()
            if left > CONNECT_SECONDS:
                answer = self._ask(CONNECT_SECONDS, left - CONNECT_SECONDS)
        return answer

    def _refreshed(self) -> bool:
        try:
            if not self._credentials.refreshed():
                return False
            self._authorization = _basic(self._credentials)
        except (aws.Unavailable, RuntimeError):
            return False  # the answer there is must not get lost
        return True

    def _ask(self, connect_seconds: float, response_seconds: float) -> Answer:
        outcome = post(
            self._url,
            self._raw,
            {"Content-Type": "application/json", "Accept": "application/json", "Authorization": self._authorization},
            connect_seconds=connect_seconds,
            response_seconds=response_seconds,
            longest_body=_LONGEST_ANSWER,
        )
        match outcome:
            case Response():
                return self._understood(outcome)
            case NotSent(fault):
                return NotTaken(fault.value)
            case NoAnswer(fault):
                return Unknown(fault.value)

    def _understood(self, response: Response) -> Answer:
        status = response.status
        if status in (429, 503):
            return NotTaken(f"HTTP {status}", self._retry_after(response.headers.get("Retry-After")))
        if status >= 500 or status == 408:
            return Unknown(f"HTTP {status}")
        answer = _parsed(response.body)
        if not 200 <= status < 300:
            return refused(status, answer)
        if isinstance(answer, dict) and (uuid := message_uuid(answer.get("message_uuid"))) is not None:
            return Accepted(uuid)
        return Unknown(f"HTTP {status} without a message_uuid")

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


def _basic(credentials: Secret) -> str:
    """The Authorization header. Raises `aws.Unavailable`, RuntimeError."""
    secret = credentials.value()
    if not {"api_key", "api_secret"} <= secret.keys():
        raise RuntimeError("the secret of the Messages API lacks api_key or api_secret")
    return "Basic " + base64.b64encode(f"{secret['api_key']}:{secret['api_secret']}".encode()).decode()


def _parsed(raw: bytes | None) -> Any:
    """The answer's JSON, or None: too long, cut off or not JSON all say nothing."""
    try:
        return lenient_json.parse(raw or b"")
    except lenient_json.UnreadableJson:
        return None
