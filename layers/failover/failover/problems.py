"""The problem catalogue: every error a client can see (docs/api.md, "Problems"; RFC 9457).

`type` keeps the vendor's URIs, because its clients compare them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from failover.errors import Failure

CONTENT_TYPE = "application/problem+json"
_GENERIC = "https://developer.nexmo.com/api-errors#"


@dataclass(frozen=True)
class Kind:
    status: int
    type: str
    title: str


INVALID_PARAMS = Kind(
    400, "https://www.nexmo.com/messages/Errors#InvalidParams", "Your request parameters didn't validate."
)
INVALID_JSON = Kind(400, f"{_GENERIC}invalid-json", "Malformed JSON")
BAD_REQUEST = Kind(400, f"{_GENERIC}bad-request", "Bad Request")
UNAUTHORIZED = Kind(401, f"{_GENERIC}unauthorized", "Invalid credentials supplied")
MULTIPLE_AUTH = Kind(401, f"{_GENERIC}multiple-auth-methods", "Multiple authentication methods")
JWT_EXPIRED = Kind(401, f"{_GENERIC}jwt-expired", "JWT has expired")
INVALID_SIGNATURE = Kind(401, f"{_GENERIC}invalid-signature", "Invalid signature")
FORBIDDEN = Kind(403, f"{_GENERIC}forbidden", "Forbidden")
NOT_FOUND = Kind(404, f"{_GENERIC}not-found", "Not Found")
WRONG_VERB = Kind(405, f"{_GENERIC}wrong-verb", "Request method not allowed")
NOT_ACCEPTABLE = Kind(406, f"{_GENERIC}accept-header", "Invalid Accept header")
CONFLICT = Kind(409, f"{_GENERIC}conflict", "Conflict")
TOO_LARGE = Kind(413, f"{_GENERIC}content-too-large", "Content Too Large")
WRONG_CONTENT_TYPE = Kind(415, f"{_GENERIC}content-type-header", "Invalid Content-Type header")
WRONG_CONTENT_ENCODING = Kind(415, f"{_GENERIC}content-encoding-header", "Invalid Content-Encoding header")
RATE_LIMITED = Kind(429, f"{_GENERIC}rate-limited", "Rate Limited")
INTERNAL = Kind(500, f"{_GENERIC}internal-error", "Internal Error")
UNAVAILABLE = Kind(503, f"{_GENERIC}unavailable", "Service Unavailable")

CATALOGUE = (
    INVALID_PARAMS,
    INVALID_JSON,
    BAD_REQUEST,
    UNAUTHORIZED,
    MULTIPLE_AUTH,
    JWT_EXPIRED,
    INVALID_SIGNATURE,
    FORBIDDEN,
    NOT_FOUND,
    WRONG_VERB,
    NOT_ACCEPTABLE,
    CONFLICT,
    TOO_LARGE,
    WRONG_CONTENT_TYPE,
    WRONG_CONTENT_ENCODING,
    RATE_LIMITED,
    INTERNAL,
    UNAVAILABLE,
)


class Problem(Failure):
    """An error as the answer to a client, who sees `detail`: no secrets in it.

    `more` are further members of the document (RFC 9457, 3.2).
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        invalid_parameters: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{kind.status} {detail}")
        self.kind = kind
        self.detail = detail
        self.invalid_parameters = invalid_parameters
        self.headers = headers or {}
        self.more = more or {}

    def body(self, trace_id: str) -> dict[str, Any]:
        """The problem document; `instance` is the request's trace id."""
        document: dict[str, Any] = {
            "type": self.kind.type,
            "title": self.kind.title,
            "detail": self.detail,
            "instance": trace_id,
            **self.more,
        }
        if self.invalid_parameters is not None:
            document["invalid_parameters"] = self.invalid_parameters
        return document


MOST_FAULTS = 100
"""Faults that one problem lists. A body of 64 KB can have 30,000, which would exceed the limit of Lambda's answer."""


def invalid_parameters(faults: list[dict[str, str]]) -> Problem:
    """A problem that lists the first 100 faults. `detail` has their number, `omitted_parameters` the rest's."""
    detail = f"Found errors validating {len(faults)} of your submitted parameters."
    more = {"omitted_parameters": len(faults) - MOST_FAULTS} if len(faults) > MOST_FAULTS else {}
    return Problem(INVALID_PARAMS, detail, invalid_parameters=faults[:MOST_FAULTS], more=more)


def unavailable(detail: str, retry_after: int = 2) -> Problem:
    """503; the client may repeat the request after `retry_after` seconds."""
    return Problem(UNAVAILABLE, detail, headers={"Retry-After": str(retry_after)})


def wrong_verb(verb: str, allowed: Iterable[str]) -> Problem:
    """405, with the verbs that the address allows (RFC 9110, 15.5.6)."""
    headers = {"Allow": ", ".join(sorted(allowed))}
    return Problem(WRONG_VERB, f"Request method '{verb}' not supported", headers=headers)


def nothing_here() -> Problem:
    """404 for an address that the API does not have."""
    return Problem(NOT_FOUND, "There is nothing at this address.")


def busy() -> Problem:
    """503: AWS throttles or is out of reach."""
    return unavailable("The service is busy; the same request may succeed in a moment.")


def unexpected() -> Problem:
    """500: an unexpected failure."""
    return Problem(INTERNAL, "Something went wrong on our side.")


def wrong_content_type() -> Problem:
    """415: the body is not declared as JSON."""
    return Problem(WRONG_CONTENT_TYPE, "Invalid 'Content-Type' header: must be one of 'application/json'")


_bad_request = Problem(BAD_REQUEST, "The request cannot be handled.")
_forbidden = Problem(FORBIDDEN, "This request is not allowed.")
_rate_limited = Problem(RATE_LIMITED, "Too many requests.", headers={"Retry-After": "1"})

GATEWAY_RESPONSES = {
    "DEFAULT_4XX": _bad_request,
    "DEFAULT_5XX": unexpected(),
    "MISSING_AUTHENTICATION_TOKEN": nothing_here(),
    "BAD_REQUEST_BODY": _bad_request,
    "BAD_REQUEST_PARAMETERS": _bad_request,
    "ACCESS_DENIED": _forbidden,
    "WAF_FILTERED": _forbidden,
    "REQUEST_TOO_LARGE": Problem(TOO_LARGE, "The body is too long."),
    "UNSUPPORTED_MEDIA_TYPE": wrong_content_type(),
    "THROTTLED": _rate_limited,
    "QUOTA_EXCEEDED": _rate_limited,
    "INTEGRATION_FAILURE": busy(),
    "INTEGRATION_TIMEOUT": busy(),
}
"""What API Gateway answers by itself, as template.yaml has it, by API Gateway's response type.

A function that Lambda throttles is INTEGRATION_FAILURE. The two defaults stand for every type that is not named here;
their status stays the one API Gateway chooses.
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""
