"""Published clients, as their users installed them, with the deployed stack."""

import json
import subprocess

import pytest

from local import credentials, npm

BASIC = {"useBasicAuth": True}
CLIENTS = {
    "nexmo 2.3.1-beta-1": {"client": "nexmo-2.3.1", "resource": "workflow"},
    "nexmo 2.4.3-beta-1": {"client": "nexmo-2.4.3", "resource": "dispatch"},
    "nexmo 2.4.3-beta-1, Basic": {"client": "nexmo-2.4.3", "resource": "dispatch", "options": BASIC},
    "nexmo 2.7.0-beta-1": {"client": "nexmo-2.7.0", "resource": "dispatch"},
    "@vonage/server-sdk 2.12.0-beta.3": {"client": "@vonage/server-sdk", "resource": "dispatch"},
}
WORKFLOW = [
    {
        "from": {"type": "messenger", "id": "sim-page"},
        "to": {"type": "messenger", "id": "sim-rejected"},
        "message": {"content": {"type": "text", "text": "first"}},
        "failover": {"expiry_time": 600, "condition_status": "read"},
    },
    {
        "from": {"type": "sms", "number": "ACME"},
        "to": {"type": "sms", "number": "447700900000"},
        "message": {"content": {"type": "text", "text": "second"}},
    },
]

every_client = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture
def create(deployed):
    """Have a client create a workflow and return its callback's arguments, (error, data)."""

    def create(client, workflow, with_credentials=None, **more):
        written = credentials.read_all(deployed.place)
        command = {
            **CLIENTS[client],
            "port": deployed.place.api_port,
            "credentials": {
                "apiKey": written["API_KEY"],
                "apiSecret": written["API_SECRET"],
                "applicationId": written["APPLICATION_ID"],
                "privateKey": written["PRIVATE_KEY_PATH"],
                **(with_credentials or {}),
            },
            "workflow": workflow,
            **more,
        }
        done = subprocess.run(
            ["node", npm.CLIENTS / "create.js"],
            input=json.dumps(command),
            env=deployed.place.environment(NODE_PATH=str(npm.modules(npm.CLIENTS))),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (line,) = done.stdout.splitlines()  # the callback is called once
        outcome = json.loads(line)
        return outcome["error"], outcome["data"]

    return create


def sent(deployed, workflow_id):
    return [(body["channel"], body["to"], body["text"]) for body in deployed.messages(workflow_id)]


@every_client
def test_failover(deployed, create, client):
    """The callback gets the id, the SMS follows the rejected Messenger message, and the workflow completes."""
    error, data = create(client, WORKFLOW)
    assert error is None, error
    ((word, workflow_id),) = data.items()
    assert word == f"{CLIENTS[client]['resource']}_uuid"
    assert deployed.over(workflow_id)["status"] == "completed"
    assert sent(deployed, workflow_id) == [
        ("messenger", "sim-rejected", "first"),
        ("sms", "447700900000", "second"),
    ]


@every_client
def test_invalid_parameters(create, client):
    """A 400 arrives as an error with its problem parsed and every fault in it."""
    messenger, sms = WORKFLOW
    error, data = create(client, [messenger | {"failover": {"expiry_time": 1}}, sms | {"to": {"type": "sms"}}])
    assert data is None
    assert error["statusCode"] == 400
    assert error["body"]["type"] == "https://www.nexmo.com/messages/Errors#InvalidParams"
    assert error["body"]["instance"] == error["headers"]["x-nexmo-trace-id"]
    assert {fault["name"] for fault in error["body"]["invalid_parameters"]} == {
        "workflow[0].failover.expiry_time",
        "workflow[0].failover.condition_status",
        "workflow[1].to.number",
    }


@every_client
def test_wrong_credentials(create, tmp_path, client):
    """A wrong secret or private key gets a 401 with its problem parsed."""
    credentials._new_key(tmp_path / "another.key")
    error, data = create(client, WORKFLOW, {"apiSecret": "another", "privateKey": str(tmp_path / "another.key")})
    assert data is None
    assert error["statusCode"] == 401
    assert error["body"]["title"] == "Invalid credentials supplied"


def test_malformed(deployed, create):
    """Malformed requests are read as intended: the callback in the array, an expiry in quotes, unquoted numbers."""
    messenger, sms = WORKFLOW
    steps = [
        messenger
        | {"from": {"type": "messenger", "id": 107083064136738}}
        | {"failover": {"expiry_time": "600", "condition_status": "read"}},
        sms | {"from": {"type": "sms", "number": 447700900100}, "to": {"type": "sms", "number": 447700900000}},
    ]
    error, data = create("nexmo 2.3.1-beta-1", steps, callbackInArray=True)
    assert error is None, error
    workflow = deployed.over(data["workflow_uuid"])
    assert workflow["status"] == "completed"
    assert [step.get("expiry_time") for step in workflow["steps"]] == [600, None]
    assert [(body["from"], body["to"]) for body in deployed.messages(data["workflow_uuid"])] == [
        ("107083064136738", "sim-rejected"),
        ("447700900100", "447700900000"),
    ]


def test_signed_query(deployed, create):
    """A caller with a signature secret, whose client puts `??timestamp=…&sig=…` behind the path, is accepted."""
    signature = {"signatureSecret": "secret", "signatureMethod": "sha256"}
    error, data = create("nexmo 2.7.0-beta-1", WORKFLOW[1:], signature)
    assert error is None, error
    assert deployed.over(data["dispatch_uuid"])["status"] == "completed"
