"""The smaller rules: waiting, due times, redaction, credentials, references, outgoing bodies, presentation."""

import base64
import hmac
from dataclasses import replace

import pytest
import yaml

from failover.adapters import callers
from failover.edges import http_request
from failover.rules.callers import account_secrets, basic
from failover.rules.receipts.redaction import private_phrases, redacted
from failover.rules.requests import idempotency
from failover.rules.sending import client_ref, outgoing
from failover.rules.sending.answers import Accepted
from failover.rules.timing.instants import iso
from failover.rules.workflow import overdue, retention, transitions
from failover.rules.workflow.presentation import resource
from failover.rules.workflow.state import MOST_ATTEMPTS, from_plain, to_plain
from tests.examples import (
    EVERY_CHANNEL,
    HOUR,
    ID,
    MESSENGER,
    NOW,
    SMS,
    THREE_STEPS,
    TWO_STEPS,
    VIBER,
    WHATSAPP,
    workflow,
)
from tests.world import ROOT
from tests.world import template as parameters

MINUTES = 60_000
TEMPLATE = {"type": "template", "template": {"name": "hello"}}


@pytest.mark.parametrize(("jitter", "waits"), [(0, [0.1, 0.2, 0.4]), (1, [0.05, 0.1, 0.2, 0.4])])
def test_pauses_for_a_concurrent_write(jitter, waits):
    """The pauses for a concurrent write grow, and add up to at most a second."""
    pauses = []
    while (pause := idempotency.pause_for_duplicate(len(pauses) + 1, sum(pauses), jitter)) is not None:
        pauses.append(pause)
    assert pauses == waits
    assert sum(pauses) <= 1


def test_due_while_it_runs():
    """A running workflow is due when its next transition is overdue: start, send, expiry, receipt window."""
    flow = workflow(*TWO_STEPS)
    assert flow.due_at == NOW + 30_000
    flow = transitions.claimed(flow, 0, NOW + 1000)
    assert flow.due_at == NOW + 1000 + 4 * MINUTES
    flow = transitions.answered(flow, 0, Accepted("u"), NOW + 2000)
    assert flow.due_at == NOW + 2000 + 14 * MINUTES
    flow = transitions.claimed(flow, 1, NOW + 700_000)
    flow = transitions.answered(flow, 1, Accepted("v"), NOW + 701_000)
    assert flow.due_at == NOW + 701_000 + 72 * HOUR * 1000


def test_longest_life_covers_every_expiry():
    """Nothing expires from the table within the sum of all expiries and the receipt window."""
    flow = workflow(*THREE_STEPS)
    assert retention.longest_life(flow.steps, flow.receipt_window) > 600 + 300 + flow.receipt_window
    assert retention.forgotten_at(1, 10) == 11


def test_longest_life_covers_every_retry():
    """Ten sends that wait for their turn, are throttled and time out until they are given up, and five executions that
    die after one, stay within the longest life."""
    send = yaml.safe_load((ROOT / "statemachine/failover.asl.yaml").read_text())["States"]["Send"]
    _, throttled, failed = send["Retry"]
    tries = (1 + failed["MaxAttempts"]) * (send["TimeoutSeconds"] + failed["MaxDelaySeconds"])
    tries += throttled["MaxAttempts"] * throttled["MaxDelaySeconds"]
    patience = parameters()["Parameters"]["PatienceSeconds"]["MaxValue"]
    # each is overdue later than the one before, and a run of reconcile may fail
    found = sum((overdue.SLACK << attempt) + overdue.RETRY + 60 for attempt in range(MOST_ATTEMPTS))
    flow = workflow(*[("messenger", "read", 15)] * 9, "sms")
    timers = 9 * 15 + flow.receipt_window
    assert (
        retention.longest_life(flow.steps, flow.receipt_window)
        >= timers + 10 * (tries + patience) + MOST_ATTEMPTS * tries + found
    )


