"""Erasure when something else happens: it dies anywhere, others write at the same time, AWS does not answer."""

import contextlib
import json

import boto3
import pytest
from botocore.client import BaseClient

from tests.acts import sent
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import ID, MESSENGER, NOW, SMS, changed, request
from tests.functions.conftest import ended, numbered, send_or_wait
from tests.functions.test_erasure import command, content, entries, erasing, ids, place, row_of
from tests.messages_server import accepted
from tests.world import HASHING_KEY, body_of, calls_of, hashes_of, later, unreachable

__all__ = ["command", "erasing"]  # fixtures


class Died(BaseException):
    """The process is gone."""


class Fate:
    """Kills the process at its call number `at` (from 0), or calls `meanwhile` just before it."""

    def __init__(self, monkeypatch, at, when="before", meanwhile=None):
        self.made = []
        original = BaseClient._make_api_call
        self._inside = False

        def call(client, operation, params):
            if self._inside:
                return original(client, operation, params)
            self.made.append(operation)
            mine = len(self.made) - 1 == at
            if mine and meanwhile:
                self._inside = True
                meanwhile()
                self._inside = False
            elif mine and when == "before":
                raise Died
            answer = original(client, operation, params)
            if mine and not meanwhile and when == "after":
                raise Died
            return answer

        monkeypatch.setattr(BaseClient, "_make_api_call", call)


def of_the(turn):
    """The recipient of the workflow of one turn of a test."""
    return {"type": "sms", "number": f"44770090{turn:04d}"}


def sms_of(turn):
    return changed(SMS, "to", of_the(turn))


def erasure(command, turn, answers):
    """An erasure of that recipient, which adds its answer to `answers`."""
    return lambda: answers.append(command("erase", of_the(turn)))


