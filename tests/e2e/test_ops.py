"""The operators' tools, on the deployed stack. The sandbox takes the vendor's place.

These tests run after the others, because two of them change the stack's secrets for a moment.
"""

import json
import shutil
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager

import pytest

from local import stack
from local.place import ROOT, STACK
from ops import connect as connecting
from ops.planned import planned
from tests.e2e.conftest import PATIENCE
from tests.tokens import KEY, private_pem

RECIPIENT = "447700900001"


@pytest.fixture
def ops(deployed):
    """Run `python -m ops` against this stack. Returns the exit code and the lines, as (verdict, subject, text)."""

    architecture = planned().parameters["Architecture"]

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "ops", *arguments],
            cwd=ROOT,
            env=deployed.place.environment(PYTHONPATH=f"{ROOT}:{ROOT}/layers/failover", ARCHITECTURE=architecture),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        *lines, _sum = done.stdout.splitlines() or [""]
        return done.returncode, [(line[:8].strip(), line[9:31].strip(), line[32:]) for line in lines], done.stdout

    return run


@contextmanager
def changed(place, logical_id, value):
    """Another value for a secret, and the one before at the end."""
    secrets, name = stack.client(place, "secretsmanager"), stack.resources(place)[logical_id]
    before = json.dumps(stack.secret(place, logical_id))
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps(value))
    try:
        yield
    finally:
        secrets.put_secret_value(SecretId=name, SecretString=before)


@pytest.fixture(autouse=True, scope="module")
def same_credentials_at_the_end(deployed):
    """Connecting stores an application, and tests in other files need the credentials from before."""
    with changed(deployed.place, "MessagesSecret", stack.secret(deployed.place, "MessagesSecret")):
        yield
    deadline = time.monotonic() + PATIENCE  # the sandbox reads a secret at most every ten seconds
    while not deployed.sandbox_accepts_credentials():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def accounts(deployed):
    """The names of all accounts."""
    found, page = [], {"cursor": None}
    while page["cursor"] is not None or not found:
        event = {"action": "list_accounts", "limit": 100} | ({"cursor": page["cursor"]} if found else {})
        page = stack.invoke(deployed.place, "accounts", event)
        found += [one["name"] for one in page["accounts"]]
    return found


def test_doctor(deployed, ops):
    """A stack that works passes: from its resources to a message with its webhooks. Nothing private is printed."""
    code, lines, printed = ops("doctor", "--stack", STACK, "--recipient", RECIPIENT, "--sender", "ACME")
    assert code == 0, printed
    fine = {subject for verdict, subject, _ in lines if verdict == "ok"}
    assert fine >= {
        "stack",
        "functions",
        "state machine",
        "table",
        "logs",
        "dead letters",
        "API",
        "version",
        "strangers",
        "secrets",
        "Messages API",
        "signed callback",
        "forged callback",
        "message",
        "webhooks",
        "account",
    }
    private = [RECIPIENT, stack.secret(deployed.place, "SignatureSecret")["signature_secret"]]
    assert not any(value in printed for value in private)
    assert not any(name.startswith("doctor-") for name in accounts(deployed)), "the account of the test is gone"


def test_doctor_of_a_recipient_who_gets_nothing(ops):
    """A message that is rejected is a failure with its reason, and the account is deleted as well."""
    code, lines, printed = ops("doctor", "--stack", STACK, "--recipient", "447700900002", "--sender", "ACME")
    assert code == 1, printed
    assert [(subject, verdict) for verdict, subject, _ in lines[-3:]] == [
        ("message", "failure"),
        ("webhooks", "ok"),
        ("account", "ok"),
    ]


