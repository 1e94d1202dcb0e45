"""The send functions: claims, twins, deaths, and what leaves them (F3, F9)."""

import base64

import boto3
import pytest

from failover.adapters.aws import Unavailable
from failover.adapters.sending import messages as messages_api
from failover.adapters.sending.messages import UnusableBody
from failover.adapters.workflow.store import Conflict
from failover.edges import send_task, task_edge
from failover.edges.task_edge import TaskFailed
from failover.outside import Outside
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.formats import strict_json
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending import outgoing
from failover.rules.sending.vendor_credentials import UnusableCredentials
from failover.rules.workflow import transitions
from failover.rules.workflow.itinerary import InvalidInput
from failover.use_cases.sending.send import send
from failover.use_cases.workflow.transition import TooContended
from tests import messages_server as server
from tests.acts import lived, sent, status
from tests.examples import (
    EVERY_CHANNEL,
    ID,
    MESSENGER,
    NOW,
    SMS,
    TWO_STEPS,
    WHATSAPP,
    changed,
    workflow,
)
from tests.functions.conftest import sent_step, waits_until
from tests.world import CREDENTIALS, load


@pytest.mark.decision("Calls we make")
def test_accepted(world, stored, messages, outside):
    """An accepted message is recorded with its id; the request has credentials, our reference and our callback URL."""
    messages.script = [server.accepted("uuid-1")]
    step = sent_step(world, outside)
    assert (step.phase, step.message_uuid, step.outcome) == ("sent", "uuid-1", None)
    assert world.store.find_message("uuid-1") == (ID, 0)
    (request,) = messages.requests
    assert request.path == "/v1/messages"
    credentials = base64.b64encode(f"{CREDENTIALS['api_key']}:{CREDENTIALS['api_secret']}".encode()).decode()
    assert request.headers["authorization"] == f"Basic {credentials}"
    assert request.body["client_ref"] == f"{ID}.0"
    assert request.body["webhook_url"] == "https://api.test/beta/webhooks/message-status"
    assert request.body["text"] == MESSENGER["message"]["content"]["text"]


@pytest.mark.decision("Calls we make")
def test_v0_1(world, stored, messages, monkeypatch):
    """Version v0.1 posts the nested body to its own path."""
    monkeypatch.setenv("MESSAGES_VERSION", "v0.1")
    sent_step(world, Outside())
    (request,) = messages.requests
    assert request.path == "/v0.1/messages"
    assert request.body["message"] == MESSENGER["message"]


@pytest.mark.parametrize("row", CHANNELS.values(), ids=CHANNELS)
def test_each_function_sends_its_channel(world, messages, row):
    """Each function sends on its own channel and returns nothing to the execution."""
    world.put(workflow(row.name), [EVERY_CHANNEL[row.name]])
    assert load(f"send_{row.function}").handler({"workflow": ID, "step": 0}, None) is None
    assert [request.body["channel"] for request in messages.requests] == [row.v1_name]


def test_custom_content_is_exact(world, messages, outside):
    """A custom object is sent unchanged, to the last digit."""
    custom = '{"custom": {"id": 12345678901234567890123, "price": 0.10000000000000000555, "deep": [1E+400]}}'
    content = strict_json.parse(f'{{"type": "custom", {custom[1:]}'.encode())
    world.put(workflow("whatsapp"), [changed(WHATSAPP, "message.content", content)])
    raws = []
    messages.received = raws.append
    send(outside, "whatsapp", ID, 0)
    assert strict_json.parse(raws[0])["custom"] == content["custom"]


def test_second_invocation_sends_nothing(world, stored, messages, outside):
    """F3: a repeated send finds the step claimed and returns without an error."""
    sent_step(world, outside)
    before = world.read(ID)
    assert sent_step(world, outside)
    assert len(messages.requests) == 1
    assert world.read(ID) == before


def test_no_claim_after_the_end(world, stored, messages, outside):
    """Nothing is sent for a workflow that has ended."""
    sent_step(world, outside)
    over = transitions.received(world.read(ID), 0, Receipt("read", "u", None, None), NOW)
    world.store.write(over)
    send(outside, "sms", ID, 1)
    assert len(messages.requests) == 1
    assert world.read(ID).steps[1].phase == "pending"


def test_long_after_the_end(world, messages, outside):
    """A send for a workflow that has ended and lost its content sends nothing and does not fail."""
    flow = transitions.cancelled(workflow(*TWO_STEPS), NOW)
    world.put(flow, [MESSENGER, SMS])
    outside.store.end_content(flow)
    outside.table.now = lambda: NOW + 8 * 24 * 3600 * 1000
    assert outside.store.read_whole(ID)[1] is None
    send(outside, "messenger", ID, 0)
    assert messages.requests == []


