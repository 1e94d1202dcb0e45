"""An `Idempotency-Key`: one request of an account, however often it is sent (contract, section 0)."""

import hashlib
import re
from typing import Any

import simplejson

from failover.rules.timing.backoff import grown, within

KEPT_SECONDS = 24 * 3600
LONGEST = 255
_TWIN_BUDGET = 1.0
"""Seconds a request waits for another one with the same key that is being stored."""
_TWIN_FIRST = 0.1


def pause_for_twin(attempt: int, elapsed: float, jitter: float) -> float | None:
    """Seconds before looking again whether that other request has been stored; None: give up."""
    return within(_TWIN_BUDGET, elapsed, grown(_TWIN_FIRST, attempt) * (1 - jitter / 2))


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