def test_doctor_of_a_stack_with_broken_secrets(deployed, ops):
    """Secrets that cannot be used fail their own lines, and those that need them; the others stay as they were."""
    with (
        changed(deployed.place, "SignatureSecret", {"secret": "in the wrong field"}),
        changed(deployed.place, "MessagesSecret", {"application_id": str(uuid.uuid4()), "private_key": "no key"}),
    ):
        code, lines, printed = ops("doctor", "--stack", STACK)
    assert code == 1, printed
    failed = {subject for verdict, subject, _ in lines if verdict == "failure"}
    assert failed == {"secrets", "Messages API", "signed callback"}
    assert "in the wrong field" not in printed


def test_doctor_of_no_stack(ops):
    """A stack that does not exist has one line, and another exit code."""
    assert ops("doctor", "--stack", "workflows-nowhere")[0] == 2


def test_preflight(ops):
    """A new stack needs only API Gateway's role for logs in this account; what the engine does not answer is said."""
    code, lines, printed = ops("preflight", "--config", "prod")
    assert code == 1, printed
    assert [subject for verdict, subject, _ in lines if verdict == "failure"] == ["access log"]
    found = {subject: verdict for verdict, subject, _ in lines}
    assert {found[subject] for subject in ("stack name", "Region", "credentials", "stack", "leftovers")} == {"ok"}
    assert found["AWS"] == "warning", "this is not AWS"
    assert found["functions at once"] == "ok"


def test_preflight_of_a_stack_that_exists(ops):
    """A stack that exists would be updated; its own secrets are no leftovers."""
    code, lines, printed = ops("preflight", "--config", "local")
    assert code == 0, printed
    assert "leftovers" not in {subject for _, subject, _ in lines}
    (text,) = [text for _, subject, text in lines if subject == "stack"]
    assert "would be updated" in text


def test_preflight_with_leftovers(deployed, ops):
    """A secret that an earlier stack has left, and a name that is too long, fail."""
    secrets = stack.client(deployed.place, "secretsmanager")
    secrets.create_secret(Name="workflows-prod/messages", SecretString="{}")
    try:
        code, lines, printed = ops("preflight")
    finally:
        secrets.delete_secret(SecretId="workflows-prod/messages", ForceDeleteWithoutRecovery=True)
    assert code == 1, printed
    assert [subject for verdict, subject, _ in lines if verdict == "failure"] == ["leftovers", "access log"]
    assert ops("preflight", "--stack", "w" * 48)[0] == 1


def test_connect(deployed, ops, tmp_path):
    """An application that is stored sends, and its account works. A second run changes nothing."""
    file = connecting.FOLDER / f"{STACK}.env"
    kept = file.read_text() if file.exists() else None
    file.unlink(missing_ok=True)
    (tmp_path / "vendor.key").write_text(private_pem(KEY))
    (tmp_path / "signature").write_text(stack.secret(deployed.place, "SignatureSecret")["signature_secret"])
    account = f"first-{uuid.uuid4()}"
    given = ("--application-id", str(uuid.uuid4()), "--private-key", str(tmp_path / "vendor.key"), "--account", account)
    connect = ("connect", "--stack", STACK, *given, "--signature-secret", str(tmp_path / "signature"))
    try:
        code, _, printed = ops(*connect)
        assert code == 0, printed
        written = file.read_text()
        code, lines, printed = ops(*connect)
        assert code == 0, printed
        assert all("already" in text for _, _, text in lines)
        assert (file.read_text(), accounts(deployed).count(account)) == (written, 1)
        made = dict(line.split("=", 1) for line in file.read_text().splitlines())
        assert made["API_URL"] == deployed.place.url
        assert not any(made[name] in printed for name in ("API_SECRET", "SIGNATURE_SECRET"))
        assert ops("doctor", "--stack", STACK, "--recipient", RECIPIENT, "--sender", "ACME")[0] == 0
        answer = deployed.call("GET", "/beta/workflows", auth=(made["API_KEY"], made["API_SECRET"]))
        assert answer.status_code == 200
    finally:
        file.unlink(missing_ok=True)
        if kept is None:
            shutil.rmtree(file.parent, ignore_errors=True)
        else:
            file.write_text(kept)
