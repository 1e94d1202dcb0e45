"""The product's main job over HTTP on the deployed stack."""

import json
import time
import uuid
from datetime import datetime
from pathlib import Path

import jwt
import pytest
import requests

from failover.rules.channels.channel_table import CHANNELS
from local import credentials
from tests.examples import EVERY_CHANNEL

TO = {"id": {"id": "sim-read"}, "number": {"number": "447700900001"}}

# The request of the product's overview page, byte for byte, with sandbox ids.
OVERVIEW = """{
    "template":"failover",
    "workflow": [
      {
        "from": { "type": "messenger", "id": "sim-page" },
        "to": { "type": "messenger", "id": "%s" },
        "message": {
          "content": {
            "type": "text",
            "text": "This is a Facebook Messenger Message sent from the Workflows API"
          }
        },
        "failover":{
          "expiry_time": %d,
          "condition_status": "read"
        }
      },
      {
        "from": {"type": "sms", "number": "ACME"},
        "to": { "type": "sms", "number": "447700900000"},
        "message": {
          "content": {
            "type": "text",
            "text": "This is an SMS sent from the Workflows API"
          }
        }
      }
    ]
  }"""


def messenger(recipient, expiry, condition="read"):
    return {
        "from": {"type": "messenger", "id": "sim-page"},
        "to": {"type": "messenger", "id": recipient},
        "message": {"content": {"type": "text", "text": "Hello"}},
        "failover": {"expiry_time": expiry, "condition_status": condition},
    }


def viber(number, expiry):
    return {
        "from": {"type": "viber_service_msg", "id": "sim-service"},
        "to": {"type": "viber_service_msg", "number": number},
        "message": {"content": {"type": "text", "text": "Hello"}},
        "failover": {"expiry_time": expiry, "condition_status": "delivered"},
    }


def sms(number="447700900000"):
    return {
        "from": {"type": "sms", "number": "ACME"},
        "to": {"type": "sms", "number": number},
        "message": {"content": {"type": "text", "text": "Hello"}},
    }


@pytest.fixture(scope="session")
def posted(deployed):
    """The workflows of all scenarios, started together."""
    expiring = {
        "unread": [messenger("sim-unread", 15), sms()],
        "chain": [messenger("sim-unread", 15), viber("447700900004", 15), sms()],
        "late": [messenger("sim-late", 15, "delivered"), viber("447700900004", 600), sms()],
        "unknown": [messenger("sim-broken", 15), sms()],
    }
    decided = {
        "read": [messenger("sim-read", 600), sms()],
        "read first": [messenger("sim-read-first", 600), sms()],
        "twice": [messenger("sim-twice", 600), sms()],
        "rejected": [messenger("sim-rejected", 600), sms()],
        "undeliverable": [messenger("sim-undeliverable", 600), sms()],
        "refused": [messenger("sim-refused", 600), sms()],
        "none left": [messenger("sim-refused", 600), sms("447700900002")],
    }
    return {name: deployed.post(*steps) for name, steps in {**expiring, **decided}.items()}


def overview(deployed, recipient, expiry, path="/beta/workflows"):
    """The request of the overview page's curl."""
    headers = {
        "Authorization": deployed.account.basic,
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "curl/8.5.0",
    }
    body = (OVERVIEW % (recipient, expiry)).encode()
    return requests.post(f"{deployed.place.url}{path}", data=body, headers=headers, timeout=60)


def left(workflow):
    return [entry["reason"] for entry in workflow["timeline"] if entry["event"] == "left"]


def seconds_between(workflow, first, second):
    """Seconds between the sends of two steps."""
    at = {e["step"]: datetime.fromisoformat(e["at"]) for e in workflow["timeline"] if e["event"] == "sending"}
    return (at[second] - at[first]).total_seconds()


def test_overview_example_is_read(deployed):
    """The overview page's request is answered 202 with its id; the message is read, and no other one is sent."""
    answer = overview(deployed, "sim-read", 600)
    assert answer.status_code == 202
    assert list(answer.json()) == ["workflow_uuid"]
    workflow_id = answer.json()["workflow_uuid"]
    assert deployed.over(workflow_id)["status"] == "completed"
    assert deployed.sent(workflow_id) == ["messenger"]


def test_overview_example_under_its_later_name(deployed):
    """The same request at /v0.1/dispatch is answered in the words of dispatch."""
    answer = overview(deployed, "sim-read", 600, "/v0.1/dispatch?")
    assert list(answer.json()) == ["dispatch_uuid"]
    shown = deployed.call("GET", f"/v0.1/dispatch/{answer.json()['dispatch_uuid']}")
    assert shown.json()["dispatch_uuid"] == answer.json()["dispatch_uuid"]


def test_unread(deployed, posted):
    """A message not read within its expiry is followed by the SMS, not early and not twice."""
    workflow = deployed.over(posted["unread"])
    assert workflow["status"] == "completed"
    assert left(workflow) == ["expired after 15 s: last status delivered, wanted read"]
    assert 15 <= seconds_between(workflow, 0, 1) < 25
    assert deployed.sent(posted["unread"]) == ["messenger", "sms"]


