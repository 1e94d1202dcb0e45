"""The documented receivers of webhooks and programs that make a token, with the deployed stack."""

import hashlib
import json
import socket
import subprocess
import sys
import time

import jwt
import pytest
import requests

from local import credentials, npm
from local.place import free_port
from tests.e2e.test_failover import messenger, sms

SECRET = "0123456789abcdef" * 4
RECEIVERS = {"receiver.py": sys.executable, "receiver.mjs": "node"}
BODY = json.dumps({"template": "failover", "status": "completed", "workflow_uuid": "w", "_links": {}, "sequence": 5})


class Receiver:
    """A running receiver and its printed lines."""

    def __init__(self, port, output):
        self.url = f"http://127.0.0.1:{port}/webhooks"
        self.port = port
        self._output = output

    def printed(self, how_many=0):
        """Wait for this many lines, and return all of them as words."""
        deadline = time.monotonic() + 60
        while len(lines := self._output.read_text().splitlines()) < how_many:
            assert time.monotonic() < deadline, lines
            time.sleep(0.1)
        return [line.split() for line in lines]

    def post(self, body, authorization):
        """The status of the answer to a webhook."""
        headers = {"Authorization": authorization} if authorization else {}
        return requests.post(self.url, data=body, headers=headers, timeout=10).status_code


@pytest.fixture(params=RECEIVERS)
def start(request, tmp_path):
    """Start a receiver with these signature secrets."""
    processes = []

    def start(*secrets):
        port, output = free_port(), tmp_path / "output"
        environment = {"PATH": npm.path(), "SIGNATURE_SECRET": ",".join(secrets), "PORT": str(port)}
        with output.open("w") as stdout:
            command = [RECEIVERS[request.param], str(npm.CLIENTS / "receivers" / request.param)]
            processes.append(subprocess.Popen(command, env=environment, stdout=stdout))
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return Receiver(port, output)

    yield start
    for process in processes:
        process.kill()
        process.wait()


def signed(body=BODY, secret=SECRET, algorithm="HS256", **changed):
    """The header that docs/api.md describes, with changed claims; None removes one."""
    payload_hash = hashlib.sha256(body.encode()).hexdigest()
    claims = {"iat": int(time.time()), "jti": "j", "iss": "Workflows", "payload_hash": payload_hash}
    kept = {name: value for name, value in (claims | changed).items() if value is not None}
    return "Bearer " + jwt.encode(kept, None if algorithm == "none" else secret, algorithm=algorithm)


def test_workflow(deployed, start):
    """A receiver gets every webhook of a workflow, and prints each once, even if it is redelivered."""
    receiver = start(credentials.read_all(deployed.place)["SIGNATURE_SECRET"])
    body = {"template": "failover", "workflow": [messenger("sim-rejected", 600), sms()], "webhook_url": receiver.url}
    workflow_id = deployed.call("POST", "/beta/workflows", json=body).json()["workflow_uuid"]
    expected = [
        ("messenger", "submitted"),
        ("messenger", "rejected"),
        ("sms", "submitted"),
        ("sms", "delivered"),
        ("final report", "completed"),
    ]
    in_order = sorted(receiver.printed(len(expected)), key=lambda line: int(line[1]))
    assert [(" ".join(line[2:-1]), line[-1]) for line in in_order] == expected
    assert {line[0] for line in in_order} == {workflow_id}

    def attempts(_):
        listed = deployed.call("GET", f"/beta/workflows/{workflow_id}/webhooks").json()["webhooks"]
        return [[attempt.get("answer") for attempt in webhook["attempts"]] for webhook in listed]

    deployed.when(workflow_id, lambda workflow: attempts(workflow) == [[204]] * len(expected))
    first = in_order[0][1]
    assert deployed.call("POST", f"/beta/workflows/{workflow_id}/webhooks/{first}/redeliver").status_code == 202
    deployed.when(workflow_id, lambda workflow: attempts(workflow)[0] == [204, 204])
    assert len(receiver.printed()) == len(expected)


def test_dispatch(deployed, start):
    """A receiver works with both words of the endpoints."""
    receiver = start(credentials.read_all(deployed.place)["SIGNATURE_SECRET"])
    body = {"template": "failover", "workflow": [sms()], "webhook_url": receiver.url}
    workflow_id = deployed.call("POST", "/beta/dispatch", json=body).json()["dispatch_uuid"]
    assert {line[0] for line in receiver.printed(3)} == {workflow_id}


FORGED = {
    "unsigned": lambda: None,
    "another scheme": lambda: "Basic YTpi",
    "another secret": lambda: signed(secret=SECRET + "!"),
    "another body": lambda: signed(BODY + " "),
    "old": lambda: signed(iat=int(time.time()) - 600),
    "of the future": lambda: signed(iat=int(time.time()) + 600),
    "another issuer": lambda: signed(iss="Vonage"),
    "no issuer": lambda: signed(iss=None),
    "no hash": lambda: signed(payload_hash=None),
    "no time": lambda: signed(iat=None),
    "no algorithm": lambda: signed(algorithm="none"),
    "another algorithm": lambda: signed(algorithm="HS512"),
}


def test_forged(start):
    """Only genuine webhooks are accepted. Any other is answered 503, so a correctly signed one comes again."""
    receiver = start(SECRET)
    answers = {forgery: receiver.post(BODY, authorization()) for forgery, authorization in FORGED.items()}
    assert answers == dict.fromkeys(FORGED, 503)
    assert receiver.printed() == []
    assert receiver.post(BODY, signed()) == 204
    assert receiver.printed(1) == [["w", "5", "final", "report", "completed"]]


def test_two_secrets(start):
    """During a rotation a receiver accepts either secret."""
    receiver = start(SECRET, SECRET + "!")
    assert [receiver.post(BODY, signed(secret=secret)) for secret in (SECRET, SECRET + "!")] == [204, 204]


def test_broken_off(start):
    """A client that hangs up in the middle of its request does not stop a receiver."""
    receiver = start(SECRET)
    with socket.create_connection(("127.0.0.1", receiver.port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert receiver.post(BODY, signed()) == 204


@pytest.mark.parametrize(
    ("program", "runtime"), [("application_token.py", sys.executable), ("application_token.mjs", "node")]
)
def test_token(deployed, program, runtime):
    """A documented program makes a token with which an application creates a workflow."""
    environment = {"PATH": npm.path(), **credentials.read_all(deployed.place)}
    command = [runtime, str(npm.CLIENTS / program)]
    token = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()
    answer = deployed.call(
        "POST",
        "/beta/workflows",
        json={"template": "failover", "workflow": [sms()]},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 202, answer.text
