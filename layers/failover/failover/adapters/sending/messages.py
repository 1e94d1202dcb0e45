"""The Messages API: one request, and what its answer proves (docs/adr/0004-no-second-request.md).

Each request has its own connection. On a kept-alive one, a reset does not show whether the request was read, so the
message could never be retried.
"""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import simplejson

from failover.adapters.deadline_post import NoAnswer, NotSent, Response, post
from failover.adapters.secrets import Secret
from failover.errors import Failure, Invalid
from failover.rules.formats import lenient_json
from failover.rules.receipts.message_uuid import message_uuid
from failover.rules.sending import vendor_credentials
from failover.rules.sending.answers import Accepted, Answer, NotTaken, Refused, Unknown
from failover.rules.sending.refusals import refused
from failover.rules.sending.vendor_credentials import Account, Credentials
from failover.rules.timing.timeouts import CONNECT_SECONDS, READ_SECONDS

_LONGEST_ANSWER = 64 * 1024


class UnusableBody(Invalid):
    """The message holds something that JSON cannot."""


class MessagesApi:
    def __init__(self, url: str, version: str, secret: Secret, clock: Callable[[], float] = time.time) -> None:
        """`url`: scheme, host and, for a sandbox, base path; `version`: `v1` or `v0.1`."""
        self._url = f"{url}/{version}/messages"
        self._secret = secret
        self._clock = clock

    def prepare(self, body: dict[str, Any]) -> "Request":
        """Do everything about the request that can fail, before its step is claimed.

        Raises UnusableBody, UnusableCredentials, UnusableSecret, `aws.Unavailable` and `aws.AwsError`.
        """
        try:
            raw = simplejson.dumps(body, use_decimal=True).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise UnusableBody(f"the body cannot be encoded: {type(error).__name__}") from None
        return Request(self._url, raw, self._secret, self._clock)


class Request:
    """One message, ready to be sent."""

    def __init__(self, url: str, raw: bytes, secret: Secret, clock: Callable[[], float]) -> None:
        """Read the credentials and sign with them. Raises as `MessagesApi.prepare`."""
        self._url = url
        self._raw = raw
        self._secret = secret
        self._clock = clock
        self._authorize()

    def send(self) -> Answer:
        """Send the message. A second request follows only if the credentials were refused and have changed.

        Both requests together take at most CONNECT_SECONDS + READ_SECONDS (`rules.sending.backoff`). If reading the
        credentials again takes longer, no second request is made.
        """
        ends = time.monotonic() + CONNECT_SECONDS + READ_SECONDS
        answer = self._ask(CONNECT_SECONDS, READ_SECONDS)
        if isinstance(answer, Refused) and answer.of_credentials and self._refreshed():
            left = ends - time.monotonic()
            if left > CONNECT_SECONDS:
                answer = self._ask(CONNECT_SECONDS, left - CONNECT_SECONDS)
        return answer

    def _authorize(self) -> None:
        """Read the credentials and make the header of the next request."""
        credentials = vendor_credentials.read(self._secret.value())
        self._next_authorization: str | None = self._header(credentials)
        self._credentials = credentials

    def _header(self, credentials: Credentials) -> str:
        if isinstance(credentials, Account):
            return credentials.authorization
        from failover.adapters.sending import (
            application_signature,  # cryptography is slow to import, and Basic needs none
        )

        return application_signature.authorization(credentials, self._clock())

    def _authorization(self) -> str:
        """The header, with a new token for each request. The first was made before the step was claimed.

        Later ones are signed with the same key, which has worked before, so nothing in here can fail after the claim.
        """
        header = self._next_authorization or self._header(self._credentials)
        self._next_authorization = None
        return header

    def _refreshed(self) -> bool:
        try:
            if not self._secret.refreshed():
                return False
            self._authorize()
        except Failure:
            return False  # the answer we have must not get lost
        return True

    def _ask(self, connect_seconds: float, response_seconds: float) -> Answer:
        outcome = post(
            self._url,
            self._raw,
            {"Content-Type": "application/json", "Accept": "application/json", "Authorization": self._authorization()},
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
            retry_after = self._retry_after(response.headers.get("Retry-After"))
            return NotTaken(f"HTTP {status}", retry_after, throttled=status == 429 or retry_after is not None)
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


def _parsed(raw: bytes | None) -> Any:
    """The answer's JSON. Returns None if it is too long, cut off or not JSON."""
    try:
        return lenient_json.parse(raw or b"")
    except lenient_json.UnreadableJson:
        return None
