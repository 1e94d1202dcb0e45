"""The time rules of a token, each with a minute of tolerance, and the reason a caller gets for breaking one."""

import math

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from failover.rules.callers.application_token import (
    LIFE,
    ExpiredToken,
    FaultyToken,
    InvalidToken,
    application_if_valid,
    check,
)

DAY = 86_400
NOW = 1_800_000_000
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
PUBLIC_KEY = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed(key=KEY, **changes):
    claims = {"application_id": "x", "jti": "y", "iat": NOW, **changes}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm="RS256")


@pytest.mark.decision("Time rules of a token")
@pytest.mark.parametrize("fraction", [0, 0.25, 0.4999, 0.5, 0.75, 0.999])
def test_the_vendors_own_package(fraction):
    """`exp: Math.round(Date.now() / 1000) + 86400` with an `iat` rounded down is valid at any time of a second."""
    now = NOW + fraction
    check(signed(iat=math.floor(now), exp=math.floor(now + 0.5) + DAY), PUBLIC_KEY, now)


@pytest.mark.decision("Time rules of a token")
@pytest.mark.parametrize(
    ("claims", "beyond"),
    [
        ({"exp": NOW + DAY + 60}, {"exp": NOW + DAY + 61}),
        ({"iat": NOW - 3600, "exp": NOW - 60}, {"iat": NOW - 3600, "exp": NOW - 61}),
        ({"iat": NOW + 60}, {"iat": NOW + 61}),
        ({"iat": NOW - LIFE - 60}, {"iat": NOW - LIFE - 61}),
        ({"nbf": NOW + 60}, {"nbf": NOW + 61}),
        ({"iat": NOW - 0.5, "exp": NOW + DAY + 59.5}, {"iat": NOW - 0.5, "exp": NOW + DAY + 60}),
    ],
    ids=["longest life", "expiry", "iat in the future", "without exp", "nbf", "fractions"],
)
def test_a_minute_of_tolerance(claims, beyond):
    """Each rule holds to the second, 60 s beyond its limit."""
    check(signed(**claims), PUBLIC_KEY, NOW)
    with pytest.raises(FaultyToken):
        check(signed(**beyond), PUBLIC_KEY, NOW)


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"exp": NOW + 2 * DAY}, "24 hours"),
        ({"exp": NOW}, "exp is not after its iat"),
        ({"exp": NOW - 20}, "exp is not after its iat"),
        ({"exp": 0}, "exp is not after its iat"),
        ({"iat": NOW + 30, "exp": NOW + 30}, "exp is not after its iat"),
        ({"exp": math.nan}, "exp is not a number"),
        ({"exp": math.inf}, "exp is not a number"),
        ({"nbf": -math.inf}, "nbf is not a number"),
        ({"iat": math.nan}, "iat is not a number"),
        ({"iat": True}, "iat is not a number"),
        ({"iat": 10**400}, "iat is not a number"),
        ({"iat": NOW + 100}, "iat is in the future"),
        ({"nbf": NOW + 100}, "nbf is in the future"),
        ({"iat": None}, "iat is missing"),
        ({"exp": "1800000000"}, "exp is not a number"),
        ({"nbf": True}, "nbf is not a number"),
        ({"jti": None}, "jti"),
        ({"jti": 7}, "jti"),
    ],
)
def test_reasons(claims, word):
    """A correctly signed token that breaks a rule is refused with that rule as the reason."""
    with pytest.raises(FaultyToken, match=word):
        check(signed(**claims), PUBLIC_KEY, NOW)


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
@pytest.mark.parametrize("claims", [{"iat": NOW + 100}, {"exp": NOW + 2 * DAY}, {"jti": None}, {"exp": NOW - 99}])
def test_without_the_key(key, claims):
    """A token that breaks a rule is refused without the key of its application; others lead to it."""
    assert application_if_valid(signed(key), NOW) == "x"
    with pytest.raises(FaultyToken):
        application_if_valid(signed(key, **claims), NOW)


def test_short_lives():
    """A token may be as short-lived as its caller likes, if it ends after it was issued."""
    check(signed(exp=NOW + 1), PUBLIC_KEY, NOW)
    check(signed(iat=NOW - 0.5, exp=NOW), PUBLIC_KEY, NOW)


def test_expired_by_default():
    """A token without exp is refused with a reason that says how long such a token is valid."""
    with pytest.raises(ExpiredToken, match=f"without exp it is valid for {LIFE} seconds"):
        check(signed(iat=NOW - LIFE - 100), PUBLIC_KEY, NOW)


@pytest.mark.parametrize("claims", [{}, {"iat": NOW + 100}, {"exp": NOW + 2 * DAY}, {"jti": None}, {"exp": NOW - 99}])
def test_the_signature_comes_first(claims):
    """With the key at hand, a wrong signature is the first fault."""
    with pytest.raises(InvalidToken) as refused:
        check(signed(key=OTHER_KEY, **claims), PUBLIC_KEY, NOW)
    assert not isinstance(refused.value, FaultyToken)
