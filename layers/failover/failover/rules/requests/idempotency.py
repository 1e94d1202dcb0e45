"""An `Idempotency-Key` makes repeats of a request one request (docs/api.md, "Idempotency-Key")."""

import hashlib
import re
from typing import Any

import simplejson

from failover.rules.timing.backoff import grown, within

KEPT_SECONDS = 24 * 3600
LONGEST = 255
_BUDGET = 1.0
"""Seconds a request waits while a concurrent one with the same key is being stored."""
_FIRST = 0.1


def pause_for_duplicate(attempt: int, elapsed: float, jitter: float) -> float | None:
    """Return the seconds to wait before checking for the other request again. Returns None to give up."""
    return within(_BUDGET, elapsed, grown(_FIRST, attempt) * (1 - jitter / 2))


def fault(key: str) -> str | None:
    """Return what is wrong with a key, or None."""
    if re.fullmatch(rf"[!-~]{{1,{LONGEST}}}", key):
        return None
    return f"Should have 1 to {LONGEST} visible ASCII characters"


def table_key(account: str, key: str) -> str:
    """Return the key's item key in the table: one per account, for both endpoints."""
    return f"idempotency#{account}#{_hash(key)}"


def digest(request: dict[str, Any]) -> str:
    """Return the same text for requests that mean the same. `request` is a validated one."""
    canonical = simplejson.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=True, use_decimal=True)
    return _hash(canonical)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
