"""The send functions against a misbehaving Messages API (F4 to F8)."""

import json
import time

import boto3
import pytest
import requests

from failover.adapters import aws
from failover.outside import Outside
from failover.rules.pacing.turns import NotYourTurn
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.vendor_credentials import UnusableCredentials
from failover.rules.workflow import transitions
from failover.use_cases.sending.send import send
from tests import messages_server as server
from tests.certificates import self_signed
from tests.examples import ID, NOW, SMS, workflow
from tests.functions.conftest import sent_step, waits_until
from tests.messages_server import MessagesServer
from tests.world import CREDENTIALS, later, unreachable


@pytest.mark.parametrize("status", [400, 404, 415, 422])
def test_refused(world, stored, messages, outside, status):
    """F6: a refusal ends the step at once, with the vendor's words but no addresses."""
    named = [{"name": "to", "reason": "447700900123 is not a number"}]
    messages.script = [server.problem(status, "Invalid params", invalid_parameters=named)]
    step = sent_step(world, outside)
    assert (step.state, len(messages.requests)) == ("refused", 1)
    reason = world.read(ID).timeline[-1]["reason"]
    assert reason == f"refused: {status} Invalid params (to: … is not a number)"


def test_refusal_quotes_nothing(world, stored, messages, outside):
    """The timeline outlives the content, so a refusal that quotes the message is recorded without the quotation."""
    words = "sim-unread was sent Hello from Messenger by sim-page"
    messages.script = [server.problem(422, "Invalid params", invalid_parameters={"name": "text", "reason": words})]
    sent_step(world, outside)
    assert "(text: … was sent … by …)" in world.read(ID).timeline[-1]["reason"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b'{"title": "cut \\ud83d"}', "cut \ufffd", id="half of a pair"),
        pytest.param(b'{"title": "a\\u0000b"}', "a\ufffdb", id="NUL"),
        pytest.param(b'{"title": "a\xff"}', "a\ufffd", id="not UTF-8"),
        pytest.param(b'\xef\xbb\xbf{"title": "a"}', "a", id="byte order mark"),
        pytest.param(b'{"title": "a", "title": "b"}', "b", id="twice"),
        pytest.param(b'{"title": "a", "x": NaN}', "a", id="NaN"),
        pytest.param(b'{"title": "a", "x": ' + b"1" * 5000 + b"}", "a", id="a long integer"),
        pytest.param(b'{"title": "a", "x": ' + b"[" * 5000, "", id="unreadable"),
    ],
)
def test_refused_in_odd_words(world, stored, messages, outside, body, words):
    """F6: a refusal is recorded as far as it can be read, and odd bytes in it change nothing."""
    messages.script = [server.http(422, body)]
    assert sent_step(world, outside).state == "refused"
    assert world.read(ID).timeline[-1]["reason"] == f"refused: 422 {words}".strip()


@pytest.mark.parametrize("location", ["http://127.0.0.1:9/", "http://[bad"])
def test_redirect_is_a_refusal(world, stored, messages, outside, location):
    """A redirect is neither followed nor read, so credentials and content go to no other host."""
    messages.script = [server.http(302, headers=f"Location: {location}\r\n")]
    assert sent_step(world, outside).state == "refused"


@pytest.mark.parametrize(
    ("title", "detail", "reason"),
    [
        ("1420", "Invalid sender", "422 1420 Invalid sender"),
        (
            "Bad Request",
            "Insufficient balance, please top up.",
            "422 Bad Request: Insufficient balance, please top up.",
        ),
        ("1020", "Hello from Messenger is too long", "422 1020 … is too long"),
    ],
)
def test_reason_of_a_refusal(world, stored, messages, outside, title, detail, reason):
    """F6: the timeline keeps the vendor's title, code and detail; neither number is mistaken for an address."""
    messages.script = [server.problem(422, title, detail=detail)]
    sent_step(world, outside)
    assert world.read(ID).timeline[-1]["reason"] == f"refused: {reason}"


REFUSALS = "https://developer.vonage.com/api-errors"


@pytest.mark.parametrize(
    ("status", "fragment", "scope"),
    [
        (401, "#unauthorized", "credentials"),
        (402, "#low-balance", "account"),
        (403, "#account-suspended", "account"),
        (400, "#low-balance", "account"),
        (422, "/messages#1150", None),
    ],
)
def test_account_refused(world, stored, messages, outside, output, status, fragment, scope):
    """F7: a refusal of the whole account ends the step and is counted for the alarm; one of a message is not."""
    messages.script = [server.problem(status, "Refused", type=f"{REFUSALS}{fragment}")] * 3
    assert sent_step(world, outside).state == "refused"
    assert len(messages.requests) == 1
    counted = [json.loads(line) for line in output().splitlines() if "AccountRefused" in line]
    assert [line["scope"] for line in counted] == ([scope] if scope else [])


