"""Registering callers."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.world import load


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


RSA = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def register(world):
    app = load("accounts")
    return lambda event: app.handler(event, None)


def test_account(world, register, output):
    """An account's secret is told once: the table has its hash, the log has nothing."""
    created = register({"action": "create_account", "name": "shop", "status_url": "https://shop.test/status"})
    assert set(created) == {"api_key", "api_secret", "signature_secret"}
    stored = world.callers.find_account(created["api_key"])
    assert stored["status_url"] == "https://shop.test/status"
    assert created["api_secret"] not in str(stored)
    assert created["api_secret"] not in output()


def test_application(world, register):
    """An application belongs to an account and has a public key."""
    event = {"action": "create_application", "api_key": world.api_key, "name": "app", "public_key": RSA}
    stored = world.callers.find_application(register(event)["application_id"])
    assert (stored["account"], stored["public_key"]) == (world.api_key, RSA)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({}, "action"),
        ([], "action"),
        ({"action": "destroy"}, "action"),
        ({"action": "create_account"}, "name"),
        ({"action": "create_account", "name": ""}, "name"),
        ({"action": "create_account", "name": "x", "status_url": "ftp://x"}, "status_url"),
        ({"action": "create_account", "name": "x", "more": 1}, "more"),
        ({"action": "create_application", "api_key": "00000000", "name": "x", "public_key": RSA}, "api_key"),
    ],
)
def test_refused(world, register, event, named):
    """A command that is none is refused by the name of what is wrong, and writes nothing."""
    assert named in register(event)["error"]
    assert not world.items()


@pytest.mark.parametrize(
    "key",
    [
        "x",
        RSA[:-40],
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
    ],
)
def test_unfit_keys(world, register, key):
    """RS256 wants an RSA key of at least 2048 bits."""
    event = {"action": "create_application", "api_key": world.api_key, "name": "app", "public_key": key}
    assert "public_key" in register(event)["error"]
    assert not world.items()