def test_twin_wins_the_claim(world, stored, messages, outside, monkeypatch):
    """Of two simultaneous sends one loses its write, reads again, and sends nothing."""
    write = outside.store.write

    def late(state, pointer=None):
        if not messages.requests:
            send(Outside(), "messenger", ID, 0)
        return write(state, pointer)

    monkeypatch.setattr(outside.store, "write", late)
    send(outside, "messenger", ID, 0)
    assert len(messages.requests) == 1


def test_lost_answer_of_the_claim(world, stored, messages, outside, monkeypatch):
    """A claim whose answer was lost is recognized as our own, and the message goes out."""
    client = outside.table.client
    put_item = client.put_item

    def repeated(**arguments):
        put_item(**arguments)
        return put_item(**arguments)

    monkeypatch.setattr(client, "put_item", repeated)
    assert sent_step(world, outside).phase == "sent"
    assert len(messages.requests) == 1


@pytest.fixture
def ahead(world, stored, messages, clock_of_sends):
    """The outside of a send whose step before has 20 seconds left."""
    outside = clock_of_sends.outside()
    sent_step(world, outside)
    clock_of_sends.at = world.read(ID).steps[0].answered_at + 580_000
    return outside


def test_ahead_of_the_timer(world, messages, ahead, clock_of_sends, output):
    """A send that runs before the previous step's expiry claims nothing, and is to be called again at the expiry."""
    before = world.read(ID)
    assert waits_until(ahead, "sms", 1) == clock_of_sends.at + 20_000
    assert (world.read(ID), len(messages.requests), clock_of_sends.slept) == (before, 1, [])
    assert "ClaimsTooEarly" in output()
    clock_of_sends.at += 20_000
    send(ahead, "sms", ID, 1)
    assert (world.read(ID).steps[0].outcome, len(messages.requests)) == ("expired", 2)


@pytest.mark.parametrize(("status", "claimed"), [("rejected", True), ("read", False)])
def test_decided_while_it_waits(world, ahead, status, claimed):
    """A status that ends the previous step while a send waits for its expiry counts, and the send decides by it."""
    waits_until(ahead, "sms", 1)
    receipt = Receipt(status, "u", None, None)
    world.store.write(transitions.received(world.read(ID), 0, receipt, ahead.now()))
    send(ahead, "sms", ID, 1)
    assert (world.read(ID).steps[1].phase == "sent") == claimed


def test_far_ahead_of_the_timer(world, stored, messages, outside, slept, output):
    """A send that comes much too early claims nothing and fails, so the state machine retries it."""
    sent_step(world, outside)
    with pytest.raises(TaskFailed), task_edge.guarded(ID):
        send(outside, "sms", ID, 1)
    assert world.read(ID).steps[1].phase == "pending"
    assert "ClaimsTooEarly" in output()
    assert not slept


def test_status_overtakes_the_answer(world, stored, messages, outside):
    """F9: a status recorded before the answer counts, and the answer is merged with it."""

    def read_already(_):
        flow = transitions.received(world.read(ID), 0, Receipt("read", None, None, None), NOW)
        world.store.write(flow)

    messages.meanwhile = read_already
    messages.script = [server.accepted("uuid-1")]
    step = sent_step(world, outside)
    assert (step.outcome, step.message_uuid, world.read(ID).status) == ("met", "uuid-1", "completed")


@pytest.mark.parametrize("failing", ["the body", "its JSON", "the secret"])
def test_what_fails_before_the_request_claims_nothing(world, stored, messages, outside, monkeypatch, failing):
    """F3: a request that cannot be prepared fails before the claim; a claim without a request would lose the step."""
    match failing:
        case "the body":
            monkeypatch.setattr(outgoing, "v1", lambda *_: {}["missing"])
        case "its JSON":
            monkeypatch.setattr(outgoing, "v1", lambda *_: {"text": object()})
        case "the secret":
            monkeypatch.setattr(outside.messages_secret, "value", lambda: {"api_key": "a"})
    with pytest.raises((KeyError, UnusableBody, UnusableCredentials)):
        send(outside, "messenger", ID, 0)
    assert (world.read(ID).steps[0].phase, messages.requests) == ("pending", [])


def test_counted_after_the_request(world, messages, outside, monkeypatch):
    """The failover from the previous step is counted last, so a failing metric loses neither request nor answer."""
    world.put(lived(sent(0), status(0, "rejected")), [MESSENGER, SMS])

    def broken(*_names, **_dimensions):
        raise OSError

    monkeypatch.setattr("failover.use_cases.sending.send.count", broken)
    with pytest.raises(OSError):  # noqa: PT011
        send(outside, "sms", ID, 1)
    assert (world.read(ID).steps[1].state, len(messages.requests)) == ("sent", 1)


