"""Erasure by recipient: what is found, what is erased, and the proof (docs/erasure.md)."""

import json
from dataclasses import replace

import boto3
import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.erasure import proof
from failover.rules.receipts.receipt import Receipt
from failover.rules.timing.instants import iso
from failover.rules.workflow import retention, transitions
from failover.use_cases.callers.commands import CommandRefused
from tests.acts import claim, sent
from tests.examples import EVERY_CHANNEL, ID, MESSENGER, MMS, NOW, SMS, VIBER, changed, request, workflow
from tests.functions.conftest import STATUS, ended, numbered, task_of
from tests.world import HASHING_KEY, body_of, hashes_of, later, load, unreachable

NUMBER = {"type": "sms", "number": "447700900000"}
PAGE = {"type": "messenger", "id": "sim-unread"}
HASH = hashes_of([SMS])[0]


@pytest.fixture
def erasing(world, app):
    """The function. Its clock and that of the API are NOW."""
    function = load("erasure")
    function.outside.now = app.outside.now = lambda: NOW
    return function


@pytest.fixture
def command(erasing):
    """Carry out a command of the function."""
    return lambda action, recipient=NUMBER, **more: erasing.handler(
        {"action": action, **({"recipient": recipient} if recipient else {}), **more}, None
    )


def place(sk, workflow_id=ID):
    """The key of an item of a workflow."""
    return {"pk": {"S": f"workflow#{workflow_id}"}, "sk": {"S": sk}}


def content(world, workflow_id=ID):
    key = place("content", workflow_id)
    return boto3.client("dynamodb").get_item(TableName=world.table, Key=key).get("Item")


def entries(world):
    return [item for item in world.items() if item["pk"]["S"].startswith("recipient#")]


def row_of(answer):
    (row,) = answer["erasure"]["workflows"]
    return row


def ids(answer):
    return [row["workflow_uuid"] for row in answer.get("erasure", answer)["workflows"]]


def test_found(call, command, world):
    """A posted workflow is found by each of its recipients, in any spelling, and on any channel of a number."""
    posted = body_of(call("POST", "/workflows", request(MESSENGER, SMS)))["workflow_uuid"]
    numbers = [{"type": name, "number": "+447700900000"} for name, row in CHANNELS.items() if row.recipient == "number"]
    for form in (NUMBER, PAGE, {"type": "sms", "number": "00447700900000"}, *numbers, {"type": "hash", "hash": HASH}):
        found = command("find", form)
        assert ids(found) == [posted], form
        assert found["cursor"] is None
    (row,) = found["workflows"]
    assert (row["account"], row["status"], row["content_kept"]) == (world.api_key, "running", True)
    assert row["created_at"] == iso(world.read(posted).created_at)
    assert row["erased_at"] is None


@pytest.mark.parametrize(
    "form",
    [{"type": "sms", "number": "447700900009"}, {"type": "messenger", "id": "447700900000"}],
    ids=["number", "id"],
)
def test_another_recipient(put, command, form):
    """Another number, or an id that looks like the number, leads to no workflow, and erases none."""
    put()
    assert command("find", form)["workflows"] == command("erase", form)["erasure"]["workflows"] == []
    assert ids(command("find")) == [ID]


def test_several_forms(put, command):
    """Several forms of one person are looked up at once, and a workflow of both is listed once."""
    put()
    put(content=(VIBER, SMS), id=numbered(2))
    found = command("find", [PAGE, NUMBER, {"type": "viber_service_msg", "number": VIBER["to"]["number"]}])
    assert sorted(ids(found)) == sorted([ID, numbered(2)])
    assert len(found["recipients"]) == 3


@pytest.mark.parametrize("members", [3, 250])
def test_groups(call, command, members):
    """Every member of a group conversation is a recipient, even if they do not fit into one transaction."""
    numbers = [f"4477009{number:05d}" for number in range(members)]
    step = changed(MMS, "message.mms", {"participants": numbers})
    posted = body_of(call("POST", "/workflows", request(step)))["workflow_uuid"]
    for number in (MMS["to"]["number"], numbers[0], numbers[-1]):
        assert ids(command("find", {"type": "mms", "number": number})) == [posted]


