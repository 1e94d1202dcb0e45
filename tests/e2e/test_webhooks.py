"""The customer's webhooks and the other requests about a workflow, over HTTP on the deployed stack."""

import json
import uuid

import pytest
from vonage_jwt import verify_signature

from local import credentials
from tests import messages_server as server
from tests.e2e.test_failover import messenger, sms
from tests.messages_server import MessagesServer


@pytest.fixture
def customer():
    """The customer's server."""
    listening = MessagesServer()
    yield listening
    listening.close()


@pytest.fixture
def create(deployed):
    """Post a workflow, with extra fields and headers, and return its id."""

    def create(*steps, headers=None, **more):
        body = {"template": "failover", "workflow": list(steps), **more}
        answer = deployed.call("POST", "/beta/workflows", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        return answer.json()["workflow_uuid"]

    return create


@pytest.fixture
def settled_webhooks(deployed):
    """The webhooks of a workflow, once there are at least `how_many` and all are settled."""

    def settled_webhooks(workflow_id, how_many):
        def read(_):
            return deployed.call("GET", f"/beta/workflows/{workflow_id}/webhooks").json()["webhooks"]

        def settled(workflow):
            listed = read(workflow)
            return len(listed) >= how_many and all(webhook["state"] != "pending" for webhook in listed)

        deployed.when(workflow_id, settled)
        return read(None)

    return settled_webhooks


def bodies(customer):
    return sorted((json.loads(request.raw) for request in customer.requests), key=lambda body: body["sequence"])


def test_webhooks(deployed, customer, create, settled_webhooks):
    """After an unread message, a failover and the end, each status and one report arrive, signed and numbered."""
    workflow_id = create(
        messenger("sim-rejected", 600), sms(), webhook_url=f"{customer.url}/hook", client_ref="order 7"
    )
    listed = settled_webhooks(workflow_id, 5)
    assert [webhook["state"] for webhook in listed] == ["delivered"] * len(listed)

    received = bodies(customer)
    assert [body["sequence"] for body in received] == [webhook["sequence"] for webhook in listed]
    *statuses, report = received
    assert [status["status"] for status in statuses] == ["submitted", "rejected", "submitted", "delivered"]
    assert report["status"] == "completed"
    assert report["client_ref"] == "order 7"
    assert [message["channel"] for message in report["_links"]["messages"]] == ["messenger", "sms"]

    secret = credentials.read_all(deployed.place)["SIGNATURE_SECRET"]
    for request in customer.requests:
        assert request.path == "/hook"
        assert verify_signature(request.headers["authorization"].removeprefix("Bearer "), secret)

    for message in report["_links"]["messages"]:
        shown = deployed.call("GET", f"/{message['href']}")
        assert shown.json()["message_uuid"] == message["message_uuid"]


def test_redelivery(deployed, customer, create, settled_webhooks):
    """A permanently refused webhook is sent once more on request, with the same bytes."""
    customer.script = [server.http(410, b"{}")]
    workflow_id = create(messenger("sim-refused", 600), sms("447700900002"), webhook_url=customer.url)
    first = settled_webhooks(workflow_id, 1)[0]
    assert first["state"] == "failed"
    assert [attempt["answer"] for attempt in first["attempts"]] == [410]

    path = f"/beta/workflows/{workflow_id}/webhooks/{first['sequence']}"
    assert deployed.call("POST", f"{path}/redeliver").status_code == 202
    deployed.when(workflow_id, lambda _: settled_webhooks(workflow_id, 1)[0]["state"] == "delivered")
    again = [r.raw for r in customer.requests if json.loads(r.raw)["sequence"] == first["sequence"]]
    assert len(again) == 2
    assert again[0] == again[1]


def test_failed_webhooks(deployed, customer, create, settled_webhooks):
    """A refused webhook is in the list of the account's failed ones, and is sent again with all of them."""
    customer.script = [server.http(401, b"{}")]
    workflow_id = create(messenger("sim-refused", 600), sms("447700900002"), webhook_url=customer.url)
    first = settled_webhooks(workflow_id, 1)[0]
    since = first["attempts"][0]["at"]

    def listed():
        page = deployed.call("GET", "/beta/webhooks", params={"state": "failed", "since": since}).json()
        return [one["sequence"] for one in page["webhooks"] if one.get("workflow_uuid") == workflow_id]

    assert first["state"] == "failed"
    deployed.when(workflow_id, lambda _: listed() == [first["sequence"]])
    answer = deployed.call("POST", "/beta/webhooks/redeliver", json={"since": since})
    assert answer.status_code == 202
    assert answer.json()["redelivered"] >= 1
    deployed.when(workflow_id, lambda _: settled_webhooks(workflow_id, 1)[0]["state"] == "delivered" and not listed())
    assert deployed.call("DELETE", "/beta/webhooks").status_code == 405


def test_one_dead_url_holds_up_no_other(deployed, customer, create, settled_webhooks):
    """While one customer's server is down, another's webhooks arrive."""
    dead = create(messenger("sim-rejected", 600), sms(), webhook_url="http://127.0.0.1:9/closed")
    alive = create(messenger("sim-rejected", 600), sms(), webhook_url=customer.url)
    assert {webhook["state"] for webhook in settled_webhooks(alive, 5)} == {"delivered"}
    deployed.over(dead)
    first = deployed.call("GET", f"/beta/workflows/{dead}/webhooks").json()["webhooks"][0]
    assert first["state"] == "pending"
    assert first["attempts"][0]["error"] == "no connection"


def test_cancel(deployed, customer, create, settled_webhooks):
    """A cancel before the first message is read gets a true answer and one report, and no other message is sent."""
    workflow_id = create(messenger("sim-unread", 15), sms(), webhook_url=customer.url)
    deployed.when(workflow_id, lambda workflow: workflow["steps"][0].get("status") == "delivered")
    answer = deployed.call("POST", f"/beta/workflows/{workflow_id}/cancel")
    assert answer.status_code == 200
    assert [step["state"] for step in answer.json()["steps"]] == ["sent", "never_sent"]
    again = deployed.call("POST", f"/beta/workflows/{workflow_id}/cancel")
    assert (again.status_code, again.json()["state"]) == (409, "cancelled")
    settled_webhooks(workflow_id, 2)
    assert bodies(customer)[-1]["status"] == "cancelled"
    deployed.when(workflow_id, lambda _: not deployed.executing(workflow_id))
    assert deployed.sent(workflow_id) == ["messenger"]


def test_same_key_same_workflow(deployed, create):
    """One Idempotency-Key, posted twice, gives one workflow; with another body it is a conflict."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = create(messenger("sim-read", 600), sms(), headers=headers)
    assert create(messenger("sim-read", 600), sms(), headers=headers) == first
    other = {"template": "failover", "workflow": [sms()]}
    assert deployed.call("POST", "/beta/workflows", json=other, headers=headers).status_code == 409


def test_list(deployed, create):
    """A workflow and its end are found by client_ref once the index has them."""
    reference = str(uuid.uuid4())
    workflow_id = create(messenger("sim-read", 600), sms(), client_ref=reference)

    def listed(_):
        answer = deployed.call("GET", "/beta/workflows", params={"client_ref": reference, "status": "completed"})
        return [workflow["workflow_uuid"] for workflow in answer.json()["workflows"]]

    deployed.when(workflow_id, lambda workflow: listed(workflow) == [workflow_id])


def test_plan(deployed):
    """A dry run returns when each step would be sent, and sends nothing."""
    body = {"template": "failover", "workflow": [messenger("sim-unread", 600), sms()], "client_ref": str(uuid.uuid4())}
    answer = deployed.call("POST", "/beta/workflows", params={"dry_run": "true"}, json=body)
    assert answer.status_code == 200
    assert [step["channel"] for step in answer.json()["steps"]] == ["messenger", "sms"]
    listed = deployed.call("GET", "/beta/workflows", params={"client_ref": body["client_ref"]})
    assert listed.json()["workflows"] == []