@pytest.mark.parametrize("moment", ["before the claim", "after the claim", "after the request", "after the answer"])
def test_death(world, stored, messages, outside, monkeypatch, moment):
    """F3: wherever a send dies, repeating it never makes a second request."""

    class Death(BaseException):
        pass

    def die(*_args, **_more):
        raise Death

    write = outside.store.write
    writes = []

    def write_or_die(state, pointer=None):
        writes.append(state)
        if (moment == "before the claim" and len(writes) == 1) or (moment == "after the answer" and len(writes) == 2):
            die()
        written = write(state, pointer)
        if moment == "after the claim":
            die()
        return written

    post = messages_api.post
    with monkeypatch.context() as deadly:
        deadly.setattr(outside.store, "write", write_or_die)
        if moment == "after the request":
            deadly.setattr(messages_api, "post", lambda *a, **k: (post(*a, **k), die()))
        with pytest.raises(Death):
            send(outside, "messenger", ID, 0)
    asked = {"before the claim": 0, "after the claim": 0, "after the request": 1, "after the answer": 1}[moment]
    assert len(messages.requests) == asked
    if moment != "before the claim":  # the dead one may still be sending, as far as the next one knows
        outside.sleep(waits_until(outside, "messenger") / 1000 - outside.now() / 1000)
    send(outside, "messenger", ID, 0)
    assert len(messages.requests) == (1 if moment == "before the claim" else asked)


def test_missing_credentials_claim_nothing(world, stored, messages, outside):
    """A secret that is not set makes the send fail before the claim, so no step is lost."""
    boto3.client("secretsmanager").put_secret_value(SecretId="messages", SecretString="{}")
    with pytest.raises(UnusableCredentials):
        send(outside, "messenger", ID, 0)
    assert world.read(ID).steps[0].phase == "pending"


def test_only_fixed_words_leave(world, stored, monkeypatch, output):
    """Failures inside a send appear in the execution's history and in the log in fixed words only."""
    app = load("send_messenger")

    def leak(*_):
        raise ValueError("447700900123 said secret things")

    monkeypatch.setattr(send_task, "send", leak)
    with pytest.raises(Exception, match="the task failed") as caught:
        app.handler({"workflow": ID, "step": 0}, None)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    written = output()
    assert "447700900123" not in written
    assert "ValueError" in written


def test_log_and_metrics_name_nobody(world, stored, messages, output):
    """I8: neither the log nor a metric contains a text or an address."""
    load("send_messenger").handler({"workflow": ID, "step": 0}, None)
    written = output()
    assert '"StepsSent":[1.0]' in written
    assert ID in written
    for private in ("sim-unread", "Hello", "vendor-secret"):
        assert private not in written


def test_pointer_outlives_its_workflow(world, stored, messages, outside):
    """F26: a message's pointer is kept for the longest life that its workflow can have."""
    messages.script = [server.accepted("uuid-1")]
    sent_step(world, outside)
    (pointer,) = [item for item in world.items() if item["sk"]["S"] == "pointer"]
    assert int(pointer["expires_at"]["N"]) > NOW / 1000 + 600 + 72 * 3600


@pytest.mark.parametrize("code", ["TransactionConflict", "ConditionalCheckFailed"])
def test_transaction_in_the_way(world, stored, messages, outside, monkeypatch, code):
    """A conflict with another transaction is handled like a lost write: read again, decide again, lose nothing."""
    client = outside.table.client
    transact = client.transact_write_items
    calls = []

    def once(**arguments):
        calls.append(1)
        if len(calls) == 1:
            response = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": [{"Code": code}]}
            raise client.exceptions.ClientError(response, "TransactWriteItems")
        return transact(**arguments)

    monkeypatch.setattr(client, "transact_write_items", once)
    messages.script = [server.accepted("uuid-1")]
    assert sent_step(world, outside).message_uuid == "uuid-1"


def test_reads_are_consistent(world, stored, outside):
    """Every read is strongly consistent."""
    asked = []
    outside.table.client.meta.events.register(
        "provide-client-params.dynamodb", lambda params, model, **_: asked.append((model.name, params))
    )
    outside.store.read(ID)
    outside.store.read_whole(ID)
    assert [(name, params.get("ConsistentRead")) for name, params in asked] == [("GetItem", True), ("Query", True)]


def test_conflict_carries_the_current_state(world, stored):
    """A lost write raises Conflict with the current state."""
    flow = world.read(ID)
    world.store.write(transitions.claimed(flow, 0, NOW))
    with pytest.raises(Conflict) as caught:
        world.store.write(flow)
    assert caught.value.current.steps[0].phase == "claimed"


def test_another_channels_step(world, stored, messages, outside):
    """A function does not send a step of another channel."""
    with pytest.raises(InvalidInput, match="step"):
        send(outside, "sms", ID, 0)
    assert not messages.requests


def test_busy_is_no_unexpected_failure(world, output):
    """A temporary failure is retried and reported as such; it does not count as unexpected."""
    for passing in (Unavailable("dynamodb: ThrottlingException"), TooContended()):
        with pytest.raises(TaskFailed, match="the service is busy"), task_edge.guarded(ID):
            raise passing
    written = output()
    assert "dynamodb: ThrottlingException" in written
    assert "TooContended" in written
    assert "UnexpectedFailures" not in written