def test_pointers_outlive_their_workflow():
    """F26: items beside a workflow are kept longer than its record, however late they are stored."""
    flow = workflow(*THREE_STEPS)
    life = retention.longest_life(flow.steps, flow.receipt_window)
    for stored in (NOW, NOW + life * 1000, NOW + 10 * life * 1000):
        ended = transitions.cancelled(flow, stored + life * 1000)
        assert retention.pointers_expire_at(flow, stored) >= ended.expires_at


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Not part of the provider network", "Not part of the provider network"),
        ("1300 Not part", "1300 Not part"),
        ("to: 447700900123", "to: …"),
        ("+44 (7700) 900-123!", "…!"),
        ("jo@example.org said no", "… said no"),
        ("a\r\nb\x1b[31m\u2028c", "a b [31m c"),
        ("x" * 500, "x" * 200),
    ],
)
def test_redacted(text, kept):
    """Addresses and control characters are removed, the rest stays, within a limit."""
    assert redacted(text) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Hello from Messenger is not allowed", "… is not allowed"),
        ("sim-unread cannot be reached by sim-page", "… cannot be reached by …"),
        ("near 'llo from Messenge'", "near '…'"),
        ("an invalid message of type text", "an invalid message of type text"),
        ("a simulated sim-unreadable one", "a simulated sim-unreadable one"),
    ],
)
def test_redacted_of_the_message(said, kept):
    """A message's content and parties, whole or in part, are removed from words about it; the API's words stay."""
    assert redacted(said, private_phrases(MESSENGER)) == kept


def test_private_phrases():
    """Parties, texts, captions, links and every template parameter are private, in every shape."""
    steps = EVERY_CHANNEL.values()
    assert {phrase for step in steps for phrase in private_phrases(step)} >= {
        *("sim-page", "sim-unread", "447700900000", "ACME", "Hello from SMS", "Hello from MMS"),
        *("https://x.test/a.jpg", "Jo", "4711"),
    }
    assert "text" not in {phrase for step in steps for phrase in private_phrases(step)}


def test_secrets():
    """A secret is stored as a hash alone, and either of two valid ones matches."""
    old, new = callers.new_secret(), callers.new_secret()
    hashes = [account_secrets.hashed(old), account_secrets.hashed(new)]
    assert old not in hashes
    assert account_secrets.matches(old, hashes)
    assert account_secrets.matches(new, hashes)
    assert not account_secrets.matches(callers.new_secret(), hashes)
    assert not account_secrets.matches("", hashes)


def test_secrets_cannot_be_guessed(monkeypatch):
    """A secret is 32 bytes of system randomness, and is compared in constant time."""
    assert len({callers.new_secret() for _ in range(100)}) == 100
    assert len(base64.urlsafe_b64decode(callers.new_secret() + "=")) == 32
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *two: compared.append(two) or False)
    assert not account_secrets.matches("offered", ["one", "two"])
    assert compared == [(account_secrets.hashed("offered"), "one"), (account_secrets.hashed("offered"), "two")]


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        ("Basic " + base64.b64encode(b"key:sec:ret").decode(), ("key", "sec:ret")),
        ("basic  " + base64.b64encode(b"key:").decode(), ("key", "")),
        ("Basic " + base64.b64encode(b"key").decode(), None),
        ("Basic !!!", None),
        ("Basic é", None),
        ("Basic \ud800", None),
        ("Basic " + base64.b64encode(b"\xff:").decode(), None),
        ("Bearer x", None),
        ("", None),
    ],
)
def test_basic(header, pair):
    """RFC 7617: the secret may contain a colon, the key may not; anything else is no Basic header."""
    assert basic.basic(header) == pair


@pytest.mark.decision("How are steps counted?")
def test_client_ref():
    """A reference leads back to its step, fits the vendor's 40 characters, and no other text parses as one."""
    reference = client_ref.client_ref(ID, 9)
    assert len(reference) <= 40
    assert client_ref.parse_client_ref(reference) == (ID, 9)
    for other in ("", ID, f"{ID}.10", f"{ID}.x", f"{ID.upper()}.1", f"x{reference}", f"{reference}\n"):
        assert client_ref.parse_client_ref(other) is None


