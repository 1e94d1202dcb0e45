"""Signatures of webhooks: an HS256 JWT with the body's SHA-256 (docs/api.md, "Signature").

Each account has its own secret, derived from the stack's key and a generation. A rotation begins a new generation.
"""

import hashlib
import hmac
from typing import Any

import jwt

from failover.rules.receipts.callback_signature import digest

ISSUER = "Workflows"
_EARLY = 5
"""Seconds that `iat` is early: a receiver whose clock is behind may refuse an `iat` in the future, which is final."""


def authorization(raw: bytes, secret: str, now: float, api_key: str, application_id: str | None, jti: str) -> str:
    """Return the `Authorization` header for exactly these bytes. `now` is in seconds; `jti` must be unique."""
    claims: dict[str, Any] = {
        "iat": int(now) - _EARLY,
        "jti": jti,
        "iss": ISSUER,
        "payload_hash": digest(raw),
        "api_key": api_key,
    }
    if application_id is not None:
        claims["application_id"] = application_id
    return "Bearer " + jwt.encode(claims, secret, algorithm="HS256")


def secret_of_account(signing_key: str, api_key: str, generation: int) -> str:
    """Return the secret for an account's webhooks. It is derived from the stack's key, and not stored."""
    return hmac.new(signing_key.encode(), f"{api_key}.{generation}".encode(), hashlib.sha256).hexdigest()


def generation(generations: list[dict[str, int]], now: int) -> int:
    """Return the generation in use at `now` (ms): the newest that has begun, or 1."""
    return max((entry["number"] for entry in generations if entry["since"] <= now), default=1)


def with_new_generation(generations: list[dict[str, int]], now: int, since: int) -> list[dict[str, int]]:
    """Return an account's generations with a new one, used from `since` (ms), and without past ones."""
    current = generation(generations, now)
    number = max((entry["number"] for entry in generations), default=1) + 1
    return [*(entry for entry in generations if entry["number"] >= current), {"number": number, "since": since}]