def test_no_address_in_a_key(call, world):
    """Recipients are stored as keyed hashes, in the transaction of their workflow; only the content has addresses."""
    call("POST", "/workflows", request(MESSENGER, VIBER, SMS))
    others = [item for item in world.items() if item["sk"]["S"] != "content"]
    assert sorted(item["pk"]["S"] for item in others if item["pk"]["S"].startswith("recipient#")) == sorted(
        f"recipient#{one}" for one in hashes_of([MESSENGER, VIBER, SMS])
    )
    assert not [address for address in ("sim-unread", "4477009", "Hello") if address in json.dumps(others)]


@pytest.mark.parametrize("channel", EVERY_CHANNEL)
def test_entries_outlive_the_content(world, channel):
    """An entry is kept at least as long as the content it leads to can be, whenever its workflow ends."""
    flow = world.put(workflow(channel), [EVERY_CHANNEL[channel]])
    (entry,) = entries(world)
    latest_end = int(content(world)["expires_at"]["N"]) - 1
    latest = retention.content_expires_at(replace(flow, ended_at=latest_end * 1000), 7 * 86_400)
    assert latest < int(entry["expires_at"]["N"]) <= latest + retention.REMOVAL + 1


def test_content_that_expired_does_not_come_back(world, publishing):
    """The end of a workflow does not extend content that has expired, so no content outlives its entries."""
    flow = world.put(workflow("sms", account=world.api_key), [SMS])
    known = content(world)
    now = int(known["expires_at"]["N"])
    publishing.outside.now = lambda: now * 1000
    publishing.outside.store.end_content(replace(flow, ended_at=now * 1000))
    assert content(world) == known


def test_erased(put, command, world, call, customer, deliver):
    """A running workflow is cancelled, its content is deleted, and what was known is shown without it."""
    put(sent(0))
    row = row_of(command("erase"))
    assert (row["workflow_uuid"], row["account"], row["status"]) == (ID, world.api_key, "cancelled")
    assert (row["content"], row["cancelled"], row["erased_before"], row["in_flight"]) == ("dropped", True, False, [])
    assert row["erased_at"] == iso(NOW)
    assert content(world) is None
    assert world.read(ID).status == "cancelled"
    assert "to" not in body_of(call("GET", f"/workflows/{ID}"))["steps"][0]
    assert call("GET", f"/workflows/{ID}/request")["statusCode"] == 404
    last = world.read(ID).timeline[-1]["sequence"]
    deliver(task_of(world, last))
    assert customer.requests[0].body["status"] == "cancelled"
    left = [item for item in world.items() if not item["pk"]["S"].startswith("registry#")]
    assert not [private for private in ("sim-", "4477009", "Hello", "ACME") if private in json.dumps(left)]


def test_late_callbacks(world, command, callbacks, customer, deliver):
    """A status that comes after the erasure is recorded and forwarded, without sender and recipient."""
    ended(world)
    command("erase")
    after = world.store.write(transitions.received(world.read(ID), 0, Receipt("read", "uuid-0", None, None), NOW))
    for sequence in (STATUS, len(after.timeline)):
        deliver(task_of(world, sequence))
    for webhook in customer.requests:
        assert webhook.body["content_dropped"]
        assert not {"to", "from"} & webhook.body.keys()


def test_a_workflow_that_is_over(world, command):
    """It stays as it ended; the proof says until when its timeline is kept."""
    over = ended(world)
    answer = command("erase")
    row = row_of(answer)
    assert (row["status"], row["content"], row["cancelled"]) == ("completed", "dropped", False)
    assert row["record_kept_until"] == answer["erasure"]["kept"]["timelines_until"] == iso(over.expires_at * 1000)
    assert world.read(ID) == over


def test_others_stay(put, command, world):
    """Workflows of other recipients keep running, with their content."""
    put()
    put(content=(MESSENGER, changed(SMS, "to.number", "447700900008")), id=numbered(2))
    command("erase")
    assert content(world) is None
    assert content(world, numbered(2)) is not None
    assert world.read(numbered(2)).running


