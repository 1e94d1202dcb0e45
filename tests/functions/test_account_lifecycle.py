"""What operators see of accounts and applications, and what ends them: disabling and deleting."""

import base64
import json

import boto3
import pytest

from failover.adapters import callers
from failover.adapters.callers import Callers
from failover.use_cases.callers.commands import CommandRefused
from tests.examples import ID, SMS, request
from tests.functions.conftest import ended, set_status_url, task_of
from tests.functions.test_authentication import KEY, OTHER_KEY, public_pem, token
from tests.messages_server import MessagesServer
from tests.world import ROOT, body_of, load

NOW = 1_800_000_000_000


@pytest.fixture
def accounts(world):
    return load("accounts")


@pytest.fixture
def command(world, accounts):
    """Carry out a command, of the tests' account unless it names another or none."""

    def command(action, **more):
        of = {} if action in ("create_account", "list_accounts") else {"api_key": world.api_key}
        return accounts.handler({"action": action, **of, **more}, None)

    return command


@pytest.fixture
def application(command):
    """An application of the tests' account."""
    return command("create_application", name="app", public_key=public_pem(KEY))["application_id"]


@pytest.fixture
def post(call):
    """The status of the answer to a POST with an Authorization header."""
    return lambda authorization: call("POST", "/workflows", request(SMS), Authorization=authorization)["statusCode"]


def registry(world):
    items = boto3.client("dynamodb").scan(TableName=world.table)["Items"]
    return sorted(item["pk"]["S"] for item in items if item["pk"]["S"].startswith("registry#"))


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 100])
def test_list(world, command, limit):
    """Pages hold every account once, ordered by key, and the last one has no cursor."""
    keys = sorted([world.api_key, *(command("create_account", name=f"shop {n}")["api_key"] for n in range(5))])
    pages, cursor = [], None
    while not pages or cursor:
        page = command("list_accounts", limit=limit, cursor=cursor)
        pages.append([account["api_key"] for account in page["accounts"]])
        cursor = page["cursor"]
    assert [key for page in pages for key in page] == keys
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


@pytest.mark.parametrize("limit", [0, 101, "x", 1.5])
def test_limit_of_a_list(command, limit):
    """A page has 1 to 100 accounts: as many as DynamoDB reads at once."""
    with pytest.raises(CommandRefused, match="limit: Should be 1 to 100 accounts"):
        command("list_accounts", limit=limit)


def test_show(world, accounts, command, monkeypatch):
    """An account is shown with all its applications, and nothing that lets in, signs or proves."""
    monkeypatch.setattr(callers, "MOST_AT_ONCE", 2)
    accounts.outside.now = lambda: NOW
    secret = command("rotate_secret", overlap_hours=1)["api_secret"]
    ids = sorted(command("create_application", name="app", public_key=public_pem(KEY))["application_id"] for _ in "123")
    other = command("create_account", name="other")["api_key"]
    command("create_application", api_key=other, name="theirs", public_key=public_pem(KEY))
    set_status_url(world, "https://shop.test/status")
    shown = command("show_account")
    assert [one.pop("application_id") for one in shown["applications"]] == ids
    (application,) = {tuple(one.items()) for one in shown.pop("applications")}
    times = {"created_at": "2027-01-15T08:00:00.000Z", "status_url": None, "disabled_at": None}
    assert dict(application) == {"name": "app", **times}
    created_at = shown.pop("created_at")
    assert created_at < "2027"
    assert shown == {
        "api_key": world.api_key,
        "name": "tests",
        "status_url": "https://shop.test/status",
        "disabled_at": None,
        "workflows_per_second": None,
        "secrets": [{"expires_at": "2027-01-15T09:00:00.000Z"}, {"expires_at": None}],
    }
    (listed,) = [one for one in command("list_accounts")["accounts"] if one["api_key"] == world.api_key]
    assert listed == {**{name: value for name, value in shown.items() if name != "secrets"}, "created_at": created_at}
    assert secret not in str(shown)
    accounts.outside.now = lambda: NOW + 3_600_000
    assert command("show_account")["secrets"] == [{"expires_at": None}], "one that has expired is not valid"


