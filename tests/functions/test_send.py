"""The send functions against a Messages API that misbehaves (faults F3 to F9)."""

import base64
import json
import time

import boto3
import pytest
import requests
from failover.adapters.store import Conflict
from failover.outside import Outside
from failover.rules import transitions
from failover.rules.receipt import Receipt
from failover.use_cases.send import send

from tests import messages_server as server
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, VIBER, workflow
from tests.messages_server import MessagesServer
from tests.world import CREDENTIALS, load


@pytest.fixture
def stored(world):
    return world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])


@pytest.fixture
def slept():
    return []


@pytest.fixture
def outside(world, slept):
    """The real outside, but nobody sleeps between two requests."""
    return hurried(slept)


def hurried(slept):
    """The clock is ahead by what was slept."""
    real = Outside()

    def now():
        return real.now() + int(sum(slept) * 1000)

    return Outside(now=now, sleep=slept.append, jitter=lambda: 0.0)


def sent_step(world, outside, number=0, channel="messenger"):
    send(outside, channel, ID, number)
    return world.read(ID).steps[number]


def test_accepted(world, stored, messages, outside):
    """An accepted message is recorded with its id; the request carries credentials, our reference and our webhook."""
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


def test_v0_1(world, stored, messages, monkeypatch):
    """With version v0.1 the nested body goes to the other path."""
    monkeypatch.setenv("MESSAGES_VERSION", "v0.1")
    sent_step(world, Outside())
    (request,) = messages.requests
    assert request.path == "/v0.1/messages"
    assert request.body["message"] == MESSENGER["message"]


@pytest.mark.parametrize(
    ("folder", "steps", "content", "channel"),
    [
        ("send_messenger", ("messenger",), MESSENGER, "messenger"),
        ("send_viber", ("viber_service_msg",), VIBER, "viber_service"),
        ("send_sms", ("sms",), SMS, "sms"),
    ],
)
def test_each_function_sends_its_channel(world, messages, folder, steps, content, channel):
    """Each channel's function sends over its channel, and returns nothing to the execution."""
    world.put(workflow(*steps), [content])
    assert load(folder).handler({"workflow": ID, "step": 0}, None) is None
    assert [request.body["channel"] for request in messages.requests] == [channel]


def test_second_invocation_sends_nothing(world, stored, messages, outside):
    """F3: a send that runs again finds its claim and returns quietly."""
    sent_step(world, outside)
    before = world.read(ID)
    assert sent_step(world, outside)
    assert len(messages.requests) == 1
    assert world.read(ID) == before


def test_no_claim_after_the_end(world, stored, messages, outside):
    """A workflow that is over sends nothing more."""
    sent_step(world, outside)
    over = transitions.received(world.read(ID), 0, Receipt("read", "u", None, None), NOW)
    world.store.write(over)
    send(outside, "sms", ID, 1)
    assert len(messages.requests) == 1
    assert world.read(ID).steps[1].phase == "pending"


def test_twin_wins_the_claim(world, stored, messages, outside, monkeypatch):
    """Two sends at once: one of them loses its write, reads again, and sends nothing."""
    write = outside.store.write

    def late(state, pointer=None):
        if not messages.requests:
            send(Outside(), "messenger", ID, 0)
        return write(state, pointer)

    monkeypatch.setattr(outside.store, "write", late)
    send(outside, "messenger", ID, 0)
    assert len(messages.requests) == 1


def test_lost_answer_of_the_claim(world, stored, messages, outside, monkeypatch):
    """A claim that was written though its answer got lost is recognized as our own, and the message goes out."""
    client = outside.store._client
    put_item = client.put_item

    def repeated(**arguments):
        put_item(**arguments)
        return put_item(**arguments)

    monkeypatch.setattr(client, "put_item", repeated)
    assert sent_step(world, outside).phase == "sent"
    assert len(messages.requests) == 1


@pytest.mark.parametrize("status", [400, 404, 415, 422])
def test_refused(world, stored, messages, outside, status):
    """F6: a refusal closes the step at once with the vendor's words, free of addresses."""
    named = [{"name": "to", "reason": "447700900123 is not a number"}]
    messages.script = [server.problem(status, "Invalid params", invalid_parameters=named)]
    step = sent_step(world, outside)
    assert (step.state, len(messages.requests)) == ("refused", 1)
    reason = world.read(ID).timeline[-1]["reason"]
    assert reason == f"refused: {status} Invalid params (to: … is not a number)"


