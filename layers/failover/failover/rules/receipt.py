"""A status callback of the Messages API as plain data, whichever version's body it came in (contract, 7.1 and 11)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from failover.rules.message_uuid import message_uuid
from failover.rules.redaction import private_phrases, redacted
from failover.rules.statuses import STATUSES
from failover.rules.usage import Usage, usage

_YEAR_2100 = 4_102_444_800_000


class UnreadableReceipt(Exception):
    """The body is not a status callback; `field` names what is missing or wrong."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True)
class Receipt:
    status: str
    message_uuid: str | None
    """None where the callback has none that can be used (`rules.message_uuid`)."""
    client_ref: str | None
    timestamp: int | None
    """When the vendor says it happened (ms); None where the callback gives no readable time."""
    error: dict[str, Any] | None = None
    """{"code": int or None, "reason": str}, free of addresses and of the parties."""
    usage: Usage | None = None


def parse(body: Any) -> Receipt:
    """Read the v1 or the v0.1 body of a callback. Raises UnreadableReceipt."""
    if not isinstance(body, dict):
        raise UnreadableReceipt("body")
    if not isinstance(body.get("status"), str) or body["status"] not in STATUSES:
        raise UnreadableReceipt("status")
    receipt = Receipt(
        status=body["status"],
        message_uuid=message_uuid(body.get("message_uuid")),
        client_ref=_text(body.get("client_ref")),
        timestamp=_instant(body.get("timestamp")),
        error=_error(body.get("error"), _parties(body)),
        usage=usage(body.get("usage")),
    )
    if receipt.message_uuid is None and receipt.client_ref is None:
        raise UnreadableReceipt("message_uuid")
    return receipt


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 100 else None


def _instant(value: Any) -> int | None:
    """ISO 8601 with Z, or the `2020-01-01 14:00:00 UTC` that v1 has also sent."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.removesuffix(" UTC"))
    except ValueError:
        return None
    milliseconds = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    return milliseconds if 0 <= milliseconds < _YEAR_2100 else None


def _parties(body: dict[str, Any]) -> list[str]:
    """Sender and recipient: v1 gives their address, v0.1 an object."""
    return list(private_phrases({"from": body.get("from"), "to": body.get("to")}))


def _error(value: Any, parties: list[str]) -> dict[str, Any] | None:
    """v0.1 says {code, reason}; v1 says {type, title: "<code>", detail, instance}."""
    if not isinstance(value, dict):
        return None
    code = _words(value.get("code")) or _words(value.get("title"))
    reason = redacted(_words(value.get("reason")) or _words(value.get("detail")), parties)
    error: dict[str, Any] = {"reason": reason}
    if code.isascii() and code.isdigit() and len(code) <= 6:
        error["code"] = int(code)
    return error


def _words(value: Any) -> str:
    """What a string or a number says; anything else says nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(Decimal(value))  # str(int) refuses thousands of digits
    return ""
