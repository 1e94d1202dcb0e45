"""Every command of `accounts` leaves one line in the log: docs/permissions.md, "Who gave which command"."""

import json
from contextlib import suppress
from types import SimpleNamespace

import pytest

from failover.use_cases.callers.commands import CommandRefused
from tests.tokens import KEY, public_pem
from tests.world import load

ON_EVERY_LINE = {"level", "location", "message", "timestamp", "service"}
CONTEXT = SimpleNamespace(aws_request_id="7aebcd0f-cda1-41e4-aaa2-e356da31e4ff")


@pytest.fixture
def accounts(world):
    return load("accounts")


@pytest.fixture
def logged(accounts, output):
    """Give a command, and return its answer, or None, and its line without what every line has."""

    def logged(event, failing=()):
        before = len(commands(output()))
        answer = None
        with suppress(failing):
            answer = accounts.handler(event, CONTEXT)
        (line,) = commands(output())[before:]
        return answer, {name: value for name, value in line.items() if name not in ON_EVERY_LINE}

    return logged


def commands(log):
    """The lines of commands."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("message") == "command"]


def line(action, outcome="done", **ids):
    named = {"action": action} if action else {}
    return {**named, **ids, "outcome": outcome, "request_id": CONTEXT.aws_request_id}


def test_done(world, logged):
    """The line names the action, the account, the application, and the id under which CloudTrail has who asked."""
    answer, written = logged({"action": "create_account", "name": "shop"})
    assert written == line("create_account", api_key=answer["api_key"])
    key = {"name": "app", "public_key": public_pem(KEY)}
    answer, written = logged({"action": "create_application", "api_key": world.api_key, **key})
    assert written == line("create_application", api_key=world.api_key, application_id=answer["application_id"])
    _, written = logged({"action": "list_accounts"})
    assert written == line("list_accounts")


def test_refused(world, logged):
    """A refused command is logged too, with the account that it named."""
    event = {"action": "delete_account", "api_key": world.api_key}
    assert logged(event, CommandRefused)[1] == line("delete_account", "refused", api_key=world.api_key)


def test_failed(world, accounts, logged, monkeypatch):
    """A command that failed is logged as such: it may have taken effect."""

    def broken(*_):
        raise KeyError("private words")

    monkeypatch.setattr(accounts.outside.callers, "find_account", broken)
    event = {"action": "disable_account", "api_key": world.api_key}
    assert logged(event, accounts.RegistrationFailed)[1] == line("disable_account", "failed", api_key=world.api_key)


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "create_account",
        {"action": "447700900123"},
        {"action": ["create_account"]},
        {"action": "drop", "api_key": "447700900123", "application_id": {"to": "ACME"}},
    ],
    ids=str,
)
def test_foreign_words(logged, event):
    """Words that are neither a command nor one of our ids stay out of the log."""
    assert logged(event, CommandRefused)[1] == line(None, "refused")


def test_no_secret(world, logged):
    """The line has no secret, though the answer has."""
    answer, written = logged({"action": "rotate_secret", "api_key": world.api_key})
    assert answer["api_secret"] not in json.dumps(written)
    assert written == line("rotate_secret", api_key=world.api_key)
