"""F31: a writer recognizes its own write although the answer was lost and others wrote before the client's retry."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from failover.adapters.table import WRITES_KEPT, Table
from failover.adapters.webhooks.hosts import Hosts
from failover.adapters.workflow.store import Pointer, PointerTaken
from failover.outside import Outside
from failover.rules.channels.statuses import STATUSES
from failover.rules.receipts.receipt import Receipt
from failover.rules.requests.request import MAX_STEPS
from failover.rules.sending.answers import Accepted
from failover.rules.webhooks import hanging
from failover.rules.webhooks.hanging import KEPT_SECONDS
from failover.rules.workflow import transitions
from failover.rules.workflow.status_entries import MOST_STATUS_ENTRIES
from failover.use_cases.sending.send import send
from failover.use_cases.workflow.transition import transition_without_signal
from tests import messages_server as server
from tests.acts import LATER, lived, sent
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, request, workflow
from tests.functions.conftest import ended, task_of, waits_until
from tests.functions.test_authentication import KEY, public_pem
from tests.world import body_of, callback_event, load


@pytest.fixture
def other_writers(world):
    """Write `count` statuses of the first step, each with another price, as other processes would."""

    def write(count=1):
        for price in range(count):
            receipt = Receipt("submitted", "uuid-0", None, None, usage={"price": str(price), "currency": "EUR"})
            world.store.write(transitions.received(world.read(ID), 0, receipt, LATER))

    return write


def lose_the_answer(client, method, meanwhile=lambda: None, which=1, repeated=True):
    """Let the `which`-th call of a method take effect, then call `meanwhile`; botocore retries the call or gives up.

    The next two reads fail as well, as in a short failure of the network.
    """
    real, calls = getattr(client, method), []

    def call(**arguments):
        calls.append(1)
        if len(calls) != which:
            return real(**arguments)
        real(**arguments)
        meanwhile()
        fail_twice(client, "get_item")
        if not repeated:
            raise ReadTimeoutError(endpoint_url="https://dynamodb.test")
        return real(**arguments)

    setattr(client, method, call)


def fail_twice(client, method):
    real, calls = getattr(client, method), []

    def call(**arguments):
        calls.append(1)
        if len(calls) <= 2:
            raise ReadTimeoutError(endpoint_url="https://dynamodb.test")
        return real(**arguments)

    setattr(client, method, call)


REPEATED = pytest.mark.parametrize("repeated", [True, False], ids=["repeated", "given up"])
OTHERS = pytest.mark.parametrize("others", [0, 1, MOST_STATUS_ENTRIES - 1])


@REPEATED
@OTHERS
def test_claim(world, messages, other_writers, repeated, others):
    """I11: the claimed step is requested once."""
    world.put(replace(lived(sent(0)), account=world.api_key), [MESSENGER, SMS])
    outside = Outside(now=lambda: LATER)
    lose_the_answer(outside.table.client, "put_item", lambda: other_writers(others), repeated=repeated)
    send(outside, "sms", ID, 1)
    assert len(messages.requests) == 1
    assert (world.read(ID).steps[1].phase, world.read(ID).status) == ("sent", "running")


@REPEATED
@OTHERS
def test_answer(world, messages, stored, other_writers, repeated, others):
    """The timeline has the answer of the Messages API once."""
    outside = Outside()
    messages.script = [server.http(500)]
    lose_the_answer(outside.table.client, "put_item", lambda: other_writers(others), which=2, repeated=repeated)
    send(outside, "messenger", ID, 0)
    assert [entry["event"] for entry in world.read(ID).timeline].count("unknown") == 1


@REPEATED
@OTHERS
def test_cancel(world, app, call, put, other_writers, repeated, others):
    """The client that cancelled gets a positive answer."""
    put(sent(0))
    lose_the_answer(app.outside.table.client, "put_item", lambda: other_writers(others), repeated=repeated)
    answer = call("POST", f"/workflows/{ID}/cancel", Content_Type=None)
    assert (answer["statusCode"], body_of(answer)["status"]) == (200, "cancelled")


@REPEATED
@OTHERS
def test_advance(world, app, call, put, signals, other_writers, repeated, others):
    """The client that advanced gets a positive answer, the race is signalled, and the step is closed once."""
    app.outside.now = lambda: NOW + 7_000
    put(sent(0), task_token="token")
    lose_the_answer(app.outside.table.client, "put_item", lambda: other_writers(others), repeated=repeated)
    answer = call("POST", f"/workflows/{ID}/advance", {"step": 0})
    assert (answer["statusCode"], body_of(answer)["outcome"]) == (200, "advanced")
    assert signals == [("token", "Rejected")]
    assert [entry["event"] for entry in world.read(ID).timeline].count("left") == 1


@REPEATED
@OTHERS
def test_rejection(world, callbacks, signals, other_writers, repeated, others):
    """I11: the race is signalled with the decision, using the token that was current then."""
    world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])
    flow = transitions.answered(transitions.claimed(world.read(ID), 0, NOW), 0, Accepted("uuid-0"), NOW)
    world.store.write(replace(flow, task_token="token"))
    lose_the_answer(callbacks.outside.table.client, "put_item", lambda: other_writers(others), repeated=repeated)
    rejected = {"message_uuid": "uuid-0", "client_ref": f"{ID}.0", "status": "rejected"}
    assert callbacks.handler(callback_event(rejected), None)["statusCode"] == 200
    assert signals == [("token", "Rejected")]
    assert world.read(ID).steps[0].outcome == "rejected"


def test_more_writes_than_callbacks_can_make():
    """A write is still recognized after as many later writes as callbacks can cause for ten steps."""
    of_one_step = MOST_STATUS_ENTRIES + len(STATUSES) - 1
    assert MAX_STEPS * of_one_step < WRITES_KEPT


@REPEATED
@pytest.mark.parametrize(
    ("command", "kept"), [("rotate_secret", ("secrets", 2)), ("rotate_signature_secret", ("signatures", 1))]
)
def test_account_command(world, repeated, command, kept):
    """A new secret is shown although another command has changed its account since."""
    app = load("accounts")

    def another_command():
        world.callers.replace(world.callers.find_account(world.api_key), status_url="https://shop.test/other")

    lose_the_answer(app.outside.table.client, "transact_write_items", another_command, repeated=repeated)
    app.handler({"action": command, "api_key": world.api_key}, None)
    account = world.callers.find_account(world.api_key)
    assert account["status_url"] == "https://shop.test/other"
    assert len(account[kept[0]]) == kept[1]


@REPEATED
def test_new_account(world, repeated):
    """A stored account is recognized as the one to be created."""
    app = load("accounts")
    lose_the_answer(app.outside.table.client, "transact_write_items", repeated=repeated)
    made = app.handler({"action": "create_account", "name": "new"}, None)
    assert world.callers.find_account(made["api_key"])["name"] == "new"


@REPEATED
def test_new_application(world, repeated):
    """An application that was stored is recognized, although its account has been changed since."""
    app = load("accounts")

    def another_command():
        world.callers.replace(world.callers.find_account(world.api_key), status_url="https://shop.test/other")

    lose_the_answer(app.outside.table.client, "transact_write_items", another_command, repeated=repeated)
    event = {"action": "create_application", "api_key": world.api_key, "name": "app", "public_key": public_pem(KEY)}
    made = app.handler(event, None)
    assert [one["pk"] for one in world.callers.applications(world.api_key)] == [f"application#{made['application_id']}"]


@REPEATED
def test_deleted_account(world, repeated):
    """An account that is gone was deleted."""
    app = load("accounts")
    app.handler({"action": "disable_account", "api_key": world.api_key}, None)
    lose_the_answer(app.outside.table.client, "transact_write_items", repeated=repeated)
    assert app.handler({"action": "delete_account", "api_key": world.api_key}, None) == {"api_key": world.api_key}
    assert world.callers.find_account(world.api_key) is None


def test_idempotency_key(world, app, call):
    """F1: a POST whose transaction is retried is not a second request under its key."""
    lose_the_answer(app.outside.table.client, "transact_write_items", repeated=False)
    first = call("POST", "/workflows", request(), Idempotency_Key="k")
    second = call("POST", "/workflows", request(), Idempotency_Key="k")
    assert (first["statusCode"], body_of(first)) == (202, body_of(second))
    assert "Idempotent-Replayed" not in first["multiValueHeaders"]


def test_attempt(world, customer, deliver, delivering, put_off):
    """An attempt whose claim is retried is made once."""
    ended(world)
    customer.script = [server.http(500)]
    lose_the_answer(delivering.outside.table.client, "update_item")
    deliver(task_of(world))
    assert (len(customer.requests), len(put_off)) == (1, 1)


def test_record_of_an_attempt(world, customer, deliver, delivering, put_off, listed):
    """An attempt is listed once, although the next one was made before the retry of its record."""
    ended(world)
    customer.script = [server.http(500)]
    lose_the_answer(delivering.outside.table.client, "update_item", lambda: deliver(put_off[0][1]), which=2)
    deliver(task_of(world))
    assert [(attempt["number"], attempt["answer"]) for attempt in listed()["attempts"]] == [(1, 500), (2, 202)]
    assert listed()["state"] == "delivered"


@pytest.fixture
def hosts(world):
    table = Table(world.table, now=lambda: NOW)
    return Hosts(table), table


def timed_out(hosts, times, now=NOW):
    for number in range(times):
        hosts.timed_out(hosts.find("a", "h"), f"{now} {number}", now)


def test_time_out_of_a_host(hosts):
    """A timeout is counted once, although others were counted before the retry of its write."""
    hosts, table = hosts
    lose_the_answer(table.client, "update_item", lambda: timed_out(hosts, 1, NOW + 1))
    hosts.timed_out(hosts.find("a", "h"), "mine", NOW)
    assert hosts.find("a", "h").timeouts == 2


def test_probe_of_a_host(hosts):
    """A claimed probe is made, although a late timeout was counted before the retry of the claim."""
    hosts, table = hosts
    timed_out(hosts, hanging.AFTER)
    later = NOW + hanging.PROBE_SECONDS * 1000
    lose_the_answer(table.client, "update_item", lambda: timed_out(hosts, 1, NOW + 5))
    assert hosts.probe(hosts.find("a", "h"), later)


def test_forgotten_time_outs(hosts):
    """Expired timeouts do not count, even if DynamoDB has not removed them yet."""
    hosts, table = hosts
    timed_out(hosts, hanging.AFTER - 1)
    later = NOW + (KEPT_SECONDS + 3600) * 1000
    table.now = lambda: later
    assert hosts.find("a", "h").timeouts == 0
    timed_out(hosts, 1, later)
    assert hosts.find("a", "h").timeouts == 1


def test_time_outs_are_bounded(hosts):
    """The item of a host that hangs for a week does not grow."""
    hosts, _ = hosts
    timed_out(hosts, 50)
    assert hosts.find("a", "h").timeouts == hanging.AFTER


def test_an_answer_of_a_host_that_was_removed(hosts, world):
    """Clearing the timeouts of a removed host creates no item."""
    hosts, _ = hosts
    hosts.answered(hosts.find("a", "h"))
    assert [item for item in world.items() if item["sk"]["S"] == "host"] == []


@pytest.mark.decision("An answer with another message's id")
def test_a_message_id_given_twice(world, messages, output, call):
    """An id that belongs to another message remains that message's: the step is `unknown` and not sent again."""
    world.put(workflow(*TWO_STEPS, account=world.api_key), [MESSENGER, SMS])
    other = "00000000-0000-4000-8000-000000000001"
    world.put(replace(workflow("sms", account=world.api_key), id=other), [SMS])
    messages.script = [server.accepted("uuid-twice")] * 2
    send(Outside(), "messenger", ID, 0)
    send(Outside(), "sms", other, 0)
    assert len(messages.requests) == 2
    assert world.store.find_message("uuid-twice") == (ID, 0)
    step = world.read(other).steps[0]
    assert (step.state, step.message_uuid) == ("unknown", None)
    assert world.read(other).timeline[-1]["reason"] == "the answer named another message's id"
    written = output()
    assert "MessageIdsReused" in written
    assert '"answer":"unknown"' in written

    receiving = load("message_status")
    for body in (
        {"message_uuid": "uuid-twice", "status": "rejected", "client_ref": f"{other}.0"},
        {"message_uuid": "uuid-twice", "status": "read"},
        {"message_uuid": "uuid-own", "status": "delivered", "client_ref": f"{other}.0"},
    ):
        assert receiving.handler(callback_event(body), None)["statusCode"] == 200
    assert world.read(ID).steps[0].statuses == ("read",), "without a reference the status is the first message's"
    assert world.read(other).steps[0].statuses == ("rejected", "delivered"), "with one it is that step's"
    assert world.read(other).steps[0].message_uuid == "uuid-own"
    assert world.store.find_message("uuid-twice") == (ID, 0)
    assert world.store.find_message("uuid-own") == (other, 0)


