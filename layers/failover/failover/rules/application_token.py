"""The tokens of applications: RS256 JWTs, with or without `exp` (contract, sections 0 and 2.2).

Published clients send `application_id`, `iat` and `jti`, and no `exp` at all. A `jti` is demanded and not stored.
"""

from typing import Any

import jwt

LIFE = 900
"""Seconds a token without `exp` is good for after `iat`."""
LONGEST_LIFE = 24 * 3600
SKEW = 60
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
"""The times are judged here, by the rules above."""


class InvalidToken(Exception):
    """The token proves nothing. The message says why, in words that may stand in a log."""


class ExpiredToken(InvalidToken):
    """The token was good once."""


def application_of(token: str) -> str:
    """The application a token says it is of, before anything is proven. Raises InvalidToken."""
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options=_UNVERIFIED)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise InvalidToken(type(error).__name__) from None
    if header.get("alg") != "RS256":
        raise InvalidToken("alg is not RS256")
    application_id = claims.get("application_id")
    if not isinstance(application_id, str):
        raise InvalidToken("no application_id")
    return application_id


def check(token: str, public_key: str, now: float) -> None:
    """Raises InvalidToken unless the owner of `public_key` signed this token and its time is now (seconds)."""
    try:
        claims = jwt.decode(token, public_key, algorithms=["RS256"], options=_SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidToken(type(error).__name__) from None
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise InvalidToken("no jti")
    issued = _instant(claims, "iat")
    if issued is None or issued > now + SKEW:
        raise InvalidToken("iat is missing or in the future")
    not_before = _instant(claims, "nbf")
    if not_before is not None and not_before > now + SKEW:
        raise InvalidToken("nbf is in the future")
    expires = _instant(claims, "exp")
    if expires is None:
        expires = issued + LIFE
    if expires > issued + LONGEST_LIFE:
        raise InvalidToken("exp is more than 24 h after iat")
    if expires <= now - SKEW:
        raise ExpiredToken("expired")


def _instant(claims: dict[str, Any], name: str) -> float | None:
    """A claim that is a time; None: it is not there. Raises InvalidToken for anything but a number."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise InvalidToken(f"{name} is not a time")
    return float(value)
