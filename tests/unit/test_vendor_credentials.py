"""The forms of our credentials for the Messages API, and the claims of its tokens."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from failover.adapters.sending import application_signature
from failover.rules.sending.vendor_credentials import Account, Application, UnusableCredentials, claims, read

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PKCS8 = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PKCS1 = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
ENCRYPTED = [
    KEY.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"password")).decode()
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
]
CURVE = (
    ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)
ACCOUNT = {"api_key": "abcd1234", "api_secret": "s3cret"}
APPLICATION = {"application_id": "78d335fa-323d-0114-9c3d-d6f0d48968cf", "private_key": PKCS8}


def test_account():
    """Key and secret give Basic authentication (RFC 7617); blanks and invisible characters around them are ignored."""
    assert read({"api_key": " abcd1234\n", "api_secret": "s3cret "}) == Account("abcd1234", "s3cret")
    assert read({"api_key": "\ufeffabcd1234\u200b", "api_secret": "\u200e s3\u00adcret"}) == read(ACCOUNT)
    assert read(ACCOUNT).authorization == "Basic YWJjZDEyMzQ6czNjcmV0"


@pytest.mark.parametrize(
    "written",
    [
        PKCS8,
        PKCS1,
        PKCS8.replace("\n", "\\n"),
        PKCS8.replace("\n", "\r\n"),
        PKCS8.replace("\n", "\\r\\n"),
        PKCS8.replace("\n", " "),
        PKCS8.replace("\n", ""),
        f"\n  {PKCS8}\n\n",
        PKCS8.replace("\n", "\\\\n"),
        PKCS8.replace("\n", "\\\\r\\\\n"),
        PKCS8.replace("\n", "\\\n"),
        PKCS8.replace("\n", "\\n\\t"),
        "\ufeff" + PKCS8.replace("\n", "\u200b\n").replace("PRIVATE", "PRI\u200dVATE"),
        PKCS8.replace(" ", "\u00a0"),
        PUBLIC + PKCS8,
        PKCS1 + PUBLIC,
        (PUBLIC + PKCS8).replace("\n", "\\n"),
        PUBLIC[:100] + PKCS8,
        PKCS8 + PKCS8,
    ],
    ids=[
        "PKCS 8",
        "PKCS 1",
        "escaped",
        "CRLF",
        "escaped CRLF",
        "one line",
        "no line",
        "blanks around",
        "escaped twice",
        "CRLF escaped twice",
        "continued lines",
        "tabs",
        "zero width",
        "no-break spaces",
        "after a public key",
        "before a public key",
        "escaped after a public key",
        "after half a public key",
        "twice",
    ],
)
def test_application(written):
    """A private key is read with line ends changed by a shell, a form or a file, and beside a public key."""
    application = read({**APPLICATION, "private_key": written})
    assert isinstance(application, Application)
    loaded = load_pem_private_key(application.private_key.encode(), None)
    assert loaded.private_numbers() == KEY.private_numbers()
    assert application_signature.public_key(application) == PUBLIC


def test_both():
    """With both forms present the application is used, because Basic has no webhooks."""
    assert read({**ACCOUNT, **APPLICATION}) == read(APPLICATION)
    assert read({**ACCOUNT, "application_id": "", "private_key": None}) == read(ACCOUNT)


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        ({}, "api_key is missing"),
        ({"api_key": "abcd1234"}, "api_secret is missing"),
        ({"api_key": "", "api_secret": "s3cret"}, "api_key is empty"),
        ({"api_key": 12345678, "api_secret": "s3cret"}, "api_key is not a string"),
        ({"api_key": "abcd:1234", "api_secret": "s3cret"}, "api_key has a colon"),
        ({**ACCOUNT, "application_id": "78d335fa"}, "private_key is missing"),
        ({**ACCOUNT, "private_key": PKCS8}, "application_id is missing"),
        ({**APPLICATION, "application_id": 7}, "application_id is not a string"),
        ({**APPLICATION, "private_key": "./private.key"}, "private_key is not in PEM"),
        ({**APPLICATION, "private_key": PKCS8[:300]}, "private_key is not in PEM"),
        ({**APPLICATION, "private_key": PUBLIC}, "private_key is not an RSA private key, or is encrypted"),
        ({**APPLICATION, "private_key": ENCRYPTED[0]}, "private_key is not an RSA private key, or is encrypted"),
        ({**APPLICATION, "private_key": ENCRYPTED[1]}, "private_key is encrypted, or not base64"),
        ({**APPLICATION, "private_key": [PKCS8]}, "private_key is not a string"),
        ({**APPLICATION, "private_key": "\u200b"}, "private_key is empty"),
        ({**APPLICATION, "private_key": PKCS8 + PKCS1}, "private_key holds more than one private key"),
        ([ACCOUNT], "the secret is not a JSON object"),
        ("s3cret", "the secret is not a JSON object"),
    ],
    ids=range(18),
)
def test_unusable(secret, fault):
    """The error for an unusable secret names the field without any value."""
    with pytest.raises(UnusableCredentials) as caught:
        read(secret)
    assert str(caught.value) == fault
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("private_key", "fault"),
    [(CURVE, "private_key is not an RSA key"), (PKCS8.replace("MII", "AAA", 1), "private_key cannot be read")],
    ids=["curve", "spoilt"],
)
def test_no_key(private_key, fault):
    """A well-formed PEM key that is not RSA fails when it signs."""
    with pytest.raises(UnusableCredentials, match=fault) as caught:
        application_signature.authorization(read({**APPLICATION, "private_key": private_key}), 0)
    assert caught.value.__cause__ is None


def test_no_secret_is_shown():
    """The text form of credentials, which an error may quote, has neither secret nor key."""
    shown = repr(read(ACCOUNT)) + repr(read(APPLICATION))
    assert "s3cret" not in shown
    assert "PRIVATE KEY" not in shown


def test_claims():
    """A token names its application, lives 15 minutes, and is valid at a vendor whose clock is a minute slow."""
    said = claims(read(APPLICATION), 1_000_000.9, "once")
    assert said == {
        "application_id": APPLICATION["application_id"],
        "iat": 1_000_000 - 60,
        "exp": 1_000_000 + 840,
        "jti": "once",
    }
    assert json.dumps(said)
