"""Applications' tokens: RS256 JWTs, with or without `exp` (docs/api.md, "Authentication").

Published clients send `application_id`, `iat` and `jti`, and no `exp`. `jti` is required, but not stored.
"""

from typing import Any

import jwt

from failover.errors import Invalid
from failover.rules.timing.token_times import exceeds, instant

LIFE = 900
"""Seconds after `iat` that a token without `exp` is valid."""
LONGEST_LIFE = 24 * 3600
"""Most seconds from `iat` to `exp`."""
_SHORTEST_SIGNATURE = 2048 // 8
"""Bytes. It is as long as the key, and shorter keys are not registered."""
_UNVERIFIED: jwt.types.Options = {"verify_signature": False}
_SIGNATURE_ONLY: jwt.types.Options = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
"""`check` checks the times itself."""


class InvalidToken(Invalid):
    """The token cannot be trusted. The message says why, and may be logged."""


class FaultyToken(InvalidToken):
    """A claim breaks a rule. The message may be shown to the caller: it is about the token alone."""


class ExpiredToken(FaultyToken):
    """The token has expired."""


def application_of(token: str) -> str:
    """Return the `application_id` of a token, not verified yet. Raises InvalidToken if it cannot be valid."""
    return _application(_unverified(token)["payload"])


def application_if_valid(token: str, now: float) -> str:
    """As `application_of`, for a token that is valid at `now` (seconds) if its signature is.

    It needs no key, so what it refuses costs no read. Raises InvalidToken, and FaultyToken as `check` does.
    """
    unverified = _unverified(token)
    if len(unverified["signature"]) < _SHORTEST_SIGNATURE:
        raise InvalidToken("no signature of RS256")
    application_id = _application(unverified["payload"])
    _check_claims(unverified["payload"], now)
    return application_id


def _unverified(token: str) -> dict[str, Any]:
    """Return a token's header, payload and signature."""
    try:
        read: dict[str, Any] = jwt.decode_complete(token, options=_UNVERIFIED)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise InvalidToken(type(error).__name__) from None
    if read["header"].get("alg") != "RS256":
        raise InvalidToken("alg is not RS256")
    return read


def _application(claims: dict[str, Any]) -> str:
    application_id = claims.get("application_id")
    if not isinstance(application_id, str):
        raise InvalidToken("no application_id")
    return application_id


def check(token: str, public_key: str, now: float) -> None:
    """Raise InvalidToken unless the owner of `public_key` signed this token and it is valid at `now` (seconds).

    Raises FaultyToken if the signature is right and a claim is not. Every time rule has the tolerance of
    `rules.timing.token_times`, except that `exp` must be after `iat`: both come from one clock.
    """
    try:
        claims = jwt.decode(token, public_key, algorithms=["RS256"], options=_SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidToken(type(error).__name__) from None
    _check_claims(claims, now)


def _check_claims(claims: dict[str, Any], now: float) -> None:
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise FaultyToken("The token's jti is missing, or not a string.")
    issued = _instant(claims, "iat")
    if issued is None:
        raise FaultyToken("The token's iat is missing.")
    if exceeds(issued - now):
        raise FaultyToken("The token's iat is in the future: check the clock of the machine that signs it.")
    not_before = _instant(claims, "nbf")
    if not_before is not None and exceeds(not_before - now):
        raise FaultyToken("The token's nbf is in the future.")
    expires = _instant(claims, "exp")
    if expires is None:
        if exceeds(now - issued, LIFE):
            raise ExpiredToken(f"The token has expired: without exp it is valid for {LIFE} seconds after its iat.")
        return
    if exceeds(expires - issued, LONGEST_LIFE):
        raise FaultyToken("The token's exp is more than 24 hours after its iat.")
    if expires <= issued:
        raise FaultyToken("The token's exp is not after its iat.")
    if exceeds(now - expires):
        raise ExpiredToken("The token has expired.")


def _instant(claims: dict[str, Any], name: str) -> float | None:
    """Return a time claim in seconds. Returns None if it is missing; raises FaultyToken if it is not a number."""
    value = claims.get(name)
    if value is None:
        return None
    seconds = instant(value)
    if seconds is None:
        raise FaultyToken(f"The token's {name} is not a number of seconds since 1970.")
    return seconds
