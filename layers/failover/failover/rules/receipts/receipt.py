"""Parse a status callback of either version of the Messages API (docs/api.md, "Incoming status callbacks")."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from failover.errors import Invalid
from failover.rules.channels.statuses import ADVANCED, STATUSES
from failover.rules.receipts import vendor_error
from failover.rules.receipts.message_uuid import message_uuid
from failover.rules.receipts.redaction import private_phrases, redacted
from failover.rules.receipts.usage import Usage, usage
from failover.rules.timing.instants import from_iso

_YEAR_2100 = 4_102_444_800_000
_LONGEST_WORD = 40
_LONGEST_FOLDED = 1000
_NO_LETTERS = re.compile("[^a-z]+")
_UNKNOWN = "unknown"


class UnreadableReceipt(Invalid):
    """The body is not a status callback. `field` names what is missing or wrong."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True)
class Receipt:
    status: str
    """One of STATUSES, or any other word of the vendor's as 1 to 40 characters of a to z and `_`, so without addresses.

    `unknown` if nothing else remains of such a word, or if it would turn into one of STATUSES or ADVANCED.
    """
    message_uuid: str | None
    """None if the callback has none that we can use (`message_uuid.py`)."""
    client_ref: str | None
    timestamp: int | None
    """The vendor's time for the status (ms); None if the callback has none, or it is unreadable."""
    error: dict[str, Any] | None = None
    """{"code": int, "reason": str}, without the code if there is none; the reason is redacted.

    None if the callback has no error, or an empty one.
    """
    usage: Usage | None = None


def parse_receipt(body: Any) -> Receipt:
    """Parse the body of a v1 or v0.1 callback. Raises UnreadableReceipt without a status, or without any id."""
    if not isinstance(body, dict):
        raise UnreadableReceipt("body")
    parties = _parties(body)
    receipt = Receipt(
        status=_status(body.get("status"), parties),
        message_uuid=message_uuid(body.get("message_uuid")),
        client_ref=_text(body.get("client_ref")),
        timestamp=_instant(body.get("timestamp")),
        error=_error(body.get("error"), parties),
        usage=usage(body.get("usage")),
    )
    if receipt.message_uuid is None and receipt.client_ref is None:
        raise UnreadableReceipt("message_uuid")
    return receipt


def _status(value: Any, parties: list[str]) -> str:
    """Return the status in lower case. Raises UnreadableReceipt if there is none.

    An unknown word is kept, because it may be of a later version of the vendor's API, which does not repeat a callback
    that is refused. Its letters lose their accents, and sender and recipient are cut out (docs/api.md, "Decisions").
    """
    word = value.strip() if isinstance(value, str) else ""
    if not word:
        raise UnreadableReceipt("status")
    if word.lower() in STATUSES:
        return word.lower()
    letters = _NO_LETTERS.sub("_", redacted(_folded(word), map(_folded, parties)))[:_LONGEST_WORD].strip("_")
    return letters if letters and letters not in STATUSES | {ADVANCED} else _UNKNOWN


def _folded(text: str) -> str:
    """Return the first 1000 characters in lower case, without accents and other marks: `Émis` → `emis`."""
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST_FOLDED])
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 100 else None


def _instant(value: Any) -> int | None:
    """Return the milliseconds of ISO 8601, or of `2020-01-01 14:00:00 UTC`, which v1 has also sent; otherwise None."""
    if not isinstance(value, str):
        return None
    try:
        milliseconds = from_iso(value.strip().removesuffix(" UTC"))
    except ValueError:
        return None
    return milliseconds if 0 <= milliseconds < _YEAR_2100 else None


def _parties(body: dict[str, Any]) -> list[str]:
    """Return what identifies sender and recipient. v1 has strings, v0.1 objects."""
    return list(private_phrases({"from": body.get("from"), "to": body.get("to")}))


def _error(value: Any, parties: list[str]) -> dict[str, Any] | None:
    found = vendor_error.read(value)
    error: dict[str, Any] = {"reason": redacted(found.text, parties)}
    if found.code is not None:
        error["code"] = found.code
    return error if found.code is not None or error["reason"] else None
