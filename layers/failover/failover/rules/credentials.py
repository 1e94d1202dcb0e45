"""Keys and secrets of accounts: made at random, kept as hashes, compared in constant time."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable


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


def basic(header: str) -> tuple[str, str] | None:
    """(API key, secret) of an `Authorization: Basic …` header (RFC 7617), or None."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    api_key, colon, secret = decoded.partition(":")
    return (api_key, secret) if colon else None


def is_api_key(text: str) -> bool:
    """`text` has the shape of the keys we give out, so looking it up makes sense."""
    return re.fullmatch(r"[0-9a-f]{8}", text) is not None