def test_redirect_is_a_refusal(world, stored, messages, outside):
    """A redirect is not followed: credentials and content stay where they were meant to go."""
    messages.script = [server.http(302, headers="Location: http://127.0.0.1:9/\r\n")]
    assert sent_step(world, outside).state == "refused"


@pytest.mark.parametrize("status", [401, 402])
def test_credentials_refused(world, stored, messages, outside, status, output):
    """F7: credentials that stay refused close the step, and are counted for the alarm."""
    messages.script = [server.problem(status, "Unauthorized")] * 3
    assert sent_step(world, outside).state == "refused"
    assert len(messages.requests) == 1
    assert "CredentialsRefused" in output()


def test_credentials_rotated(world, stored, messages, outside, monkeypatch):
    """F7, F20: a secret that has changed in the meantime is read again, and the message goes out."""
    api = outside.messages("https://api.test/beta")
    api.prepare()
    rotated = json.dumps({**CREDENTIALS, "api_secret": "rotated"})
    boto3.client("secretsmanager").put_secret_value(SecretId="messages", SecretString=rotated)
    outside.messages_secret._read_at -= 20
    messages.script = [server.problem(401, "Unauthorized"), server.accepted()]
    assert sent_step(world, outside).phase == "sent"
    assert messages.requests[0].headers["authorization"] != messages.requests[1].headers["authorization"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("headers", "pause"), [("", 0.5), ("Retry-After: 3\r\n", 3.0), ("Retry-After: soon\r\n", 0.5)])
def test_asked_to_wait(world, stored, messages, outside, slept, status, headers, pause):
    """F5: 429 and 503 are repeated after the time they ask for."""
    messages.script = [server.http(status, headers=headers), server.accepted()]
    assert sent_step(world, outside).phase == "sent"
    assert slept == [pause]