@pytest.mark.parametrize("status", [402, 403, 422])
def test_no_other_credentials_for_it(world, stored, messages, outside, monkeypatch, status):
    """F7: if the credentials were valid, the secret is not read again and the request is not repeated."""
    monkeypatch.setattr(outside.messages_secret, "refreshed", lambda: True)
    messages.script = [server.problem(status, "Refused")]
    assert sent_step(world, outside).state == "refused"
    assert len(messages.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 408])
def test_unknown_outcome_that_mentions_credentials(world, stored, messages, outside, monkeypatch, status):
    """F8: an answer that leaves the outcome open is never retried, even if it mentions credentials."""
    monkeypatch.setattr(outside.messages_secret, "refreshed", lambda: True)
    messages.script = [server.problem(status, "Unauthorized", type=f"{REFUSALS}#unauthorized")]
    assert sent_step(world, outside).state == "unknown"
    assert len(messages.requests) == 1


@pytest.mark.parametrize("seconds", [0, 20], ids=["at once", "later"])
def test_credentials_rotated(world, stored, messages, outside, monkeypatch, seconds):
    """F7, F20: a secret that has changed since it was read is read again, and the message goes out."""
    api = outside.messages("https://api.test/beta")
    api.prepare({})
    rotated = json.dumps({**CREDENTIALS, "api_secret": "rotated"})
    boto3.client("secretsmanager").put_secret_value(SecretId="messages", SecretString=rotated)
    later(outside.messages_secret, seconds)
    messages.script = [server.problem(401, "Unauthorized"), server.accepted()]
    assert sent_step(world, outside).phase == "sent"
    assert messages.requests[0].headers["authorization"] != messages.requests[1].headers["authorization"]


def test_credentials_made_unusable(world, stored, messages, outside):
    """F7, F20: a refused send whose secret has become unusable ends as refused, and the next send stops."""
    api = outside.messages("https://api.test/beta")
    api.prepare({})
    boto3.client("secretsmanager").put_secret_value(SecretId="messages", SecretString=json.dumps({"api_key": "a:b"}))
    later(outside.messages_secret, 20)
    messages.script = [server.problem(401, "Unauthorized")]
    assert sent_step(world, outside).state == "refused"
    assert world.read(ID).timeline[-1]["reason"].startswith("refused: 401")
    assert len(messages.requests) == 1
    with pytest.raises(UnusableCredentials):
        api.prepare({})


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ("", 1),
        ("Retry-After: 3\r\n", 3),
        ("Retry-After: 7200\r\n", 60),
        ("Retry-After: soon\r\n", 1),
        (f"Retry-After: {10**400}\r\n", 1),
    ],
)
def test_asked_to_wait(world, stored, messages, clock_of_sends, status, headers, seconds):
    """F5: after 429 or 503 nothing more is requested, the claim is released, and the state machine gets the time."""
    outside = clock_of_sends.outside()
    messages.script = [server.http(status, headers=headers), server.accepted()]
    assert waits_until(outside, "messenger") == NOW + seconds * 1000
    step = world.read(ID).steps[0]
    assert (step.state, step.waiting_since, step.releases) == ("pending", NOW, 1)
    assert world.read(ID).timeline[-1]["reason"] == f"HTTP {status}"
    assert (len(messages.requests), clock_of_sends.slept) == (1, [])
    clock_of_sends.at += seconds * 1000
    assert sent_step(world, outside).state == "sent"


@pytest.mark.decision("Certainly not sent")
def test_a_connection_for_each_request(world, stored, messages, outside):
    """Each request opens its own connection: a reset on a reused one would leave open whether the request arrived."""
    messages.script = [server.http(503), server.http(503), server.accepted()]
    waits_until(outside, "messenger")
    waits_until(outside, "messenger")
    sent_step(world, outside)
    assert [request.headers["connection"] for request in messages.requests] == ["close"] * 3


def test_retry_after_as_a_date(stored, messages, outside):
    """F5: Retry-After may be a date."""
    asked = time.time() + 10
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(asked))
    messages.script = [server.http(429, headers=f"Retry-After: {date}\r\n")]
    assert int(asked) <= waits_until(outside, "messenger") / 1000 <= asked + 2


def until_it_ends(world, clock, channel):
    """Call a send whenever it is to be called again. Returns the seconds between the calls."""
    pauses = []
    while world.read(ID).steps[0].outcome is None:
        try:
            send(clock.outside(), channel, ID, 0)
        except NotYourTurn as error:
            pauses.append((error.at - clock.at) / 1000)
            clock.at = error.at
    return pauses


def test_busy_for_good(world, stored, messages, clock_of_sends):
    """F5: a busy vendor is asked again after growing pauses, for the patience; then the step fails over."""
    messages.script = [server.http(503)] * 50
    pauses = until_it_ends(world, clock_of_sends, "messenger")
    assert (pauses[:7], max(pauses), sum(pauses)) == ([1, 2, 4, 8, 16, 30, 30], 30, 900)
    assert len(messages.requests) == len(pauses) + 1
    assert world.read(ID).steps[0].state == "unsendable"
    assert world.read(ID).timeline[-1]["reason"] == "unsendable: not taken for 900 s: HTTP 503"