@pytest.mark.parametrize("act", ["show_account", "disable_account", "enable_account", "delete_account"])
def test_no_such_account(command, act):
    """A key that no account has is refused."""
    with pytest.raises(CommandRefused, match=r"^api_key: there is no such account$"):
        command(act, api_key="00000000")


def test_an_account_of_an_earlier_version(world, command):
    """An account that is in no list, because an earlier version made it, is listed once it changes."""
    table = boto3.client("dynamodb")
    entry = {"pk": {"S": "registry#accounts"}, "sk": {"S": world.api_key}}
    table.delete_item(TableName=world.table, Key=entry)
    assert command("list_accounts")["accounts"] == []
    command("remove_status_url")
    assert [one["api_key"] for one in command("list_accounts")["accounts"]] == [world.api_key]


@pytest.mark.parametrize("of_application", [False, True])
def test_removed_status_url(world, command, application, of_application):
    """A `status_url` can be removed, and there being none is no failure."""
    set_status_url(world, "https://shop.test/account")
    set_status_url(world, "https://shop.test/application", application_id=application)
    of = {"application_id": application} if of_application else {}
    for _ in range(2):
        answer = command("remove_status_url", **of)
        assert answer == {**(of or {"api_key": world.api_key}), "status_url": None}
    left = command("show_account")
    assert (left["status_url"] is None) == (not of_application)
    assert (left["applications"][0]["status_url"] is None) == of_application


def wrong(basic):
    """The header with another secret."""
    api_key, _, secret = base64.b64decode(basic.removeprefix("Basic ")).decode().partition(":")
    return "Basic " + base64.b64encode(f"{api_key}:{secret[::-1]}".encode()).decode()


def test_disabled_account(world, command, application, call, output):
    """The secrets of a disabled account, and its applications' tokens, get the answer that wrong ones get."""

    def answers():
        for authorization in (world.basic, wrong(world.basic), token(application), token(application, key=OTHER_KEY)):
            answer = call("GET", "/workflows", Authorization=authorization)
            yield answer["statusCode"], body_of(answer) | {"instance": ""}

    assert [status for status, _ in answers()] == [200, 401, 200, 401]
    disabled = command("disable_account")
    assert disabled == {"api_key": world.api_key, "disabled_at": command("show_account")["disabled_at"]}
    assert len({str(answer) for answer in answers()}) == 1
    assert command("disable_account") == disabled
    assert "the account is disabled" in output()
    assert command("enable_account") == {"api_key": world.api_key, "disabled_at": None}
    assert [status for status, _ in answers()] == [200, 401, 200, 401]
    assert command("enable_account")["disabled_at"] is None


def test_disabled_application(world, command, application, post):
    """The tokens of a disabled application are refused; its account and the account's other applications go on."""
    other = command("create_application", name="other", public_key=public_pem(OTHER_KEY))["application_id"]
    of_other = token(other, key=OTHER_KEY)
    command("disable_application", application_id=application)
    assert [post(one) for one in (token(application), of_other, world.basic)] == [401, 202, 202]
    assert sum(one["disabled_at"] is not None for one in command("show_account")["applications"]) == 1
    command("enable_application", application_id=application)
    assert post(token(application)) == 202


def test_webhooks_of_a_disabled_account(world, customer, command, deliver):
    """What an account has posted goes on while it is disabled, and its webhooks are delivered."""
    ended(world)
    command("disable_account")
    deliver(task_of(world))
    assert len(customer.requests) == 1


def test_deleted_application(world, command, application, post, deliver):
    """A deleted application's tokens are refused, and its webhooks go only where their requests said."""
    listening = MessagesServer()
    set_status_url(world, f"{listening.url}/status", application_id=application)
    ended(world, application=application)
    assert command("delete_application", application_id=application) == {"application_id": application}
    assert post(token(application)) == 401
    assert world.callers.find_application(application) is None
    assert command("show_account")["applications"] == []
    deliver(task_of(world, application=application))
    assert listening.requests == []
    assert registry(world) == ["registry#accounts"]
    with pytest.raises(CommandRefused, match="no such application"):
        command("delete_application", application_id=application)
    listening.close()