def test_repeated(put, command, erasing):
    """The same command repeats its verdict, with the time of the erasure, for as long as its record is kept."""
    put()
    first = command("erase")
    erasing.outside.now = lambda: NOW + 30 * 86_400_000
    again = command("erase")
    assert row_of(again) == row_of(first) | {"erased_before": True}
    assert again["erasure"]["totals"] == first["erasure"]["totals"] | {"erased_before": 1}
    (row,) = command("find")["workflows"]
    assert (row["content_kept"], row["erased_at"]) == (False, row_of(first)["erased_at"])
    erasing.outside.now = lambda: NOW + 300 * 86_400_000
    later_on = row_of(command("erase"))
    assert (later_on["status"], later_on["content"], later_on["erased_at"]) == ("gone", "dropped", iso(NOW))


def test_content_gone_before(put, command, world):
    """Content that was dropped before, here by the erasure of another form, is reported as gone."""
    put()
    command("erase", PAGE)
    row = row_of(command("erase"))
    assert (row["content"], row["erased_before"], row["cancelled"]) == ("gone", False, False)


def test_messages_on_their_way(put, command):
    """A step whose message is being sent is named: its send has read the content, and may still deliver it."""
    put(claim(0, NOW - 5000))
    assert row_of(command("erase"))["in_flight"] == [0]
    assert row_of(command("erase"))["in_flight"] == [0]


def test_a_send_that_died(put, command):
    """A claim that is too old for its send to run is not on its way."""
    put(claim(0, NOW - 60_000))
    assert row_of(command("erase"))["in_flight"] == []


def test_new_workflows(put, command, call, erasing):
    """An erasure blocks nothing: a later workflow to the same recipient is stored, and erased by the next command."""
    put()
    command("erase")
    posted = body_of(call("POST", "/workflows", request(MESSENGER, SMS)))["workflow_uuid"]
    rows = {row["workflow_uuid"]: row for row in command("erase")["erasure"]["workflows"]}
    assert (rows[ID]["erased_before"], rows[posted]["erased_before"]) == (True, False)


def test_the_hash_of_the_request(command, call, world):
    """The hash of what was requested under an Idempotency-Key goes, too: numbers are few, so it could be guessed.

    The key stays used: a repeat of the request is refused, and sends nothing.
    """
    posted = call("POST", "/workflows", request(MESSENGER, SMS), Idempotency_Key="key")
    (known,) = [item for item in world.items() if item["sk"]["S"] == "idempotency"]
    command("erase")
    assert known["request"]["S"] not in json.dumps(world.items())
    assert call("POST", "/workflows", request(MESSENGER, SMS), Idempotency_Key="key")["statusCode"] == 409
    states = [item["id"]["S"] for item in world.items() if item["sk"]["S"] == "state"]
    assert states == [body_of(posted)["workflow_uuid"]]


def test_pages(put, command):
    """A page has as many workflows as asked for; every page but the last has a cursor, and says it is not complete."""
    for number in range(5):
        put(id=numbered(number))
    for action in ("find", "erase"):
        found, cursor = [], None
        for _ in range(3):
            answer = command(action, [PAGE, NUMBER], limit=2, cursor=cursor)
            found += ids(answer)
            cursor = answer["cursor"]
            assert cursor
            assert answer.get("erasure", {"complete": False})["complete"] is False
        assert set(found) == {numbered(number) for number in range(5)}
        while cursor:
            answer = command(action, [PAGE, NUMBER], limit=100, cursor=cursor)
            cursor = answer["cursor"]
        assert answer.get("erasure", {"complete": True})["complete"] is True


def test_the_proof(put, command):
    """A proof names hashes and ids only, and says what is kept; `verify` recognizes it, and no other."""
    put()
    answer = command("erase")
    signed = answer["erasure"]
    assert signed["recipients"] == [HASH]
    assert (signed["stack"], signed["at"], signed["complete"]) == ("workflows", iso(NOW), True)
    assert signed["totals"] == {
        "workflows": 1,
        "dropped": 1,
        "gone": 0,
        "erased_before": 0,
        "cancelled": 1,
        "in_flight": 0,
    }
    assert signed["kept"]["stream_until"] == iso(NOW + proof.STREAM)
    assert signed["kept"]["backups_until"] == iso(NOW + proof.BACKUPS)
    assert "4477009" not in json.dumps(answer)
    rewritten = json.loads(json.dumps(answer, indent=4, sort_keys=True))
    assert command("verify", None, proof=rewritten) == {"genuine": True}
    for changed_one in (
        {**answer, "signature": "0" * 64},
        {**answer, "signature": None},
        {"erasure": signed},
        {**answer, "erasure": {**signed, "at": iso(NOW + 1)}},
    ):
        assert command("verify", None, proof=changed_one) == {"genuine": False}


