"""Commands that create and change accounts and applications."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from vonage_jwt import verify_signature

from failover.adapters.callers import Callers, Outdated
from failover.rules.webhooks import signing
from failover.use_cases.callers.commands import CommandRefused
from tests.functions.conftest import ended, task_of
from tests.world import SIGNING_KEY, load, unreachable


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


RSA = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


HOUR = 3_600_000


@pytest.fixture
def app(world):
    return load("accounts")


@pytest.fixture
def register(app):
    return lambda event: app.handler(event, None)


@pytest.fixture
def refused(register):
    """Send a command that is refused and return the reason."""

    def refused(event):
        with pytest.raises(CommandRefused) as error:
            register(event)
        return str(error.value)

    return refused


@pytest.fixture
def application(world, register):
    """An application of the tests' account."""
    event = {"action": "create_application", "api_key": world.api_key, "name": "app", "public_key": RSA}
    return register(event)["application_id"]


def secret_in_use(world, now):
    """The secret that signs webhooks of the tests' account at `now`."""
    generations = world.callers.find_account(world.api_key).get("signatures", [])
    return signing.secret_of_account(SIGNING_KEY, world.api_key, signing.generation(generations, now))


def test_account(world, register, output):
    """An account's secrets are shown once: neither the table nor the log contains one in clear."""
    created = register({"action": "create_account", "name": "shop", "status_url": "https://shop.test/status"})
    assert set(created) == {"api_key", "api_secret", "signature_secret"}
    stored = world.callers.find_account(created["api_key"])
    assert stored["status_url"] == "https://shop.test/status"
    written = str(stored) + output()
    assert created["api_secret"] not in written
    assert created["signature_secret"] not in written


def test_signature_secrets_are_each_accounts_own(world, register):
    """Each account has its own signature secret, long enough for HS256."""
    secrets = {register({"action": "create_account", "name": "shop"})["signature_secret"] for _ in range(3)}
    assert len(secrets | {world.signature_secret}) == 4
    assert all(len(secret) >= 32 for secret in secrets)


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
        ({"action": "create_account", "name": "x", "status_url": "https://10.0.0.1/"}, "status_url"),
        ({"action": "create_account", "name": "x", "more": 1}, "more"),
        ({"action": "set_status_url", "api_key": "00000000", "status_url": "https://x.test"}, "api_key"),
        ({"action": "rotate_signature_secret", "api_key": "00000000"}, "api_key"),
        ({"action": "rotate_signature_secret", "api_key": "00000000", "in_hours": -1}, "in_hours"),
        ({"action": "rotate_signature_secret", "api_key": "00000000", "in_hours": 721}, "in_hours"),
        ({"action": "create_application", "api_key": "00000000", "name": "x", "public_key": RSA}, "api_key"),
    ],
)
def test_refused(world, refused, event, named):
    """An invalid command is refused with the name of the faulty field, and nothing is written."""
    assert named in refused(event)
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
def test_unfit_keys(world, refused, key):
    """RS256 requires an RSA key of at least 2048 bits."""
    event = {"action": "create_application", "api_key": world.api_key, "name": "app", "public_key": key}
    assert "public_key" in refused(event)
    assert not world.items()


def test_status_url_of_an_account(world, register):
    """An account's URL can be set and changed."""
    for url in ("https://shop.test/a", "https://shop.test/b"):
        event = {"action": "set_status_url", "api_key": world.api_key, "status_url": url}
        assert register(event) == {"api_key": world.api_key, "status_url": url}
        assert world.callers.find_account(world.api_key)["status_url"] == url


def test_status_url_of_an_application(world, register, application):
    """An application has its own URL; the account's is unchanged."""
    event = {"action": "set_status_url", "api_key": world.api_key, "application_id": application}
    shown = register({**event, "status_url": "https://shop.test/app"})
    assert shown == {"application_id": application, "status_url": "https://shop.test/app"}
    assert world.callers.find_application(application)["status_url"] == "https://shop.test/app"
    assert "status_url" not in world.callers.find_account(world.api_key)


def test_foreign_application(world, register, refused, application):
    """I6: an application of another account is answered like a missing one and is unchanged."""
    other = register({"action": "create_account", "name": "other"})["api_key"]
    stored = world.callers.find_application(application)
    missing = "0f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"
    for event in (
        {"action": "set_status_url", "api_key": other, "status_url": "https://evil.test"},
        {"action": "remove_status_url", "api_key": other},
        {"action": "set_public_key", "api_key": other, "public_key": RSA},
        {"action": "disable_application", "api_key": other},
        {"action": "enable_application", "api_key": other},
        {"action": "delete_application", "api_key": other},
    ):
        answers = [refused({**event, "application_id": asked}) for asked in (application, missing)]
        assert answers == ["application_id: this account has no such application"] * 2
    assert world.callers.find_application(application) == stored


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://secret.test", "https://u:p@secret.test", "https://10.0.0.1/secret", "https://secret.test:0"]
)
@pytest.mark.parametrize("of_application", [False, True])
def test_bad_status_url(world, refused, application, output, url, of_application):
    """A URL that no webhook may go to is refused with the name of its field, not quoted, and not stored."""
    event = {"action": "set_status_url", "api_key": world.api_key, "status_url": url}
    error = refused({**event, **({"application_id": application} if of_application else {})})
    assert error.startswith("status_url: ")
    assert "secret" not in error + output()
    assert "status_url" not in world.callers.find_account(world.api_key)
    assert "status_url" not in world.callers.find_application(application)