def test_a_pointer_that_is_being_written(world, stored):
    """A pointer that another write for the same message is storing is not mistaken for another message's."""
    client, real, conflicts = world.client, world.client.transact_write_items, []

    def conflict(**arguments):
        if not conflicts:
            conflicts.append(1)
            reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
            error = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(error, "TransactWriteItems")
        return real(**arguments)

    client.transact_write_items = conflict
    decided = transition_without_signal(
        Outside(), stored, lambda flow: replace(flow, task_token="t"), Pointer("u", 0, 2_000_000_000)
    )
    assert decided is not None
    assert world.store.find_message("u") == (ID, 0)


def test_a_claim_that_took_too_long(world, messages, stored, output):
    """F3: if a claim takes longer than a request may wait, nothing is requested: the claim is released."""
    clock = [NOW]
    outside = Outside(now=lambda: clock[0])
    real = outside.store.write

    def slow(workflow, pointer=None):
        written = real(workflow, pointer)
        clock[0] += 25_000
        return written

    outside.store.write = slow
    waits_until(outside, "messenger")
    assert messages.requests == []
    assert (world.read(ID).steps[0].state, world.read(ID).steps[0].releases) == ("pending", 1)


def test_a_pointer_of_another_step(world, stored):
    """Nothing is written if the pointer leads to another step; the step's own pointer may be written again."""
    flow = world.store.write(stored, Pointer("uuid-0", 0, 2_000_000_000))
    flow = world.store.write(flow, Pointer("uuid-0", 0, 2_000_000_001))
    with pytest.raises(PointerTaken):
        world.store.write(flow, Pointer("uuid-0", 1, 2_000_000_000))
    assert world.read(ID) == flow


def test_the_release_before_finds_its_field(world, stored):
    """A commit before 0.1.0, which compares a single write id, finds the latest one in its field."""
    flow = world.store.write(stored)
    (item,) = [item for item in world.items() if item["sk"]["S"] == "state"]
    assert item["write_id"]["S"] == flow.writes[-1]
    assert json.dumps(item["writes"]) == json.dumps({"L": [{"S": write} for write in flow.writes]})