TURNS = range(40)
"""More than the calls of an erasure or a send."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_dies_anywhere(world, call, command, monkeypatch, when):
    """Wherever the process dies, the same command ends the erasure, and says what both of them did."""
    command("find")  # reads the secret
    made = []
    for turn in TURNS:
        body = request(MESSENGER, sms_of(turn))
        posted = body_of(call("POST", "/workflows", body, Idempotency_Key=f"key-{turn}"))["workflow_uuid"]
        (digest,) = [item["request"]["S"] for item in world.items() if item.get("workflow_id") == {"S": posted}]
        with monkeypatch.context() as dying, contextlib.suppress(Died):
            fate = Fate(dying, turn, when)
            command("erase", of_the(turn))
        row = row_of(command("erase", of_the(turn)))
        assert (row["workflow_uuid"], row["status"], row["content"]) == (posted, "cancelled", "dropped")
        assert row["cancelled"]
        assert content(world, posted) is None
        assert digest not in json.dumps(world.items())
        made = fate.made
        if len(made) <= turn:
            break
    assert {name for name in made if name not in ("GetItem", "Query")} == {
        "PutItem",
        "UpdateItem",
        "TransactWriteItems",
    }


def test_answers_get_lost(put, command, erasing, world):
    """An erasure whose last answer was lost is repeated with the same verdict."""
    put(sent(0))
    client = erasing.outside.table.client
    real = client.transact_write_items

    def lost(**arguments):
        real(**arguments)
        client.transact_write_items = real
        unreachable(client, "dynamodb.TransactWriteItems")
        return real(**arguments)

    client.transact_write_items = lost
    with pytest.raises(Exception, match="busy: repeat the command"):
        command("erase")
    row = row_of(command("erase"))
    assert (row["content"], row["cancelled"], row["erased_before"]) == ("dropped", True, True)


def test_a_twin(put, command, world, monkeypatch):
    """Of two erasures at once one does the work, whenever the other comes between; both say the same."""
    command("find")
    for turn in TURNS:
        put(sent(0), id=numbered(turn), content=(MESSENGER, sms_of(turn)))
        twins = []
        with monkeypatch.context() as racing:
            Fate(racing, turn, meanwhile=erasure(command, turn, twins))
            one = row_of(command("erase", of_the(turn)))
        assert content(world, numbered(turn)) is None
        if not twins:
            break
        assert {**one, "erased_before": None} == {**row_of(twins[0]), "erased_before": None}, turn
    assert turn > 5


def test_many_at_once(put, command, world, monkeypatch):
    """Several erasures in threads end in one verdict."""
    one_write_at_a_time(monkeypatch)
    put(sent(0))
    command("find")
    rows = []
    at_once(*[lambda: rows.append(row_of(command("erase")))] * 4)
    assert {(row["content"], row["cancelled"], row["status"]) for row in rows} == {("dropped", True, "cancelled")}
    assert content(world) is None


def test_a_customers_cancel(put, command, cancel, world, monkeypatch):
    """A cancel by the customer may come between: the workflow is cancelled once, and its content is dropped."""
    command("find")
    for turn in TURNS:
        put(sent(0), id=numbered(turn), content=(MESSENGER, sms_of(turn)))
        with monkeypatch.context() as racing:
            path = f"/workflows/{numbered(turn)}"
            fate = Fate(racing, turn, meanwhile=lambda path=path: cancel(path))
            row = row_of(command("erase", of_the(turn)))
        assert (row["status"], row["content"]) == ("cancelled", "dropped")
        assert [entry["event"] for entry in world.read(numbered(turn)).timeline].count("cancelled") == 1
        assert content(world, numbered(turn)) is None
        if len(fate.made) <= turn:
            break
    assert turn > 5


def test_during_a_send(put, command, outside, messages, world, monkeypatch):
    """An erasure between any two calls of a send: either nothing is sent, or the message is named as on its way."""
    command("find")
    outside.now = lambda: NOW
    met = set()
    for turn in TURNS:
        put(id=numbered(turn), content=(MESSENGER, sms_of(turn)))
        erasures, before = [], len(messages.requests)
        messages.script = [accepted(f"uuid-{turn}")]
        with monkeypatch.context() as racing:
            Fate(racing, turn, meanwhile=erasure(command, turn, erasures))
            send_or_wait(outside, "messenger", numbered(turn))
        flow = world.read(numbered(turn))
        if not erasures:
            assert flow.steps[0].phase == "sent"
            break
        assert content(world, numbered(turn)) is None
        happened = [entry["event"] for entry in flow.timeline if entry["event"] in ("sending", "sent", "cancelled")]
        requested, row = len(messages.requests) - before, row_of(erasures[0])
        met.add((tuple(happened), requested, tuple(row["in_flight"])))
    assert met == {(("cancelled",), 0, ()), (("sending", "cancelled", "sent"), 1, (0,))}


def test_nothing_is_sent_afterwards(put, command, outside, messages):
    """The next step of an erased workflow is not sent."""
    put(sent(0))
    command("erase")
    send_or_wait(outside, "sms", ID, 1)
    assert messages.requests == []


def test_an_unreadable_state(put, command, world):
    """Content is deleted even if the workflow's item was edited by hand until it is unreadable; others follow."""
    put()
    put(id=numbered(2))
    boto3.client("dynamodb").update_item(TableName=world.table, Key=place("state"), UpdateExpression="REMOVE steps")
    rows = {row["workflow_uuid"]: row["status"] for row in command("erase")["erasure"]["workflows"]}
    assert rows == {ID: "unreadable", numbered(2): "cancelled"}
    assert content(world) is content(world, numbered(2)) is None


def test_the_record_is_gone(put, command, erasing, world):
    """Content that outlives its workflow's record is found and deleted."""
    put()
    boto3.client("dynamodb").delete_item(TableName=world.table, Key=place("state"))
    (row,) = command("find")["workflows"]
    assert (row["status"], row["content_kept"]) == ("gone", True)
    assert (row_of(command("erase"))["content"], content(world)) == ("dropped", None)


def test_entries_that_lead_nowhere(put, command, world):
    """An entry that outlived its workflow is not listed."""
    put()
    for sk in ("state", "content"):
        boto3.client("dynamodb").delete_item(TableName=world.table, Key=place(sk))
    assert command("find")["workflows"] == command("erase")["erasure"]["workflows"] == []


