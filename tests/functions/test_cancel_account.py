"""The command `cancel_workflows`: all that runs of one account ends, and nothing else (docs/runbooks.md)."""

from dataclasses import replace

import pytest

from failover.adapters import aws
from failover.use_cases.callers import stopping
from failover.use_cases.callers.commands import CommandRefused
from tests.acts import claim, lived, sent, status
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.functions.conftest import numbered, send_or_wait
from tests.world import load, template, unreachable

OTHER = "bbbb2222"
RUNNING = [(), (claim(0),), (sent(0),), (sent(0), status(0, "rejected"))]


@pytest.fixture
def accounts(world):
    """The function, whose clock is ahead by what it has slept."""
    function = load("accounts")
    real, slept = function.outside.now, []
    function.outside.now = lambda: real() + int(sum(slept) * 1000)
    function.outside.sleep = slept.append
    return function


@pytest.fixture
def command(world, accounts):
    def command(action="cancel_workflows", **more):
        return accounts.handler({"action": action, "api_key": world.api_key, **more}, None)

    return command


@pytest.fixture
def running(world):
    """Store so many running workflows of the account, the first one the oldest. Returns their ids."""

    def running(many, account=None, **more):
        flows = [
            replace(lived(*RUNNING[n % len(RUNNING)]), id=numbered(n), created_at=NOW + n, **more) for n in range(many)
        ]
        return [world.put(replace(flow, account=account or world.api_key), [MESSENGER, SMS]).id for flow in flows]

    return running


@pytest.fixture
def cancelled(world):
    """How many of these workflows are cancelled; each has one end."""

    def cancelled(ids):
        found = [world.read(one) for one in ids]
        for flow in found:
            assert [entry["event"] for entry in flow.timeline].count("cancelled") == (flow.status == "cancelled")
        return sum(flow.status == "cancelled" for flow in found)

    return cancelled


def answer(world, number, **more):
    known = {"api_key": world.api_key, "disabled_at": None, "unreadable": [], "cursor": None, "complete": True}
    return {**known, "cancelled": number, **more}


def test_all_that_runs(world, command, running, cancelled, output):
    """Every running workflow of the account is cancelled, whatever its step does; nothing else changes."""
    ids = running(4)
    over = world.put(replace(lived(sent(0), status(0, "read")), account=world.api_key), [MESSENGER, SMS])
    theirs = world.put(replace(workflow(*TWO_STEPS), id=numbered(9), account=OTHER), [MESSENGER, SMS])
    assert command() == answer(world, 4)
    assert cancelled(ids) == 4
    assert (world.read(over.id), world.read(theirs.id)) == (over, theirs)
    assert output().count('"WorkflowsCancelled":[1.0]') == 4


def test_again(world, command, running):
    """The same command again finds nothing to cancel and writes nothing."""
    running(3)
    command()
    before = world.items()
    assert command() == answer(world, 0)
    assert world.items() == before


def test_signalled(command, running, signals):
    """A race that waits is ended, as by a customer's cancel."""
    running(1, task_token="token")
    command()
    assert signals == [("token", "ConditionMet")]


def test_disabled(world, command, running):
    """The answer says since when the account is disabled: until then its customer may post more."""
    running(1)
    disabled_at = command("disable_account")["disabled_at"]
    assert command() == answer(world, 1, disabled_at=disabled_at)


def test_pages(world, command, running, cancelled, monkeypatch):
    """One command goes through all pages while there is time."""
    monkeypatch.setattr(stopping, "LARGEST_LIMIT", 2)
    ids = running(5)
    assert command() == answer(world, 5)
    assert cancelled(ids) == 5


def test_time_is_up(world, accounts, command, running, cancelled, monkeypatch):
    """After half a minute the command answers with a cursor, with which the next one goes on."""
    monkeypatch.setattr(stopping, "LARGEST_LIMIT", 2)
    ids = running(5)
    page = accounts.outside.listing.page

    def slow(*arguments):
        accounts.outside.sleep(20)
        return page(*arguments)

    monkeypatch.setattr(accounts.outside.listing, "page", slow)
    first = command()
    assert (first["cancelled"], first["complete"], cancelled(ids)) == (4, False, 4)
    assert command(cursor=first["cursor"]) == answer(world, 1)
    assert cancelled(ids) == 5


def test_ends_before_its_timeout():
    """A command that begins its last page late has as long again for it."""
    timeout = template()["Resources"]["Accounts"]["Properties"]["Timeout"]
    assert timeout * 1000 >= 2 * stopping.CANCELS_FOR


def test_twins(command, running, cancelled, monkeypatch):
    """Two commands at once cancel each workflow once, and count it once."""
    one_write_at_a_time(monkeypatch)
    ids, answers = running(8), []
    at_once(*[lambda: answers.append(command())] * 2)
    assert (sum(one["cancelled"] for one in answers), cancelled(ids)) == (8, 8)
    assert [one["complete"] for one in answers] == [True, True]


def test_a_send_under_way(world, command, messages, outside):
    """A message whose request has begun goes out and is recorded; no step follows it."""
    world.put(replace(workflow(*TWO_STEPS), account=world.api_key), [MESSENGER, SMS])
    messages.meanwhile = lambda _: command()
    send_or_wait(outside, "messenger", ID, 0)
    flow = world.read(ID)
    assert (flow.status, flow.steps[0].phase) == ("cancelled", "sent")
    messages.meanwhile = None
    send_or_wait(outside, "sms", ID, 1)
    assert (len(messages.requests), world.read(ID)) == (1, flow)


def test_aws_is_busy(world, accounts, command, running, cancelled):
    """If writes fail for now, the answer is not complete, and its cursor leads to the same page."""
    ids = running(3)
    back = unreachable(accounts.outside.table.client, "dynamodb.PutItem", after=1)
    assert command() == answer(world, 1, complete=False)
    back()
    assert command() == answer(world, 2)
    assert cancelled(ids) == 3


def test_a_failure(accounts, command, running, cancelled, monkeypatch):
    """A failure of another kind ends the command, and the next one cancels the rest."""
    ids, read = running(3), accounts.outside.store.read

    def broken(workflow_id):
        if workflow_id == ids[1]:
            raise aws.AwsError("dynamodb", "AccessDeniedException")
        return read(workflow_id)

    monkeypatch.setattr(accounts.outside.store, "read", broken)
    with pytest.raises(accounts.RegistrationFailed):
        command()
    monkeypatch.undo()
    assert command()["complete"]
    assert cancelled(ids) == 3


def test_unreadable(world, command, running, cancelled):
    """A record that cannot be read is named, and does not keep the others from being cancelled."""
    ids = running(3)
    key = {"pk": {"S": f"workflow#{ids[1]}"}, "sk": {"S": "state"}}
    world.client.update_item(TableName=world.table, Key=key, UpdateExpression="REMOVE steps")
    assert command() == answer(world, 2, unreadable=[ids[1]])
    assert cancelled([ids[0], ids[2]]) == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"api_key": "00000000"}, "no such account"), ({"cursor": "1"}, "cursor: "), ({"cursor": 1}, "cursor: ")],
    ids=str,
)
def test_refused(world, command, running, fields, words):
    """A command for an account that does not exist, or with a cursor of something else, changes nothing."""
    running(1)
    before = world.items()
    with pytest.raises(CommandRefused, match=words):
        command(**fields)
    assert world.items() == before