def test_deleted_account(world, customer, command, application, post, deliver):
    """Only a disabled account without applications is deleted; then nothing of it is left, and no webhook goes out."""
    ended(world)
    with pytest.raises(CommandRefused, match="enabled; disable it first"):
        command("delete_account")
    command("disable_account")
    with pytest.raises(CommandRefused, match="has applications; delete them first"):
        command("delete_account")
    command("delete_application", application_id=application)
    assert command("delete_account") == {"api_key": world.api_key}
    assert command("list_accounts")["accounts"] == []
    assert world.callers.find_account(world.api_key) is None
    assert registry(world) == []
    assert post(world.basic) == 401
    deliver(task_of(world))
    assert customer.requests == []
    assert world.read(ID).account == world.api_key, "the workflow's record is kept"


def test_an_application_whose_account_is_gone(world, application, post):
    """A token is refused where its application's account is gone."""
    world.callers.delete(world.callers.find_account(world.api_key))
    assert post(token(application)) == 401


def meanwhile(monkeypatch, method, act):
    """Let something happen right after a method of Callers has read."""
    read = getattr(Callers, method)

    def overtaken(self, *arguments):
        found = read(self, *arguments)
        monkeypatch.setattr(Callers, method, read)
        act()
        return found

    monkeypatch.setattr(Callers, method, overtaken)


def test_an_application_that_is_added_while_its_account_is_deleted(world, command, monkeypatch):
    """An account is not deleted when an application was added after its applications were read."""
    command("disable_account")
    meanwhile(
        monkeypatch, "applications", lambda: command("create_application", name="app", public_key=public_pem(KEY))
    )
    with pytest.raises(CommandRefused, match="send this one again"):
        command("delete_account")
    assert len(command("show_account")["applications"]) == 1


def test_an_account_that_is_deleted_while_an_application_is_added(world, command, monkeypatch):
    """No application is added to an account that is gone."""
    command("disable_account")
    meanwhile(monkeypatch, "find_account", lambda: command("delete_account"))
    with pytest.raises(CommandRefused, match="send this one again"):
        command("create_application", name="app", public_key=public_pem(KEY))
    assert world.items() == []
    assert registry(world) == []


@pytest.mark.parametrize("first", ["enable_account", "rotate_secret"])
def test_an_account_that_changes_while_it_is_deleted(world, command, monkeypatch, first):
    """An account that another command has changed meanwhile is not deleted."""
    command("disable_account")
    meanwhile(monkeypatch, "find_account", lambda: command(first))
    with pytest.raises(CommandRefused, match="send this one again"):
        command("delete_account")
    assert command("show_account")["api_key"] == world.api_key


COMMANDS = {
    "rotate_secret": {},
    "rotate_signature_secret": {},
    "set_limit": {"workflows_per_second": 7},
    "set_status_url": {"status_url": "https://shop.test/status"},
    "remove_status_url": {},
    "set_public_key": {"public_key": public_pem(OTHER_KEY)},
    "disable_application": {},
    "enable_application": {},
    "delete_application": {},
    "disable_account": {},
    "enable_account": {},
}


def test_every_change_is_logged(world, command, application, output):
    """After a restore the log says which commands to repeat: each that changes something has a documented line."""
    page = (ROOT / "docs/restore.md").read_text()
    for number, (action, more) in enumerate(COMMANDS.items(), start=1):
        of = {"application_id": application} if action.endswith(("_application", "_key")) else {}
        command(action, **of, **more)
        lines = [json.loads(line) for line in output().splitlines()]
        lines = [line for line in lines if line["message"] != "command"]  # what was asked; these are what changed
        assert len(lines) == number, action
        assert lines[-1].get("application_id", lines[-1].get("api_key")) == of.get("application_id", world.api_key)
        assert f"`{lines[-1]['message']}`" in page, action
