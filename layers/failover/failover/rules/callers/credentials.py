"""Keys and secrets of accounts: made at random, kept as hashes, compared in constant time."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from typing import Any


def new_api_key() -> str:
    return secrets.token_hex(4)


def new_secret() -> str:
    """32 random bytes, as 43 characters that survive a shell and a URL."""
    return secrets.token_urlsafe(32)


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


def basic(header: str) -> tuple[str, str] | None:
    """(API key, secret) of an `Authorization: Basic …` header (RFC 7617); None for any other text."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:  # not base64, not ASCII (b64decode), or not UTF-8 inside
        return None
    api_key, colon, secret = decoded.partition(":")
    return (api_key, secret) if colon else None


def is_id(text: str) -> bool:
    """`text` has the shape of the ids we give out."""
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


def is_api_key(text: str) -> bool:
    """`text` has the shape of the keys we give out, so looking it up makes sense."""
    return re.fullmatch(r"[0-9a-f]{8}", text) is not None
