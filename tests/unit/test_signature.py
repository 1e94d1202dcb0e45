import math

import jwt
import pytest

from failover.rules.receipts.callback_signature import LIFE, Forged, check, digest
from failover.rules.webhooks.signing import authorization, generation, with_new_generation

SECRET = "s" * 64
BODY = b'{"status":"delivered"}'
NOW = 1_800_000_000


def signed(secret=SECRET, algorithm="HS256", body=BODY, **changes):
    claims = {"iat": NOW, "jti": "x", "iss": "Vonage", "payload_hash": digest(body), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return "Bearer " + jwt.encode(claims, secret, algorithm=algorithm)


@pytest.mark.decision("Incoming status callbacks")
@pytest.mark.parametrize("age", [0, 60, 24 * 3600, LIFE, LIFE + 60, -60])
def test_genuine(age):
    """A callback is valid for 25 hours after iat, with a minute of tolerance at both ends."""
    check(signed(iat=NOW - age), BODY, SECRET, NOW)


@pytest.mark.parametrize("claims", [{"aud": "x"}, {"sub": 7}, {"jti": 7}, {"exp": 1}, {"nbf": 2**40}])
def test_other_claims(claims):
    """Unknown claims decide nothing."""
    check(signed(**claims), BODY, SECRET, NOW)


@pytest.mark.parametrize(
    "authorization",
    [
        signed(secret="t" * 64),
        signed(algorithm="HS512"),
        signed(secret=None, algorithm="none"),
        signed(body=b"another"),
        signed(payload_hash=None),
        signed(payload_hash=7),
        signed(payload_hash="é"),
        signed(payload_hash="\ud800"),
        signed(iat=None),
        signed(iat=NOW - LIFE - 61),
        signed(iat=NOW + 61),
        signed(iat=True),
        signed(iat=math.nan),
        signed(iat=math.inf),
        signed(iat=-math.inf),
        signed(iat="1800000000"),
        signed(iat=10**400),
        "Basic eDp5",
        "Bearer",
        "Bearer x.y.z",
        "Bearer \ud800.y.z",
        "Bearer é",
        "",
    ],
)
def test_forged(authorization):
    """A callback with another key, algorithm or body, without a hash, or out of its time is forged."""
    with pytest.raises(Forged):
        check(authorization, BODY, SECRET, NOW + 0.5)


@pytest.mark.parametrize("issued", [False, True])
def test_true_is_no_time(issued):
    """`true` and `false` are not timestamps, even when 1 and 0 would be valid."""
    check(signed(iat=int(issued)), BODY, SECRET, 1)
    with pytest.raises(Forged):
        check(signed(iat=issued), BODY, SECRET, 1)


def test_every_byte_counts():
    """Changing any byte of the body breaks the signature."""
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        with pytest.raises(Forged):
            check(signed(), changed, SECRET, NOW)


def test_every_character_of_the_token_counts():
    """Changing any character of the token's signed part breaks it."""
    token = signed()
    end = token.rindex(".")
    for place in range(len("Bearer "), end):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(Forged):
            check(token[:place] + other + token[place + 1 :], BODY, SECRET, NOW)


def test_early():
    """A webhook's token is dated a few seconds back, for a receiver whose clock is slow."""
    token = authorization(BODY, SECRET, NOW, "key", None, "jti").removeprefix("Bearer ")
    assert jwt.decode(token, options={"verify_signature": False})["iat"] == NOW - 5


def test_generations():
    """An account's current and future signature secrets are kept, however often it rotates."""
    generations: list[dict[str, int]] = []
    for hour in range(10):
        generations = with_new_generation(generations, hour, hour + 2)
    assert [entry["number"] for entry in generations] == [9, 10, 11]
    assert generation(generations, 9) == 9
    assert generation(generations, 11) == 11