def test_retry_after_as_a_date(world, stored, messages, outside, slept):
    """F5: Retry-After may be a date."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 10))
    messages.script = [server.http(429, headers=f"Retry-After: {date}\r\n"), server.accepted()]
    sent_step(world, outside)
    assert 5 < slept[0] <= 10


def test_busy_for_good(world, stored, messages, outside, slept):
    """F5: who stays busy is asked a bounded number of times, within the budget; then the step fails over."""
    messages.script = [server.http(503)] * 50
    step = sent_step(world, outside)
    assert step.state == "unsendable"
    assert world.read(ID).timeline[-1]["reason"] == "unsendable: HTTP 503"
    assert sum(slept) <= 24
    assert len(messages.requests) == len(slept) + 1


def test_pauses_stay_within_the_expiry(world, messages, outside, slept):
    """F4: with a short expiry the pauses are shorter still."""
    world.put(workflow(("messenger", "read", 15), "sms"), [MESSENGER, SMS])
    messages.script = [server.http(503)] * 50
    sent_step(world, outside)
    assert sum(slept) <= 15


def test_not_asked_again_once_it_is_over(world, stored, messages, outside):
    """Before asking again the send looks whether the message is still wanted."""
    messages.script = [server.http(429)] * 5

    def end_it(_):
        flow = transitions.received(world.read(ID), 0, Receipt("read", "u", None, None), NOW)
        world.store.write(flow)

    messages.meanwhile = end_it
    step = sent_step(world, outside)
    assert len(messages.requests) == 1
    assert (step.state, world.read(ID).status) == ("met", "completed")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid"])
def test_no_connection(world, stored, messages, slept, monkeypatch, url):
    """F4: without a connection, or a name, nothing was taken: asked again, bounded, then failed over."""
    monkeypatch.setenv("MESSAGES_URL", url)
    outside = hurried(slept)
    assert sent_step(world, outside).state == "unsendable"
    assert slept


def _slow(connection):
    """Answers byte by byte, and never ends."""
    connection.sendall(b"HTTP/1.1 202 X\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b" ")
        time.sleep(0.01)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(server.reset, id="reset"),
        pytest.param(server.closed, id="closed"),
        pytest.param(server.garbage, id="garbage"),
        pytest.param(server.http(500), id="500"),
        pytest.param(server.http(502), id="502"),
        pytest.param(server.http(504), id="504"),
        pytest.param(server.http(408), id="408"),
        pytest.param(server.http(202, b"not json"), id="not json"),
        pytest.param(server.http(202, b"[" * 100_000), id="deep"),
        pytest.param(server.http(202, b"{}"), id="no message_uuid"),
        pytest.param(server.http(202, b'{"message_uuid": 7}'), id="odd message_uuid"),
        pytest.param(server.http(202, b'{"message_uuid": "x', length=100), id="truncated"),
        pytest.param(server.http(202, b'{"x": "' + b"x" * 200_000 + b'"}'), id="huge"),
        pytest.param(_slow, id="slow"),
    ],
)
def test_unknown(world, stored, messages, outside, slept, answer, monkeypatch):
    """F8: what may have been taken is never asked for again; its status or its expiry decides."""
    monkeypatch.setattr("failover.adapters.messages.READ_SECONDS", 1)
    messages.script = [answer]
    step = sent_step(world, outside)
    assert (step.state, step.outcome) == ("unknown", None)
    assert step.answered_at
    assert len(messages.requests) == 1
    assert not slept


def test_hanging(world, stored, messages, outside, monkeypatch):
    """F8: an answer that never comes is unknown after the read time-out."""
    monkeypatch.setattr("failover.adapters.messages.READ_SECONDS", 0.3)
    messages.script = [messages.hang]
    assert sent_step(world, outside).state == "unknown"


def test_status_overtakes_the_answer(world, stored, messages, outside):
    """F9: a status that is recorded before the answer counts, and the answer is merged with it."""

    def read_already(_):
        flow = transitions.received(world.read(ID), 0, Receipt("read", None, None, None), NOW)
        world.store.write(flow)

    messages.meanwhile = read_already
    messages.script = [server.accepted("uuid-1")]
    step = sent_step(world, outside)
    assert (step.outcome, step.message_uuid, world.read(ID).status) == ("met", "uuid-1", "completed")


@pytest.mark.parametrize("moment", ["before the claim", "after the claim", "after the request", "after the answer"])
def test_death(world, stored, messages, outside, monkeypatch, moment):
    """F3: wherever a send dies, running it again never makes a second request."""

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

    post = requests.post
    with monkeypatch.context() as deadly:
        deadly.setattr(outside.store, "write", write_or_die)
        if moment == "after the request":
            deadly.setattr(requests, "post", lambda *a, **k: (post(*a, **k), die()))
        with pytest.raises(Death):
            send(outside, "messenger", ID, 0)
    asked = {"before the claim": 0, "after the claim": 0, "after the request": 1, "after the answer": 1}[moment]
    assert len(messages.requests) == asked
    send(outside, "messenger", ID, 0)
    assert len(messages.requests) == (1 if moment == "before the claim" else asked)


def test_missing_credentials_claim_nothing(world, stored, messages, outside):
    """A secret nobody has set fails before the claim, so that nothing is lost by it."""
    boto3.client("secretsmanager").put_secret_value(SecretId="messages", SecretString="{}")
    with pytest.raises(RuntimeError):
        send(outside, "messenger", ID, 0)
    assert world.read(ID).steps[0].phase == "pending"


def test_only_fixed_words_leave(world, stored, monkeypatch, output):
    """Whatever goes wrong inside, the execution's history and the log get none of its words."""
    app = load("send_messenger")

    def leak(*_):
        raise ValueError("447700900123 said secret things")

    monkeypatch.setattr(app, "send", leak)
    with pytest.raises(Exception, match="the send failed") as caught:
        app.handler({"workflow": ID, "step": 0}, None)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    written = output()
    assert "447700900123" not in written
    assert "ValueError" in written


def test_log_and_metrics_name_nobody(world, stored, messages, output):
    """I8: neither the log nor a metric holds a text or an address."""
    load("send_messenger").handler({"workflow": ID, "step": 0}, None)
    written = output()
    assert '"StepsSent":[1.0]' in written
    assert ID in written
    for private in ("sim-unread", "Hello", "vendor-secret"):
        assert private not in written


def test_conflict_carries_the_current_state(world, stored):
    """A lost write tells what is there now."""
    flow = world.read(ID)
    world.store.write(transitions.claimed(flow, 0, NOW))
    with pytest.raises(Conflict) as caught:
        world.store.write(flow)
    assert caught.value.current.steps[0].phase == "claimed"


def test_another_channels_step(world, stored, messages, outside):
    """A function does not send a step of another channel."""
    with pytest.raises(ValueError, match="channel"):
        send(outside, "sms", ID, 0)
    assert not messages.requests


def test_server_is_scripted():
    """The scripted server answers in order, then accepts."""
    fake = MessagesServer(script=[server.http(418)])
    answers = [requests.post(f"{fake.url}/v1/messages", json={}, timeout=5).status_code for _ in range(2)]
    fake.close()
    assert answers == [418, 202]
