"""What a refusal by the Messages API is about: this message, our credentials, or the whole account.

The names of errors are those at https://developer.vonage.com/en/api-errors, the codes those of the Messages API.
"""

import re
from typing import Any

from failover.rules.receipts import vendor_error
from failover.rules.receipts.redaction import redacted
from failover.rules.receipts.vendor_error import VendorError
from failover.rules.sending.answers import Refused, Scope

_OF_CREDENTIALS = frozenset({"unauthorized", "unauthorised", "invalid-api-key", "jwt-expired", "jwt-revoked"})
_OF_ACCOUNT = frozenset(
    {
        "account-suspended",
        "application-suspended",
        "forbidden",
        "insufficient-balance",
        "invalid-ip",
        "low-balance",
        "out-of-credit",
        "partner-account-barred",
        "partner-quota-exceeded",
        "unprovisioned",
    }
)
_CODES_OF_ACCOUNT = frozenset({1060, 1070, 1080})
"""The account is barred, has no credit left, or is not enabled for the API."""
_NO_BALANCE = re.compile(r"\b(insufficient|low)[\s_-]+(account[\s_-]+)?balance\b", re.IGNORECASE)
_BALANCE = re.compile(r"balance(:|$)", re.IGNORECASE)
"""An invalid parameter of this name, as in `VendorError.parameters`."""


def refused(status: int, answer: Any) -> Refused:
    """Return the refusal in an answer with this HTTP status and parsed body."""
    error = vendor_error.read(answer)
    return Refused(status, _text(error), error.code, _scope(status, error))


def _scope(status: int, error: VendorError) -> Scope:
    names = {error.kind, vendor_error.kind(error.title)}
    if status == 401 or names & _OF_CREDENTIALS:
        return "credentials"
    if status in (402, 403) or names & _OF_ACCOUNT or error.code in _CODES_OF_ACCOUNT:
        return "account"
    return "account" if 400 <= status < 500 and _lacks_balance(error) else "message"


def _lacks_balance(error: VendorError) -> bool:
    """The vendor has also reported a low balance without a type, and as an invalid parameter."""
    texts = (error.title, error.detail, *error.parameters)
    return any(map(_NO_BALANCE.search, texts)) or any(map(_BALANCE.match, error.parameters))


def _text(error: VendorError) -> str:
    """`Invalid params: The value … is invalid. (to: not a number)`, redacted."""
    parameters = f"({'; '.join(error.parameters)})" if error.parameters else ""
    return redacted(" ".join(filter(None, (error.text or error.kind, parameters))))
