"""An `Idempotency-Key`: one request of an account, however often it is sent (contract, section 0)."""

import hashlib
import re
from typing import Any

import simplejson

KEPT_SECONDS = 24 * 3600
LONGEST = 255


def fault(key: str) -> str | None:
    """What is wrong with a key; None: nothing."""
    if re.fullmatch(rf"[!-~]{{1,{LONGEST}}}", key):
        return None
    return f"Should have 1 to {LONGEST} visible ASCII characters"


def table_key(account: str, key: str) -> str:
    """Where the table keeps it: over both endpoints, and for each account on its own."""
    return f"idempotency#{account}#{_hash(key)}"


def digest(meant: dict[str, Any]) -> str:
    """The same for two requests that mean the same; `meant` is what is left of one once it has been validated."""
    canonical = simplejson.dumps(meant, sort_keys=True, separators=(",", ":"), ensure_ascii=True, use_decimal=True)
    return _hash(canonical)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
