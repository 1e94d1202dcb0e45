"""The secrets of an account: kept as hashes, compared in constant time, rotated with an overlap."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any


def hashed(secret: str) -> str:
    """SHA-256, hex. The secrets are random and long, so a slow hash would only slow every request down."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, hashes: Iterable[str]) -> bool:
    """`secret` is one of those hashed; takes as long whichever it is."""
    offered = hashed(secret)
    return sum(hmac.compare_digest(offered, known) for known in hashes) > 0


def kept(secret: str) -> dict[str, Any]:
    """A new secret as an account keeps it: valid until it is rotated."""
    return {"hash": hashed(secret)}


def rotated(secrets_kept: list[dict[str, Any]], secret: str, now: int, overlap: int) -> list[dict[str, Any]]:
    """The account's secrets after a rotation: `secret`, and the one before it for `overlap` ms more.

    Two at the most are ever valid (contract, section 2.1).
    """
    return [{**secrets_kept[-1], "expires_at": now + overlap}, kept(secret)]


def valid(secrets_kept: list[dict[str, Any]], now: int) -> list[str]:
    """The hashes of the secrets that are valid at `now` (ms)."""
    return [entry["hash"] for entry in secrets_kept if entry.get("expires_at", now + 1) > now]
