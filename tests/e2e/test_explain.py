"""`make explain` on the deployed stack: one workflow's timeline, execution, logs and webhooks in one account."""

import subprocess
import sys

import pytest

from local.place import ROOT, STACK, free_port
from tests.e2e.test_failover import messenger, sms


@pytest.fixture(scope="module")
def late(deployed):
    """A workflow whose first message is not read in time, and whose webhooks reach no server."""
    steps = [messenger("sim-unread", 15), sms()]
    url = f"http://127.0.0.1:{free_port()}/webhooks"
    body = {"template": "failover", "client_ref": "explained", "webhook_url": url, "workflow": steps}
    answer = deployed.call("POST", "/beta/workflows", json=body)
    workflow_id = answer.json()["workflow_uuid"]
    deployed.over(workflow_id)
    return workflow_id


def explain(deployed, *arguments):
    """What the command prints, and its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", "explain", "--stack", STACK, *arguments],
        cwd=ROOT,
        env=deployed.place.environment(PYTHONPATH="layers/failover"),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr, done.returncode


def test_why_it_was_late(deployed, late):
    """The verdict names the expiry; the account has all four sources and nothing of the messages."""
    text, code = explain(deployed, "--workflow", late)
    assert code == 0, text
    assert "Step 1 (sms) met its condition, delivered" in text
    assert "Step 0 (messenger) was not read within its expiry of 15 s (last status: delivered)" in text
    for moment in (
        "workflow   the request is accepted: messenger, sms",
        "execution  execution 1: waits for the step's outcome or its expiry",
        "log        send_sms: step sent (step 1, answer accepted)",
        "(submitted of step 0), attempt 1: no connection",
    ):
        assert moment in text
    assert "Not known" not in text
    assert not any(private in text for private in ("Hello", "447700900000", "sim-unread", "ACME", "http://"))


def test_by_its_references(deployed, late):
    """The workflow is found by a message's id too, and by its client_ref."""
    step = deployed.get(late)["steps"][0]
    account = deployed.account.api_key
    for arguments in (["--message", step["message_uuid"]], ["--client-ref", "explained", "--account", account]):
        text, code = explain(deployed, "--no-logs", *arguments)
        assert (code, text.splitlines()[0]) == (0, f"Workflow {late}")


def test_unknown(deployed):
    """An unknown workflow and an unknown stack are said in one line."""
    text, code = explain(deployed, "--workflow", "00000000-0000-4000-8000-000000000000")
    assert (code, text.count("\n")) == (1, 1)
    text, code = explain(deployed, "--workflow", "not an id")
    assert (code, text.count("\n")) == (1, 1)
