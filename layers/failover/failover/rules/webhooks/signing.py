"""How our webhooks are signed: HS256 over claims that hold the SHA-256 of the body (docs/api.md, "Signature").

Each account has its own secret, made from the stack's key and a generation; a rotation begins a new generation.
"""

import hashlib
import hmac
from typing import Any

import jwt

from failover.rules.receipts.callback_signature import digest

ISSUER = "Workflows"
_EARLY = 5
"""Seconds: verifiers whose clock is a little behind refuse a token of the future, and a refusal is final."""


def authorization(raw: bytes, secret: str, now: float, api_key: str, application_id: str | None, jti: str) -> str:
    """The `Authorization` header of a webhook of ours with exactly these bytes; `now` in seconds, `jti` unique."""
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
    """The secret an account's webhooks are signed with: made from the stack's own key, and kept nowhere."""
    return hmac.new(signing_key.encode(), f"{api_key}.{generation}".encode(), hashlib.sha256).hexdigest()


def generation(generations: list[dict[str, int]], now: int) -> int:
    """Which of an account's signature secrets is in use at `now` (ms): the newest whose time has come; 1 at first."""
    return max((entry["number"] for entry in generations if entry["since"] <= now), default=1)


def with_new_generation(generations: list[dict[str, int]], now: int, since: int) -> list[dict[str, int]]:
    """An account's generations with a new one, in use from `since` (ms) on, without those that are past."""
    current = generation(generations, now)
    number = max((entry["number"] for entry in generations), default=1) + 1
    return [*(entry for entry in generations if entry["number"] >= current), {"number": number, "since": since}]