def test_the_last_step_is_given_up(world, messages, clock_of_sends, monkeypatch):
    """F5: if the last step is never taken, its workflow ends in error when the patience ends, and says why."""
    monkeypatch.setenv("PATIENCE_SECONDS", "15")
    world.put(workflow("sms"), [SMS])
    messages.script = [server.http(503)] * 50
    assert sum(until_it_ends(world, clock_of_sends, "sms")) == 15
    flow = world.read(ID)
    assert (flow.status, flow.reason) == ("error", "unsendable: not taken for 15 s: HTTP 503")


@pytest.mark.parametrize("status", ["submitted", "delivered"])
def test_not_asked_again_once_a_status_came(world, stored, messages, outside, status):
    """A status proves that the message was accepted, even after a 503: no second request and no failover follow."""
    messages.script = [server.http(503)] * 5

    def status_arrives(_):
        world.store.write(transitions.received(world.read(ID), 0, Receipt(status, "u", None, None), NOW))

    messages.meanwhile = status_arrives
    step = sent_step(world, outside)
    assert len(messages.requests) == 1
    assert (step.state, step.outcome) == ("unknown", None)


def test_table_lost_before_the_release(world, stored, messages, outside):
    """If a claim cannot be released, nothing is requested again: a status or the expiry decides."""
    messages.script = [server.http(503), server.accepted()]
    reachable = []
    messages.meanwhile = lambda _: reachable.append(unreachable(outside.table.client, "dynamodb.PutItem"))
    with pytest.raises(aws.Unavailable):
        send(outside, "messenger", ID, 0)
    reachable[0]()
    outside.sleep(waits_until(outside, "messenger") / 1000 - outside.now() / 1000)
    step = sent_step(world, outside)
    assert (step.phase, step.outcome, len(messages.requests)) == ("claimed", None, 1)


@pytest.mark.parametrize("moment", [1, 2])
def test_secrets_lost_meanwhile(world, stored, messages, outside, moment):
    """Once a step is claimed, a failing Secrets Manager can lose neither its message nor its answer."""
    unreachable(outside.messages_secret.client, "secrets-manager.GetSecretValue", after=1)
    messages.script = [server.problem(401, "Unauthorized")] if moment == 2 else []
    messages.meanwhile = lambda _: later(outside.messages_secret, 1000)
    step = sent_step(world, outside)
    assert len(messages.requests) == 1
    assert step.state == ("refused" if moment == 2 else "sent")


def test_untrusted_certificate(world, stored, outside, monkeypatch, tmp_path):
    """A server without a trusted certificate gets nothing, and the claim is released."""
    untrusted = MessagesServer(certificate=self_signed(tmp_path, "127.0.0.1"))
    monkeypatch.setenv("MESSAGES_URL", untrusted.url)
    waits_until(Outside(), "messenger")
    untrusted.close()
    assert (world.read(ID).steps[0].state, untrusted.requests) == ("pending", [])
    assert world.read(ID).timeline[-1]["reason"] == "certificate not trusted"


def test_not_asked_again_once_it_is_over(world, stored, messages, outside):
    """A claim is not released for a message that is no longer wanted, so it is not requested again."""
    messages.script = [server.http(429)] * 5

    def end_it(_):
        flow = transitions.received(world.read(ID), 0, Receipt("read", "u", None, None), NOW)
        world.store.write(flow)

    messages.meanwhile = end_it
    step = sent_step(world, outside)
    assert len(messages.requests) == 1
    assert (step.state, world.read(ID).status) == ("met", "completed")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid"])
def test_no_connection(world, stored, clock_of_sends, monkeypatch, url):
    """F4: without a connection nothing was taken: it is tried again after growing pauses; then the step fails over."""
    monkeypatch.setenv("MESSAGES_URL", url)
    monkeypatch.setenv("PATIENCE_SECONDS", "15")
    assert until_it_ends(world, clock_of_sends, "messenger") == [1, 2, 4, 8]
    assert world.read(ID).steps[0].state == "unsendable"
    assert world.read(ID).timeline[-1]["reason"] == "unsendable: not taken for 15 s: no connection"


def test_vendors_words_stay_out_of_the_log(world, stored, messages, outside, output):
    """I8: an answer of the Messages API may quote the message, so it is in the timeline and not in the log."""
    messages.script = [server.problem(422, "Your pin for Anna is not allowed")]
    sent_step(world, outside)
    assert "Anna" in world.read(ID).timeline[-1]["reason"]
    written = output()
    assert "Anna" not in written
    assert "HTTP 422" in written


def test_server_is_scripted():
    """The scripted server gives its answers in order, then accepts."""
    fake = MessagesServer(script=[server.http(418)])
    answers = [requests.post(f"{fake.url}/v1/messages", json={}, timeout=5).status_code for _ in range(2)]
    fake.close()
    assert answers == [418, 202]