def test_a_restored_table(put, command, world):
    """A table of before the erasure has the content again; the hash from the list of erasures erases it again."""
    put()
    ended(world, id=numbered(2))
    client = boto3.client("dynamodb")
    before = client.scan(TableName=world.table)["Items"]
    first = command("erase")
    (erased,) = command("list_erasures", None)["erasures"]
    for item in client.scan(TableName=world.table)["Items"]:
        client.delete_item(TableName=world.table, Key={name: item[name] for name in ("pk", "sk")})
    for item in before:
        client.put_item(TableName=world.table, Item=item)
    assert content(world) is not None
    again = command("erase", {"type": "hash", "hash": erased["recipient"]})
    assert sorted(ids(again)) == sorted(ids(first))
    assert content(world) is content(world, numbered(2)) is None
    assert not any(row["erased_before"] for row in again["erasure"]["workflows"])


def test_indexed(put, command, world):
    """`index` adds the entries of workflows that were stored without, once; then they are found."""
    put()
    wanted = entries(world)
    for item in wanted:  # as an earlier release stored it
        boto3.client("dynamodb").delete_item(TableName=world.table, Key={n: item[n] for n in ("pk", "sk")})
    assert command("find")["workflows"] == []
    asked = {"workflow_uuids": [ID, numbered(3)]}
    assert command("index", None, **asked) == {"added": 2, "gone": [numbered(3)]}
    assert sorted(map(str, entries(world))) == sorted(map(str, wanted))
    assert command("index", None, **asked) == {"added": 0, "gone": [numbered(3)]}
    erased = row_of(command("erase"))
    assert command("index", None, **asked) == {"added": 0, "gone": [ID, numbered(3)]}
    assert row_of(command("erase")) == erased | {"erased_before": True}


def test_an_unreadable_content(put, command, world):
    """Content that cannot be read has no recipients: its workflow is among those that are gone."""
    put()
    boto3.client("dynamodb").update_item(
        TableName=world.table,
        Key=place("content"),
        UpdateExpression="SET content = :c",
        ExpressionAttributeValues={":c": {"S": "[{},{}]"}},
    )
    assert command("index", None, workflow_uuids=[ID]) == {"added": 0, "gone": [ID]}


def test_a_cold_start_without_the_key(world, app, call):
    """A process that has never read the key stores nothing and answers 503; it reads, and then creates as always."""
    recovered = unreachable(app.outside.recipient_secret.client, "secrets-manager.GetSecretValue")
    refused = call("POST", "/workflows", request(MESSENGER, SMS))
    assert (refused["statusCode"], "Retry-After" in refused["multiValueHeaders"]) == (503, True)
    assert [item for item in world.items() if not item["pk"]["S"].startswith("lane#")] == []
    assert call("GET", "/workflows")["statusCode"] == 200
    assert call("POST", "/workflows?dry_run=true", request(MESSENGER, SMS))["statusCode"] == 200
    recovered()
    assert call("POST", "/workflows", request(MESSENGER, SMS))["statusCode"] == 202


def test_an_outage_later(world, app, call):
    """A process that has read the key goes on with it, and asks Secrets Manager again once in five minutes."""
    assert call("POST", "/workflows", request(MESSENGER, SMS))["statusCode"] == 202
    client = app.outside.recipient_secret.client
    asked = calls_of(client, "secrets-manager.GetSecretValue")
    unreachable(client, "secrets-manager.GetSecretValue")
    later(app.outside.recipient_secret, 301)
    for _ in range(3):
        assert call("POST", "/workflows", request(MESSENGER, SMS))["statusCode"] == 202
    assert len(asked) == 1
    assert {item["pk"]["S"] for item in entries(world)} == {f"recipient#{one}" for one in hashes_of([MESSENGER, SMS])}


@pytest.mark.parametrize("secret", [{"other": "x"}, {"hashing_key": ""}, {"previous_hashing_key": HASHING_KEY}])
def test_a_secret_without_a_key(world, call, command, secret):
    """Without a key nothing is stored and nothing is looked up."""
    boto3.client("secretsmanager").put_secret_value(SecretId="recipients", SecretString=json.dumps(secret))
    assert call("POST", "/workflows", request(MESSENGER, SMS))["statusCode"] == 500
    assert entries(world) == []
    with pytest.raises(Exception, match="see the log"):
        command("find")
