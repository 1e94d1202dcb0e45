"""A status callback of the Messages API as plain data, whichever version's body it came in (contract, 7.1 and 11)."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from failover.errors import Invalid
from failover.rules.channels.statuses import STATUSES
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
    """The body is not a status callback; `field` names what is missing or wrong."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True)
class Receipt:
    status: str
    """One of STATUSES; any other word of the vendor's as 1 to 40 characters of a to z and `_`, so without addresses.

    `unknown` where nothing is left of such a word, or only one of STATUSES, which it is not.
    """
    message_uuid: str | None
    """None where the callback has none that can be used (`rules.receipts.message_uuid`)."""
    client_ref: str | None
    timestamp: int | None
    """When the vendor says it happened (ms); None where the callback gives no readable time."""
    error: dict[str, Any] | None = None
    """{"code": int, "reason": str}, the code only where there is one, the reason free of addresses and of the parties.

    None where the callback has no error, or one that says nothing.
    """
    usage: Usage | None = None


def parse_receipt(body: Any) -> Receipt:
    """Read the v1 or the v0.1 body of a callback. Raises UnreadableReceipt."""
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
    """The word in lower case, so that words which differ in case are one. Raises UnreadableReceipt where there is none.

    A word that is unknown here is kept in letters only, without the parties and without accents: its callback may be
    of a later version of the vendor's API, and is not sent again if it is refused.
    """
    word = value.strip() if isinstance(value, str) else ""
    if not word:
        raise UnreadableReceipt("status")
    if word.lower() in STATUSES:
        return word.lower()
    letters = _NO_LETTERS.sub("_", redacted(_folded(word), map(_folded, parties)))[:_LONGEST_WORD].strip("_")
    return letters if letters and letters not in STATUSES else _UNKNOWN


def _folded(text: str) -> str:
    """The start of a text in lower case, without accents and other marks: `Émis` → `emis`."""
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST_FOLDED])
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 100 else None


def _instant(value: Any) -> int | None:
    """ISO 8601 with Z, or the `2020-01-01 14:00:00 UTC` that v1 has also sent."""
    if not isinstance(value, str):
        return None
    try:
        milliseconds = from_iso(value.strip().removesuffix(" UTC"))
    except ValueError:
        return None
    return milliseconds if 0 <= milliseconds < _YEAR_2100 else None


def _parties(body: dict[str, Any]) -> list[str]:
    """Sender and recipient: v1 gives their address, v0.1 an object."""
    return list(private_phrases({"from": body.get("from"), "to": body.get("to")}))


def _error(value: Any, parties: list[str]) -> dict[str, Any] | None:
    said = vendor_error.read(value)
    error: dict[str, Any] = {"reason": redacted(said.words, parties)}
    if said.code is not None:
        error["code"] = said.code
    return error if said.code is not None or error["reason"] else None
