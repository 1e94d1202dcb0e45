"""Which status callbacks are genuine: signed by the vendor, with a secret that rotates (faults F14 and F20)."""

import json
import math
import time

import boto3
import pytest

from tests.examples import ID
from tests.functions.test_message_status import UUID, app, callback, sent, told  # noqa: F401
from tests.world import SIGNATURE_SECRET, body_of, callback_event, calls_of, later, unreachable


@pytest.mark.decision("Incoming status callbacks")
@pytest.mark.parametrize(
    "event",
    [
        callback_event(callback("read"), secret="another-secret-of-sufficient-length"),
        callback_event(callback("read"), payload_hash="0" * 64),
        callback_event(callback("read"), payload_hash=None),
        callback_event(callback("read"), iat=int(time.time()) - 26 * 3600),
        callback_event(callback("read"), iat=math.nan),
        callback_event(callback("read"), iat=10**400),
        callback_event(callback("read"), authorization="Bearer x"),
        callback_event(callback("read"), authorization="Basic eDp5"),
    ],
)
def test_forged(world, app, sent, told, event):  # noqa: F811
    """F14: a forged callback is 401, and nothing is written."""
    before = world.items()
    answer = app.handler(event, None)
    assert answer["statusCode"] == 401
    assert body_of(answer)["type"].endswith("#invalid-signature")
    assert world.items() == before
    assert not told


@pytest.mark.decision("Incoming status callbacks")
def test_unsigned(world, app, sent):  # noqa: F811
    """F14: an unsigned callback is 503, because a signed one follows; nothing is written."""
    before = world.items()
    answer = app.handler(callback_event(callback("read"), authorization=""), None)
    assert answer["statusCode"] == 503
    assert answer["multiValueHeaders"]["Retry-After"]
    assert world.items() == before


@pytest.mark.parametrize(
    ("event", "counted"),
    [
        (callback_event(callback("submitted")), 1),
        (callback_event({"status": "odd"}), 1),
        (callback_event(callback("read"), payload_hash="0" * 64), 0),
        (callback_event(callback("read"), authorization=""), 0),
    ],
    ids=["status", "unreadable", "forged", "unsigned"],
)
def test_genuine_callbacks_are_counted(world, app, sent, output, event, counted):  # noqa: F811
    """`receipts-missing` knows by every signed callback, readable or not, that the vendor reaches this stack."""
    app.handler(event, None)
    assert output().count('"GenuineReceipts":[1.0]') == counted


NEW = "rotated-signature-secret-of-some-length"


def rotate(app, **secrets):  # noqa: F811
    """Put a new value, and let the function's patience pass."""
    boto3.client("secretsmanager").put_secret_value(SecretId="signature", SecretString=json.dumps(secrets))
    later(app.outside.signature_secret, 20)


def test_rotated_signature_secret(world, app, sent, told):  # noqa: F811
    """F20: after a rotation the first callback with the new secret is genuine."""
    app.handler(callback_event(callback("submitted")), None)
    rotate(app, signature_secret=NEW)
    assert app.handler(callback_event(callback("read"), secret=NEW), None)["statusCode"] == 200


def test_both_signature_secrets_while_they_overlap(world, app, sent, told):  # noqa: F811
    """F20: a callback that was signed before the rotation, and comes after it, is genuine; a third secret's is not."""
    app.handler(callback_event(callback("submitted")), None)
    rotate(app, signature_secret=NEW, previous_signature_secret=SIGNATURE_SECRET)
    for status, secret in (("delivered", NEW), ("read", SIGNATURE_SECRET)):
        assert app.handler(callback_event(callback(status), secret=secret), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"
    assert app.handler(callback_event(callback("read"), secret=NEW + "x"), None)["statusCode"] == 401


def test_the_overlap_ends(world, app, sent, told):  # noqa: F811
    """Once the secret before is taken away, what it signed is forged."""
    rotate(app, signature_secret=NEW)
    assert app.handler(callback_event(callback("read"), secret=SIGNATURE_SECRET), None)["statusCode"] == 401


def test_secrets_manager_is_down(world, app, sent, told):  # noqa: F811
    """A secret that was read once stays good while Secrets Manager is out of reach."""
    app.handler(callback_event(callback("submitted")), None)
    reachable = unreachable(app.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    later(app.outside.signature_secret, 400)
    assert app.handler(callback_event(callback("read")), None)["statusCode"] == 200
    reachable()


def test_rotated_while_secrets_manager_is_down(world, app, sent, told):  # noqa: F811
    """A callback that may be signed with a secret nobody can read yet is asked for again, and counts when it comes."""
    app.handler(callback_event(callback("submitted")), None)
    event = callback_event(callback("read"), secret=NEW)
    reachable = unreachable(app.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    later(app.outside.signature_secret, 20)
    assert app.handler(event, None)["statusCode"] == 503
    assert app.handler(event, None)["statusCode"] == 503
    reachable()
    rotate(app, signature_secret=NEW)
    later(app.outside.signature_secret, 20)
    assert app.handler(event, None)["statusCode"] == 200
    assert world.read(ID).status == "completed"


def test_forgeries_while_secrets_manager_is_down(app, sent):  # noqa: F811
    """Nobody can tell them from genuine ones then: they are to come again, and cost one attempt to read the secret."""
    app.handler(callback_event(callback("submitted")), None)
    readings = calls_of(app.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    unreachable(app.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    later(app.outside.signature_secret, 20)
    forged = [callback_event(callback("read"), authorization="Bearer x") for _ in range(4)]
    assert [app.handler(event, None)["statusCode"] for event in forged] == [503] * 4
    assert len(readings) == 1


def test_forgeries_do_not_hammer_secrets_manager(app, sent):  # noqa: F811
    """Forged callbacks cause at most one reading of the secret in ten seconds."""
    readings = calls_of(app.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    for _ in range(5):
        app.handler(callback_event(callback("read"), authorization="Bearer x"), None)
    assert len(readings) == 1