def test_erasures_are_listed(put, command, erasing):
    """Who was erased is listed by hash, with the first and the last time."""
    put()
    command("erase")
    erasing.outside.now = lambda: NOW + 5000
    command("erase", [NUMBER, PAGE])
    listed = command("list_erasures", None)
    assert {row["recipient"]: row for row in listed["erasures"]} == {
        HASH: {"recipient": HASH, "first_at": iso(NOW), "last_at": iso(NOW + 5000)},
        hashes_of([MESSENGER])[0]: {
            "recipient": hashes_of([MESSENGER])[0],
            "first_at": iso(NOW + 5000),
            "last_at": iso(NOW + 5000),
        },
    }
    page = command("list_erasures", None, limit=1)
    rest = command("list_erasures", None, limit=1, cursor=page["cursor"])
    assert [row["recipient"] for row in page["erasures"] + rest["erasures"]] == sorted(
        row["recipient"] for row in listed["erasures"]
    )
    assert rest["cursor"] is None


REFUSED = [
    ({"action": "erase"}, "recipient: Required, but missing"),
    ({"action": "erase", "recipient": []}, "recipient: Should be an array of 1 to 10 recipients"),
    (
        {"action": "erase", "recipient": {"type": "sms", "number": "12"}},
        "recipient[0].number: Should be 7",
    ),
    ({"action": "erase", "recipient": {"type": "sms", "id": "447700900100"}}, "recipient[0].number: Required"),
    ({"action": "erase", "recipient": {"type": "fax", "number": "447700900100"}}, "recipient[0].type: Should be"),
    ({"action": "erase", "recipient": {"type": "hash", "hash": "447700900100"}}, "recipient[0].hash: Should be"),
    ({"action": "find", "recipient": NUMBER, "cursor": "x"}, "cursor: Should be the one of the last answer"),
    ({"action": "find", "recipient": NUMBER, "cursor": f"{'0' * 64}.{ID}"}, "cursor: Should be the one"),
    ({"action": "index", "workflow_uuids": ["447700900100"]}, "workflow_uuids[0]: Should be the id of a workflow"),
]


@pytest.mark.parametrize(("event", "why"), REFUSED, ids=range(len(REFUSED)))
def test_refused(world, erasing, event, why):
    """A command with a fault does nothing, and the refusal quotes no address."""
    before = world.items()
    with pytest.raises(CommandRefused) as refused:
        erasing.handler(event, None)
    assert why in str(refused.value)
    assert not [private for private in ("4471", "4477009001") if private in str(refused.value)]
    assert world.items() == before


def test_another_key(put, command, erasing):
    """During a rotation workflows are found under both keys, and proofs of both are genuine; later of the new one."""
    put()
    earlier = command("erase", PAGE)
    secret = {"hashing_key": "new" * 20, "previous_hashing_key": HASHING_KEY}
    _rotate(erasing, secret)
    assert ids(command("find")) == [ID]
    assert command("verify", None, proof=earlier) == {"genuine": True}
    _rotate(erasing, {"hashing_key": "new" * 20})
    assert ids(command("find")) == []
    assert command("verify", None, proof=earlier) == {"genuine": False}


def _rotate(erasing, secret):
    boto3.client("secretsmanager").put_secret_value(SecretId="recipients", SecretString=json.dumps(secret))
    later(erasing.outside.recipient_secret, 11)


def test_keys_that_may_be_outdated(put, command, erasing, world):
    """While Secrets Manager is out of reach nothing is looked up or erased: a key might be missing."""
    put()
    command("find")
    unreachable(erasing.outside.recipient_secret.client, "secrets-manager.GetSecretValue")
    later(erasing.outside.recipient_secret, 11)
    for action in ("find", "erase"):
        with pytest.raises(Exception, match="busy: repeat the command"):
            command(action)
    assert world.read(ID).running
