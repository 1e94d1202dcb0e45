"""Signatures of callbacks: an HS256 JWT with the body's SHA-256 (docs/api.md, "Incoming status callbacks")."""

import hashlib
import hmac
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import jwt

from failover.errors import Invalid
from failover.rules.timing.token_times import exceeds, instant

LIFE = 25 * 3600
"""Seconds a token is valid after `iat`: the vendor repeats a callback for 24 hours with its first token."""
_OPTIONS: jwt.types.Options = {
    "require": ["iat", "payload_hash"],
    "verify_iat": False,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
"""`check` checks `iat` itself, and ignores other claims."""


class Forged(Invalid):
    """The signature does not prove that the owner of the secret sent this body. The message says only why."""


def check(authorization: str, raw: bytes, secret: str, now: float) -> int:
    """Return the `iat` of `Authorization: Bearer <JWT>`. Raises Forged unless it is valid for exactly these bytes.

    All times are in seconds.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Forged("not a bearer token")
    try:
        claims = jwt.decode(token.strip(), secret, algorithms=["HS256"], options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:  # PyJWT encodes and parses before it checks
        raise Forged(type(error).__name__) from None
    issued, payload_hash = instant(claims["iat"]), claims["payload_hash"]
    if issued is None or exceeds(now - issued, LIFE) or exceeds(issued - now):
        raise Forged("iat is too old, or in the future")
    if not _same_digest(payload_hash, digest(raw)):
        raise Forged("payload_hash does not match the body")
    return int(issued)


def _same_digest(claimed: Any, expected: str) -> bool:
    """Compare in constant time. A claim that is not ASCII text equals nothing."""
    return isinstance(claimed, str) and claimed.isascii() and hmac.compare_digest(claimed, expected)


def check_any(authorization: str, raw: bytes, secrets: Sequence[str], now: float) -> int:
    """As `check`, with any of these secrets."""
    *others, last = secrets
    for secret in others:
        with suppress(Forged):
            return check(authorization, raw, secret, now)
    return check(authorization, raw, last, now)


def digest(raw: bytes) -> str:
    """Return the SHA-256 in hex."""
    return hashlib.sha256(raw).hexdigest()