def test_chain(deployed, posted):
    """Messenger, then Viber, then SMS: the chain of the overview page's first paragraph."""
    workflow = deployed.over(posted["chain"])
    assert workflow["status"] == "completed"
    assert left(workflow) == [
        "expired after 15 s: last status delivered, wanted read",
        "expired after 15 s: last status submitted, wanted delivered"
        if workflow["steps"][1].get("status")
        else "expired after 15 s: last status none, wanted delivered",
    ]
    assert deployed.sent(posted["chain"]) == ["messenger", "viber_service", "sms"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("rejected", "rejected: 1300 Not part of the provider network"),
        ("undeliverable", "undeliverable: 1260 Destination unreachable"),
        (
            "refused",
            "refused: 422 1150 Invalid params: The value of one or more parameters is invalid. "
            "(to: not a recipient of the sandbox)",
        ),
    ],
)
def test_failed_at_once(deployed, posted, name, reason):
    """After a rejected, undeliverable or refused message the SMS is sent at once."""
    workflow = deployed.over(posted[name])
    assert workflow["status"] == "completed"
    assert left(workflow) == [reason]
    assert seconds_between(workflow, 0, 1) < 15


@pytest.mark.parametrize("name", ["read", "read first", "twice"])
def test_read_in_time(deployed, posted, name):
    """After a message read in time no other one is sent, in any order of statuses and with repeats."""
    assert deployed.over(posted[name])["status"] == "completed"
    assert deployed.sent(posted[name]) == ["messenger"]
    statuses = [e["status"] for e in deployed.get(posted[name])["timeline"] if e["event"] == "status"]
    assert len(statuses) == len(set(statuses))


def test_late_delivery_stops_the_chain(deployed, posted):
    """A message delivered after its expiry, while Viber is still waiting, stops the SMS."""
    workflow = deployed.over(posted["late"])
    assert workflow["status"] == "completed"
    assert [entry for entry in workflow["timeline"] if entry.get("late")][-1]["status"] == "delivered"
    assert deployed.sent(posted["late"]) == ["messenger", "viber_service"]


def test_unknown_is_asked_for_once(deployed, posted):
    """After a 500 the message is not requested again, and its expiry decides."""
    workflow = deployed.over(posted["unknown"])
    assert left(workflow) == ["expired after 15 s: last status none, wanted read"]
    assert deployed.sent(posted["unknown"]) == ["messenger", "sms"]


def test_error(deployed, posted):
    """If the last message fails too, the workflow ends in error with the reason."""
    workflow = deployed.over(posted["none left"])
    assert (workflow["status"], workflow["reason"]) == ("error", "rejected: 1300 Not part of the provider network")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/beta/workflows", b"{", 400),
        ("POST", "/beta/workflows", b"{}", 400),
        ("POST", "/beta/workflows", b" " * 70_000, 413),
        ("PUT", "/beta/workflows", b"{}", 405),
        ("GET", "/beta/workflows/5f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10", None, 404),
        ("GET", "/beta/nothing", None, 404),
        ("POST", "/beta/webhooks/message-status", b"{}", 401),
        ("GET", "/beta/webhooks/message-status?to=447700900123&status=read", None, 405),
    ],
)
def test_problems(deployed, method, path, body, status):
    """Bad input gets the vendor's problem document, with one trace id in body and header."""
    answer = deployed.call(method, path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["instance"] == answer.headers["X-Nexmo-Trace-Id"]


def test_unsigned_callback(deployed):
    """A callback without a signature gets an answer that makes the vendor repeat it."""
    url = f"{deployed.place.api_url}/webhooks/message-status"
    assert requests.post(url, data=json.dumps({"status": "read"}), timeout=30).status_code == 503


@pytest.mark.parametrize("name", EVERY_CHANNEL)
def test_every_channel(deployed, name):
    """A message on each channel is sent and delivered."""
    step = {**EVERY_CHANNEL[name], "to": {"type": name, **TO[CHANNELS[name].recipient]}}
    step.pop("failover", None)
    workflow_id = deployed.post(step)
    assert deployed.over(workflow_id)["status"] == "completed"
    assert deployed.sent(workflow_id) == [CHANNELS[name].v1_name]


def test_token_of_an_application(deployed):
    """A token from the published clients, without exp, is accepted like the account's secret."""
    written = credentials.read_all(deployed.place)
    claims = {"iat": int(time.time()), "jti": str(uuid.uuid1()), "application_id": written["APPLICATION_ID"]}
    token = jwt.encode(claims, Path(written["PRIVATE_KEY_PATH"]).read_text(), algorithm="RS256")
    body = {"template": "failover", "workflow": [sms()]}
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.post(f"{deployed.place.api_url}/workflows?", json=body, headers=headers, timeout=30)
    assert answer.status_code == 202
    assert deployed.over(answer.json()["workflow_uuid"])["status"] == "completed"


def test_bad_credentials(deployed):
    """Bad credentials get 401."""
    answer = requests.post(f"{deployed.place.api_url}/workflows", json={}, auth=("00000000", "x"), timeout=30)
    assert answer.status_code == 401