def test_v1_bodies():
    """v1 bodies are flat, name their own webhook, and use v1's channel names."""
    viber = {**VIBER, "message": {**VIBER["message"], "viber_service_msg": {"ttl": 60}, "client_ref": "theirs"}}
    assert outgoing.v1(viber, "ours", "https://api.test/beta/webhooks/message-status") == {
        "channel": "viber_service",
        "message_type": "text",
        "from": "16273",
        "to": "447700900004",
        "text": "Hello from Viber",
        "viber_service": {"ttl": 60},
        "client_ref": "ours",
        "webhook_url": "https://api.test/beta/webhooks/message-status",
        "webhook_version": "v1",
    }
    assert outgoing.v1(MESSENGER, "ours", "w")["to"] == "sim-unread"
    image = {"type": "image", "image": {"url": "https://x.test/a.jpg"}}
    sent = outgoing.v1({**MESSENGER, "message": {"content": image}}, "ours", "w")
    assert (sent["message_type"], sent["image"]) == ("image", {"url": "https://x.test/a.jpg"})


@pytest.mark.parametrize(
    ("content", "given", "sent"),
    [
        (TEMPLATE, None, {"locale": "en_US"}),
        (TEMPLATE, {"policy": "deterministic"}, {"locale": "en_US", "policy": "deterministic"}),
        (TEMPLATE, {"locale": "de"}, {"locale": "de"}),
        (TEMPLATE, {"locale": "de", "policy": "deterministic"}, {"locale": "de", "policy": "deterministic"}),
        ({"type": "text", "text": "Hello"}, {"locale": "de", "policy": "deterministic"}, None),
    ],
)
def test_whatsapp_options(content, given, sent):
    """A template always has a locale in both versions; other content has no options."""
    message = {"content": content} | ({"whatsapp": given} if given else {})
    step = {**WHATSAPP, "message": message}
    assert outgoing.v1(step, "ours", "w").get("whatsapp") == sent
    assert outgoing.v0_1(step, "ours")["message"].get("whatsapp") == sent


def test_v0_1_body():
    """A v0.1 body keeps the shape of a step, without the fields of the workflow alone."""
    step = {**SMS, "message": {**SMS["message"], "client_ref": "theirs"}}
    assert outgoing.v0_1(step, "ours") == {
        "from": SMS["from"],
        "to": SMS["to"],
        "message": SMS["message"],
        "client_ref": "ours",
    }


def test_iso():
    """Instants are shown in UTC with milliseconds and Z."""
    assert iso(1_234) == "1970-01-01T00:00:01.234Z"


def test_shown_without_content():
    """Once the content has been dropped, the workflow is shown without sender and recipient."""
    flow = workflow(*TWO_STEPS)
    assert resource(flow, [MESSENGER, SMS], NOW)["steps"][1]["to"] == SMS["to"]
    assert "to" not in resource(flow, None, NOW)["steps"][1]


def test_plain_and_back():
    """A workflow is read back from its stored form unchanged."""
    flow = transitions.answered(transitions.claimed(workflow(*THREE_STEPS), 0, NOW), 0, Accepted("u"), NOW)
    flow = replace(flow, task_token="t")
    assert from_plain({**to_plain(flow), "pk": f"workflow#{flow.id}", "sk": "y"}) == flow


@pytest.mark.parametrize(
    ("path", "proxy", "domain", "expected"),
    [
        ("/beta/workflows", "workflows", "x.execute-api.eu-west-1.amazonaws.com", "/beta"),
        ("/beta/workflows/", "workflows/", "x.execute-api.eu-west-1.amazonaws.com", "/beta"),
        ("/v0.1/dispatch", "dispatch", "api.example.com", "/v0.1"),
        ("/workflows", "workflows", "api.example.com", ""),
    ],
)
def test_base_url(path, proxy, domain, expected):
    """The API's own URL is the one API Gateway reports: stage, custom domain or mapping."""
    context = {"path": path, "domainName": domain, "stage": "beta"}
    event = {"requestContext": context, "resource": "/{proxy+}", "pathParameters": {"proxy": proxy}}
    assert http_request.base_url(event, "") == f"https://{domain}{expected}"
    assert http_request.base_url(event, "http://set") == "http://set"
