"""An account's API secrets: stored as hashes, compared in constant time, rotated with an overlap."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any


def hashed(secret: str) -> str:
    """Return the SHA-256 in hex. A slow hash would add nothing: the secrets are long and random."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, hashes: Iterable[str]) -> bool:
    """Return True if the hash of `secret` is in `hashes`. The time taken does not depend on which one matches."""
    digest = hashed(secret)
    return sum(hmac.compare_digest(digest, valid_digest) for valid_digest in hashes) > 0


def kept(secret: str) -> dict[str, Any]:
    """Return the stored form of a new secret, valid until it is rotated."""
    return {"hash": hashed(secret)}


def rotated(secrets_kept: list[dict[str, Any]], secret: str, now: int, overlap: int) -> list[dict[str, Any]]:
    """Return an account's secrets after a rotation: `secret`, and the newest so far for `overlap` ms more.

    At most two are ever valid (docs/api.md, "Authentication").
    """
    return [{**secrets_kept[-1], "expires_at": now + overlap}, kept(secret)]


def valid(secrets_kept: list[dict[str, Any]], now: int) -> list[str]:
    """Return the hashes of the secrets that are valid at `now` (ms)."""
    return [entry["hash"] for entry in secrets_kept if entry.get("expires_at", now + 1) > now]


def expiries(secrets_kept: list[dict[str, Any]], now: int) -> list[int | None]:
    """When each secret that is valid at `now` expires (ms); None for one that is not rotated yet."""
    times = [entry.get("expires_at") for entry in secrets_kept]
    return [at for at in times if at is None or at > now]
