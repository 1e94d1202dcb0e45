"""Which status callbacks are genuine: signed by the vendor, with a secret that can be rotated (F14, F20)."""

import json
import math
import time

import boto3
import pytest

from tests.examples import ID
from tests.functions.conftest import callback
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
def test_forged(world, callbacks, racing, signals, event):
    """F14: a forged callback is answered 401, and nothing is written."""
    before = world.items()
    answer = callbacks.handler(event, None)
    assert answer["statusCode"] == 401
    assert body_of(answer)["type"].endswith("#invalid-signature")
    assert world.items() == before
    assert not signals


@pytest.mark.decision("Incoming status callbacks")
def test_unsigned(world, callbacks, racing):
    """F14: an unsigned callback is answered 503, because a signed one follows; nothing is written."""
    before = world.items()
    answer = callbacks.handler(callback_event(callback("read"), authorization=""), None)
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
def test_genuine_callbacks_are_counted(world, callbacks, racing, output, event, counted):
    """Every signed callback is counted for `receipts-missing`, readable or not: it shows that the vendor reaches us."""
    callbacks.handler(event, None)
    assert output().count('"GenuineReceipts":[1.0]') == counted


NEW = "rotated-signature-secret-of-some-length"


def rotate(callbacks, **secrets):
    """Rotate the secret and advance the clock until the function may read it again."""
    boto3.client("secretsmanager").put_secret_value(SecretId="signature", SecretString=json.dumps(secrets))
    later(callbacks.outside.signature_secret, 20)


def test_rotated_signature_secret(world, callbacks, racing, signals):
    """F20: after a rotation the first callback with the new secret is genuine."""
    callbacks.handler(callback_event(callback("submitted")), None)
    rotate(callbacks, signature_secret=NEW)
    assert callbacks.handler(callback_event(callback("read"), secret=NEW), None)["statusCode"] == 200


def test_both_signature_secrets_while_they_overlap(world, callbacks, racing, signals):
    """F20: a callback signed before the rotation is genuine after it; one signed with a third secret is not."""
    callbacks.handler(callback_event(callback("submitted")), None)
    rotate(callbacks, signature_secret=NEW, previous_signature_secret=SIGNATURE_SECRET)
    for status, secret in (("delivered", NEW), ("read", SIGNATURE_SECRET)):
        assert callbacks.handler(callback_event(callback(status), secret=secret), None)["statusCode"] == 200
    assert world.read(ID).status == "completed"
    assert callbacks.handler(callback_event(callback("read"), secret=NEW + "x"), None)["statusCode"] == 401


def test_the_overlap_ends(world, callbacks, racing, signals):
    """Once the previous secret is removed, callbacks signed with it are forged."""
    rotate(callbacks, signature_secret=NEW)
    assert callbacks.handler(callback_event(callback("read"), secret=SIGNATURE_SECRET), None)["statusCode"] == 401


def test_secrets_manager_is_down(world, callbacks, racing, signals):
    """A secret read once stays valid while Secrets Manager is unavailable."""
    callbacks.handler(callback_event(callback("submitted")), None)
    reachable = unreachable(callbacks.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    later(callbacks.outside.signature_secret, 400)
    assert callbacks.handler(callback_event(callback("read")), None)["statusCode"] == 200
    reachable()


def test_rotated_while_secrets_manager_is_down(world, callbacks, racing, signals):
    """A callback that may be signed with a secret that cannot be read yet is answered 503, and counts when repeated."""
    callbacks.handler(callback_event(callback("submitted")), None)
    event = callback_event(callback("read"), secret=NEW)
    reachable = unreachable(callbacks.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    later(callbacks.outside.signature_secret, 20)
    assert callbacks.handler(event, None)["statusCode"] == 503
    assert callbacks.handler(event, None)["statusCode"] == 503
    reachable()
    rotate(callbacks, signature_secret=NEW)
    later(callbacks.outside.signature_secret, 20)
    assert callbacks.handler(event, None)["statusCode"] == 200
    assert world.read(ID).status == "completed"


def test_forgeries_while_secrets_manager_is_down(callbacks, racing):
    """While the secret cannot be read, forgeries are answered 503 too, and all of them cost one attempt to read it."""
    callbacks.handler(callback_event(callback("submitted")), None)
    readings = calls_of(callbacks.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    unreachable(callbacks.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    later(callbacks.outside.signature_secret, 20)
    forged = [callback_event(callback("read"), authorization="Bearer x") for _ in range(4)]
    assert [callbacks.handler(event, None)["statusCode"] for event in forged] == [503] * 4
    assert len(readings) == 1


def test_forgeries_do_not_hammer_secrets_manager(callbacks, racing):
    """After the first read of the secret, forged callbacks cause at most one in ten seconds."""
    callbacks.handler(callback_event(callback("submitted")), None)
    readings = calls_of(callbacks.outside.signature_secret.client, "secrets-manager.GetSecretValue")
    for _ in range(5):
        callbacks.handler(callback_event(callback("read"), authorization="Bearer x"), None)
    assert len(readings) == 1
