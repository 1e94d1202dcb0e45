"""Each function of the deployed stack, invoked with its live event: by the SAM CLI, and as Lambda runs it."""

import json
import os
import shutil
import subprocess
import time

import pytest

from local import credentials, events, stack
from local.inbox import Inbox
from local.lambda_runtime import emulator
from local.lambda_runtime.functions import failure, functions
from tests.e2e.conftest import PATIENCE
from tests.world import template

FUNCTIONS = [
    name for name, resource in template()["Resources"].items() if resource["Type"] == "AWS::Serverless::Function"
]


@pytest.fixture(scope="module")
def inbox(deployed):
    """The customer's server that gets the webhooks of the live events."""
    inbox = Inbox(credentials.read_all(deployed.place)["SIGNATURE_SECRET"], deployed.place.inbox_port)
    yield inbox
    inbox.close()


@pytest.fixture(scope="module")
def known(deployed):
    return functions(deployed.place)


@pytest.fixture(scope="module")
def live(deployed, tmp_path_factory):
    """A second set of live events: most take effect only once."""
    folder = tmp_path_factory.mktemp("events")
    events.write(deployed.place, folder)
    return folder


@pytest.mark.parametrize("name", FUNCTIONS)
def test_remote_invoke(deployed, known, inbox, name):
    """`sam remote invoke <Function> --event-file …` works with each function's live event."""
    path = deployed.place.folder / "events" / known[name].event
    output = stack.sam(deployed.place, "remote", "invoke", name, "--event-file", str(path))
    assert failure(output) is None
    assert_effect(deployed, inbox, name, json.loads(path.read_text()), json.loads(output))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_lambda_runs_it(deployed, known, inbox, live, name):
    """Each function's built artifact works with its layers, boto3 and AWS's runtime client, and nothing else."""
    event = (live / known[name].event).read_bytes()
    done = emulator.invoke(deployed.place, known[name], event)
    assert failure(done.answer) is None, done.log
    assert_effect(deployed, inbox, name, json.loads(event), json.loads(done.answer))


@pytest.mark.parametrize("name", ["MessageStatus", "DeliverWebhook", "Accounts"])
def test_broken_layer(deployed, known, live, tmp_path, name):
    """A package missing from the dependency layer fails the run, although the tests have it."""
    build = tmp_path / "build"
    shutil.copytree(deployed.place.folder / "build", build, copy_function=os.link)
    shutil.rmtree(build / "DependenciesLayer/python/jwt")
    done = emulator.invoke(deployed.place, known[name], (live / known[name].event).read_bytes(), build)
    assert failure(done.answer) == "Runtime.ImportModuleError: Unable to import module 'app': No module named 'jwt'"


def test_read_only(deployed, known, tmp_path):
    """A function sees its artifact and its layers read-only, and nothing of this checkout."""
    function = known["Reconcile"]
    build = tmp_path / "build"
    shutil.copytree(deployed.place.folder / "build", build)
    (build / function.name / "app.py").write_text(
        "import errno, os, pathlib\n"
        "def refused(path):\n"
        "    try:\n"
        "        pathlib.Path(path).write_text('x')\n"
        "    except OSError as error:\n"
        "        return errno.errorcode[error.errno]\n"
        "def handler(event, context):\n"
        "    paths = ['/var/task/x', '/opt/x', '/var/runtime/x', '/x', '/tmp/x']\n"
        "    return {'writes': {p: refused(p) for p in paths}, 'checkout': os.path.exists(event['checkout'])}\n"
    )
    event = json.dumps({"checkout": str(tmp_path)}).encode()
    answer = json.loads(emulator.invoke(deployed.place, function, event, build).answer)
    read_only = dict.fromkeys(["/var/task/x", "/opt/x", "/var/runtime/x", "/x"], "EROFS")
    assert answer == {"writes": {**read_only, "/tmp/x": None}, "checkout": False}


def test_namespace(deployed, known, live, monkeypatch):
    """A function runs in every namespace that this machine allows: root's, and an unprivileged user's."""
    allowed = [way for way in emulator.NAMESPACES if subprocess.run([*way, "true"], check=False).returncode == 0]
    assert allowed
    for way in allowed:
        monkeypatch.setattr(emulator, "NAMESPACES", (way,))
        emulator.namespace.cache_clear()
        done = emulator.invoke(deployed.place, known["Reconcile"], (live / known["Reconcile"].event).read_bytes())
        assert failure(done.answer) is None, (way, done.log)


def assert_effect(deployed, inbox, name, event, answer):
    """The event's effect has happened on the stack."""
    match name:
        case "Accounts":
            assert set(answer) == {"api_key", "api_secret", "signature_secret"}
        case "Erasure":
            assert set(answer) == {"recipients", "workflows", "cursor"}
        case "WorkflowsApi":
            assert deployed.get(json.loads(answer["body"])["workflow_uuid"])["steps"]
        case "MessageStatus":
            assert_delivered(deployed, json.loads(event["body"]))
        case "SandboxReceipts":
            assert_delivered(deployed, json.loads(event["Records"][0]["body"]))
        case "SandboxMessages":
            assert json.loads(answer["body"])["message_uuid"]
        case "Reconcile":
            assert set(answer) == {"looked_after", "ended"}
        case "StartWorkflows":
            assert set(answer) == {"started"}
        case "DeliverWebhook":
            task = json.loads(event["Records"][0]["body"])
            assert_webhook(deployed, inbox, task["workflow_id"])
        case "PublishEvents":
            assert_webhook(deployed, inbox, event["Records"][0]["dynamodb"]["NewImage"]["id"]["S"])
        case _:
            assert_sent(deployed, event["workflow"])


def assert_sent(deployed, workflow_id):
    """The sandbox got the message once; on a busy machine, later than the send waited for its answer."""
    deadline = time.monotonic() + PATIENCE
    while not (sent := deployed.sent(workflow_id)):
        assert time.monotonic() < deadline, deployed.get(workflow_id)
        time.sleep(0.2)
    assert len(sent) == 1


def assert_delivered(deployed, message):
    """The status is recorded, and as the last step's it ended the workflow."""
    workflow_id = message["client_ref"].removesuffix(".0")
    assert deployed.get(workflow_id)["status"] == "completed"


def assert_webhook(deployed, inbox, workflow_id):
    """The customer got the workflow's one webhook."""

    def theirs(webhooks):
        return [one.body for one in webhooks if workflow_id in json.dumps(one.body)]

    (webhook,) = theirs(inbox.received(theirs, PATIENCE))
    assert webhook["status"] == "submitted"
    shown = deployed.call("GET", f"/beta/workflows/{workflow_id}/webhooks").json()["webhooks"]
    assert [one["sequence"] for one in shown] == [webhook["sequence"]]
