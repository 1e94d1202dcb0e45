"""The tokens of applications: RS256 JWTs, with or without `exp` (contract, sections 0 and 2.2).

Published clients send `application_id`, `iat` and `jti`, and no `exp` at all. A `jti` is demanded and not stored.
"""

from typing import Any

import jwt

from failover.errors import Invalid
from failover.rules.timing.token_times import exceeds, instant

LIFE = 900
"""Seconds a token without `exp` is good for after `iat`."""
LONGEST_LIFE = 24 * 3600
"""Seconds from `iat` to `exp` at most (contract, section 2.2)."""
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


class InvalidToken(Invalid):
    """The token proves nothing. The message says why, in words that may stand in a log."""


class FaultyToken(InvalidToken):
    """The application signed this token, and a claim of it breaks a rule. The message may be told to the caller.

    It cannot help a forger: a token with a wrong signature never gets this far.
    """


class ExpiredToken(FaultyToken):
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
    """Raises InvalidToken unless the owner of `public_key` signed this token and its time is now (seconds).

    What is wrong with a token that the owner did sign is a FaultyToken. Every time rule has the tolerance of
    `rules.timing.token_times`, but that `exp` is after `iat`: both are of one clock.
    """
    try:
        claims = jwt.decode(token, public_key, algorithms=["RS256"], options=_SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidToken(type(error).__name__) from None
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
    """A claim that is a time; None: it is not there. Raises FaultyToken for anything but a number."""
    value = claims.get(name)
    if value is None:
        return None
    seconds = instant(value)
    if seconds is None:
        raise FaultyToken(f"The token's {name} is not a number of seconds since 1970.")
    return seconds
