"""Read a request of API Gateway: headers, query parameters, body, and the address it was sent to."""

import base64
import re

from failover import problems
from failover.edges.http_edge import Event
from failover.rules.formats.faults import Fault
from failover.rules.requests import idempotency


def header(event: Event, name: str) -> str | None:
    """A header's value, by its name in any case. Repeated headers are joined with a comma (RFC 9110, 5.3)."""
    many = event.get("multiValueHeaders") or {}
    values = next((value for key, value in many.items() if key.lower() == name.lower()), None)
    if values:
        return ",".join(values)
    single = event.get("headers") or {}
    return next((value for key, value in single.items() if key.lower() == name.lower()), None)


def query(event: Event) -> dict[str, str]:
    """The parameters of the query string. Of a repeated one, the last counts."""
    return event.get("queryStringParameters") or {}


def flag(event: Event, name: str, faults: list[Fault]) -> bool:
    """A parameter that is `true` or `false`. Any other value is added to `faults`, not guessed."""
    value = query(event).get(name, "false").lower()
    if value not in ("true", "false"):
        faults.append({"name": name, "reason": "Should be 'true' or 'false'"})
    return value == "true"


def idempotency_key(event: Event, faults: list[Fault]) -> str | None:
    """The `Idempotency-Key` header. An invalid one is added to `faults`."""
    key = header(event, "Idempotency-Key")
    if key is not None and (reason := idempotency.fault(key)):
        faults.append({"name": "Idempotency-Key", "reason": reason})
    return key


def raw_body(event: Event) -> bytes:
    """The body's bytes as they were sent."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        raise problems.Problem(problems.INVALID_JSON, "Malformed JSON payload: not base64.") from None


def base_url(event: Event, public_url: str) -> str:
    """Scheme, host and base path this API was called by, from API Gateway's request context, never from a header.

    The base path stands before the part that the route matched: the stage, or a custom domain's mapping. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    if public_url:
        return public_url
    context = event["requestContext"]
    proxy = (event.get("pathParameters") or {}).get("proxy", "")
    matched = event["resource"].replace("{proxy+}", proxy).rstrip("/")
    base = context["path"].rstrip("/").removesuffix(matched)
    return f"https://{context['domainName']}{base}"


_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^";\s]*)', re.IGNORECASE)
_UTF_8 = {"utf-8", "utf8", "us-ascii"}
"""US-ASCII is a subset of UTF-8."""


def require_json(event: Event) -> None:
    """Require a body of JSON in UTF-8 (RFC 8259, 8.1), uncompressed, and a client that accepts JSON.

    Raises Problem (415, 406).
    """
    content_type = header(event, "Content-Type") or ""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise problems.wrong_content_type()
    if any(charset.lower() not in _UTF_8 for charset in _CHARSET.findall(content_type)):
        raise problems.Problem(problems.WRONG_CONTENT_TYPE, "Invalid 'Content-Type' header: charset must be 'utf-8'")
    if (header(event, "Content-Encoding") or "identity").strip().lower() != "identity":
        raise problems.Problem(
            problems.WRONG_CONTENT_ENCODING,
            "Invalid 'Content-Encoding' header: the body must not be compressed",
            headers={"Accept-Encoding": "identity"},  # RFC 9110, 12.5.3
        )
    require_json_accepted(event)


def require_json_accepted(event: Event) -> None:
    """Require a client that accepts JSON; without `Accept` it accepts everything (RFC 9110, 12.5.1).

    Raises Problem (406).
    """
    accept = header(event, "Accept")
    ranges = [part.partition(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    if not {"*/*", "application/*", "application/json"}.intersection(ranges):
        raise problems.Problem(problems.NOT_ACCEPTABLE, "Invalid 'Accept' header: must be one of 'application/json'")