def overtaken_by(monkeypatch, **changes):
    """Let each account change as soon as it has been read."""
    find = Callers.find_account

    def overtaken(self, api_key):
        found = find(self, api_key)
        self.replace(found, **changes)
        return found

    monkeypatch.setattr(Callers, "find_account", overtaken)


@pytest.mark.parametrize("changes", [{"status_url": "https://shop.test/first"}, {"name": "another"}])
def test_changed_meanwhile(world, refused, monkeypatch, changes):
    """Of two simultaneous commands the second overwrites nothing and asks to be sent again."""
    overtaken_by(monkeypatch, **changes)
    event = {"action": "set_status_url", "api_key": world.api_key, "status_url": "https://shop.test/second"}
    assert "send this one again" in refused(event)
    monkeypatch.undo()
    account = world.callers.find_account(world.api_key)
    assert changes.items() <= account.items()
    assert account.get("status_url") != "https://shop.test/second"


def test_accounts_of_the_release_before(world, register):
    """An account created by a commit before 0.1.0, which has no version, can be changed like any other."""
    key = {"pk": {"S": f"account#{world.api_key}"}, "sk": {"S": "account"}}
    world.client.update_item(TableName=world.table, Key=key, UpdateExpression="REMOVE writes, version")
    for name in ("first", "second"):
        url = f"https://shop.test/{name}"
        shown = register({"action": "set_status_url", "api_key": world.api_key, "status_url": url})
        assert shown == {"api_key": world.api_key, "status_url": url}
        assert world.callers.find_account(world.api_key)["status_url"] == url


def test_an_account_that_is_gone(world):
    """A change does not restore an account deleted since it was read."""
    account = world.callers.find_account(world.api_key)
    key = {"pk": {"S": f"account#{world.api_key}"}, "sk": {"S": "account"}}
    world.client.delete_item(TableName=world.table, Key=key)
    with pytest.raises(Outdated):
        world.callers.replace(account, name="back")
    assert world.callers.find_account(world.api_key) is None


def test_rotated_signature_secret(world, app, register, output):
    """A new signature secret is shown before it is used: the old one signs until that time, the new one after."""
    now = 1_800_000_000_000
    app.outside.now = lambda: now
    shown = register({"action": "rotate_signature_secret", "api_key": world.api_key, "in_hours": 48})
    assert shown["in_use_from"] == "2027-01-17T08:00:00.000Z"
    assert shown["signature_secret"] != world.signature_secret
    assert secret_in_use(world, now + 48 * HOUR - 1) == world.signature_secret
    assert secret_in_use(world, now + 48 * HOUR) == shown["signature_secret"]
    assert shown["signature_secret"] not in str(world.callers.find_account(world.api_key)) + output()


def test_rotated_at_once(world, app, register):
    """A leaked secret is replaced at once, even if another one was announced."""
    now = 1_800_000_000_000
    app.outside.now = lambda: now
    event = {"action": "rotate_signature_secret", "api_key": world.api_key}
    announced = register(event)["signature_secret"]
    replaced = register({**event, "in_hours": 0})["signature_secret"]
    assert len({world.signature_secret, announced, replaced}) == 3
    assert secret_in_use(world, now) == secret_in_use(world, now + 25 * HOUR) == replaced


def test_no_secret_comes_into_use_untold(world, app, register):
    """If the new secret cannot be made, none is announced, and the old one goes on signing webhooks."""
    unreachable(app.outside.webhook_secret.client, "secrets-manager.GetSecretValue")
    with pytest.raises(Exception, match="see the log"):
        register({"action": "rotate_signature_secret", "api_key": world.api_key})
    assert "signatures" not in world.callers.find_account(world.api_key)


def test_signed_with_the_secret_in_use(world, app, register, customer, deliver, delivering):
    """A webhook is signed with the secret announced for its time."""
    ended(world)
    now = app.outside.now() - 2 * HOUR
    app.outside.now = lambda: now
    shown = register({"action": "rotate_signature_secret", "api_key": world.api_key, "in_hours": 1})
    for attempt, hours in ((1, 0), (2, 2)):
        delivering.outside.now = lambda hours=hours: now + hours * HOUR
        deliver(task_of(world, attempt=attempt))
    tokens = [request.headers["authorization"].removeprefix("Bearer ") for request in customer.requests]
    secrets = [world.signature_secret, shown["signature_secret"]]
    assert [[verify_signature(token, secret) for secret in secrets] for token in tokens] == [
        [True, False],
        [False, True],
    ]
