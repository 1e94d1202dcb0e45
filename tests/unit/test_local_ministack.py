"""What the local stack replaces in MiniStack: forked workers, exceptions, waits for a slot, and refused stacks."""

import inspect
import io
import json
import sys
import threading
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from ministack.core import lambda_runtime
from ministack.services import cloudformation, lambda_svc, stepfunctions
from ministack.services.cloudformation import helpers, provisioners

from local.ministack import machines, raised, slots, stacks, workers
from tests.world import ROOT, template

REPLACED = (
    lambda_runtime.Worker,
    lambda_runtime._worker_class_for,
    lambda_runtime.acquire_worker,
    lambda_runtime.kill_workers,
    lambda_runtime._signal,
    lambda_runtime._collect,
    lambda_svc._acquire_execution_slot,
    lambda_svc._execute_function,
    lambda_svc._execute_function_warm,
    lambda_svc._inflight_key,
    lambda_svc._release_execution_slot,
    lambda_svc._resolve_layer_zip,
    lambda_svc._throttle_response,
    lambda_svc.lambda_execute_result_to_api_proxy_response,
    cloudformation.handle_request,
    helpers._error,
    helpers._p,
    provisioners._delete_resource,
    provisioners._provision_resource,
    provisioners._update_resource,
    stepfunctions._create_state_machine_alias,
    stepfunctions._delete_state_machine_alias,
    stepfunctions._delete_state_machine_version,
    stepfunctions._publish_state_machine_version,
    stepfunctions._update_state_machine_alias,
)
"""What `local.ministack` replaces or relies on."""


def test_internals():
    """MiniStack's replaced parts have not changed. If this fails, read the changes, adapt, and update the hash."""
    sources = "".join(inspect.getsource(part) for part in REPLACED) + lambda_runtime._PYTHON_WORKER_SCRIPT
    assert sha256(sources.encode()).hexdigest() == "77808538f5f91ce6e519a3cedde52bf54e88a08fe40e232b0de7203852ec4299"


@pytest.fixture
def waiting():
    """The slots of two functions."""

    def acquire(function, config):
        return config["name"], None

    def waiting(patience):
        return slots.Slots(lambda config: config["name"], acquire, lambda _: None, patience)

    return waiting


def test_a_call_waits(waiting):
    """A call above its function's limit waits, and gets the first slot that becomes free."""
    waiting = waiting(patience=60)
    for _ in range(slots.AT_ONCE):
        assert waiting.acquire({}, {"name": "send"}) == ("send", None)
    got = []
    last = threading.Thread(target=lambda: got.append(waiting.acquire({}, {"name": "send"})))
    last.start()
    assert got == []
    waiting.release("send")
    last.join(60)
    assert got == [("send", None)]


def test_a_call_waits_too_long(waiting):
    """A call that gets no slot in time is refused and keeps none. Other functions have their own slots."""
    waiting = waiting(patience=0.05)
    for _ in range(slots.AT_ONCE):
        waiting.acquire({}, {"name": "send"})
    assert waiting.acquire({}, {"name": "send"}) == (None, "function")
    assert waiting.acquire({}, {"name": "sandbox"}) == ("sandbox", None)
    waiting.release("send")
    assert waiting.acquire({}, {"name": "send"}) == ("send", None)


def test_ministack_refuses():
    """If MiniStack itself refuses a call, its limit is returned, and the slot is free again."""
    refused = slots.Slots(lambda _: "send", lambda *_: (None, "account"), lambda _: None, patience=0)
    for _ in range(slots.AT_ONCE + 1):
        assert refused.acquire({}, {}) == (None, "account")


def test_sends():
    """More sends than other calls run at once, because they sleep."""
    assert slots.at_once(lambda_svc._inflight_key({"FunctionName": "workflows-local-send-sms"})) == slots.SENDS_AT_ONCE
    assert (
        slots.at_once(lambda_svc._inflight_key({"FunctionName": "workflows-local-sandbox-messages"})) == slots.AT_ONCE
    )


def test_refusal():
    """A refused API call gets the answer that the template defines for AWS: a problem with `Retry-After`."""
    answer, error = slots.answering(lambda result: result)({"throttle": True, "error": True})
    assert error is None
    on_aws = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]["INTEGRATION_FAILURE"]
    assert answer["statusCode"] == on_aws["StatusCode"]
    headers, problem = answer["headers"], json.loads(answer["body"])
    trace_id = headers["X-Nexmo-Trace-Id"]
    expected = on_aws["ResponseParameters"]["Headers"] | {"X-Nexmo-Trace-Id": trace_id}
    assert headers == {name: value.strip("'") for name, value in expected.items()}
    body = on_aws["ResponseTemplates"]["application/json"].replace("$context.requestId", trace_id)
    assert problem == json.loads(body)
    assert slots.answering(lambda result: result)({"body": 1}) == {"body": 1}


@pytest.mark.parametrize("name", ["workflows-local", "aws-sam-cli-managed-default"])
def test_the_local_stack_is_deployed(name):
    """The local stack and the SAM CLI's own are created."""
    assert stacks.guarded(lambda params: params)({"StackName": [name]}) == {"StackName": [name]}


@pytest.mark.parametrize("name", ["workflows-prod", "workflows", "workflows-dev", ""])
def test_no_other_stack_is_deployed(name):
    """A stack that was meant for AWS is refused with the reason."""
    status, _, body = stacks.guarded(lambda params: params)({"StackName": [name]})
    assert status == 400
    assert b"AWS_ENDPOINT_URL" in body


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Start a worker with a script and variables, in a new folder."""
    started = []
    layer = tmp_path_factory.mktemp("layer")
    (layer / "python").mkdir()
    (layer / "python/failover").symlink_to(ROOT / "layers/failover/failover")

    def start(script, **environment):
        folder = tmp_path_factory.mktemp("worker")
        (folder / "worker.py").write_text(script)
        environment |= {"_LAMBDA_LAYERS_DIRS": str(layer)}
        command = [sys.executable, str(folder / "worker.py")]
        started.append(workers.Forking.Popen(command, cwd=str(folder), env=environment))
        return started[-1]

    yield start
    workers.close()
    for worker in started:
        for stream in (worker.stdin, worker.stdout, worker.stderr):
            stream.close()


def answer(worker):
    return json.loads(worker.stdout.readline())


LOOK = """
import json, os, sys
names = ("boto3", "requests", "failover.rules.workflow.transitions", "failover.observability")
names = [name for name in names if name in sys.modules]
print(json.dumps([os.getcwd(), sys.argv, dict(os.environ), sys.path[0], names]), flush=True)
"""
ECHO = "import sys\nfor line in sys.stdin: print(line.strip(), flush=True); print('logged', file=sys.stderr)"


def test_a_worker_is_like_a_new_process(start):
    """A worker has the folder, variables and path it was given, and none of its template's."""
    worker = start(LOOK, TABLE_NAME="t")
    folder, arguments, environment, path, names = answer(worker)
    assert [folder] == [path] == [str(Path(arguments[0]).parent)]
    assert environment.keys() == {"TABLE_NAME", "_LAMBDA_LAYERS_DIRS"}
    assert environment["TABLE_NAME"] == "t"
    assert names == ["boto3", "requests", "failover.rules.workflow.transitions"]
    assert worker.wait(60) == 0


def test_workers_share_nothing(start):
    """Modules with the same name in two workers are different modules with different state."""
    script = "import app, json; app.seen.append(1); print(json.dumps(app.seen), flush=True)"
    for number in range(2):
        worker = start(f"open('app.py', 'w').write('seen = [{number}]')\n{script}")
        assert answer(worker) == [number, 1]


def test_a_worker_answers(start):
    """A worker reads its input, its output and logs can be read, and it ends at the end of its input."""
    worker = start(ECHO)
    worker.stdin.write("[1]\n")
    assert answer(worker) == [1]
    assert worker.stderr.readline() == "logged\n"
    assert worker.poll() is None
    worker.stdin.close()
    assert worker.wait(60) == 0
    assert worker.poll() == 0


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_worker_is_stopped(start, how):
    """A worker can be stopped, its end is noticed, and stopping it twice is no error."""
    worker = start(ECHO)
    getattr(worker, how)()
    worker.wait(60)
    assert worker.stdout.readline() == ""
    getattr(worker, how)()


def test_a_template_that_was_killed(start):
    """A dead template is replaced, and its workers continue."""
    old = start(ECHO)
    (template,) = workers._templates.values()
    template.process.kill()
    template.process.wait(60)
    assert answer(start(LOOK))
    old.stdin.write("[1]\n")
    assert answer(old) == [1]


def test_templates_end_with_their_owner(start):
    """A template ends by itself when its MiniStack has ended."""
    worker = start(ECHO)
    (template,) = workers._templates.values()
    workers.close()
    assert template.process.wait(60) == 0
    worker.stdin.write("[1]\n")
    assert answer(worker) == [1]


RAISING = """
import os

class NotYourTurn(Exception): ...

def handler(event, context):
    if event == "raise":
        raise NotYourTurn("2026-01-01T00:00:02Z")
    if event == "die":
        os._exit(1)
    return os.getpid()
"""


unclosed = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
"""MiniStack leaves the pipes of a worker to the garbage collector."""


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Call a function through MiniStack, with the replaced parts."""
    monkeypatch.setattr(lambda_runtime, "subprocess", workers.Forking)
    monkeypatch.setattr(lambda_runtime, "_worker_class_for", lambda _config: workers.SharingWorker)
    changed = raised.script(lambda_runtime._PYTHON_WORKER_SCRIPT)
    monkeypatch.setattr(lambda_runtime, "_PYTHON_WORKER_SCRIPT", changed)
    with zipfile.ZipFile(code := io.BytesIO(), "w") as archive:
        archive.writestr("app.py", RAISING)
    config = {
        "FunctionName": tmp_path.name,
        "FunctionArn": f"arn:aws:lambda:eu-west-1:000000000000:function:{tmp_path.name}",
        "Handler": "app.handler",
        "Runtime": "python3.13",
        "Timeout": 60,
    }
    execute = raised.typed(lambda_svc._execute_function_warm)
    yield lambda event: execute({"config": config, "code_zip": code.getvalue()}, event, "request")
    lambda_runtime.invalidate_worker(tmp_path.name, account="000000000000", region="eu-west-1")
    workers.close()


@unclosed
def test_an_exception_keeps_its_type(call):
    """A function's exception arrives as from AWS: with the name of its type, and its worker takes the next call."""
    worker = call("")["body"]
    failed = call("raise")
    assert failed["body"] == {"errorMessage": "2026-01-01T00:00:02Z", "errorType": "NotYourTurn"}
    assert failed["error"] is True
    assert "in handler" in failed["log"]
    assert call("")["body"] == worker


@unclosed
def test_a_worker_that_died(call):
    """A worker that ends during a call is a failed call, and the next call gets a new worker."""
    worker = call("")["body"]
    assert call("die")["body"] == {"errorMessage": "Worker process died", "errorType": "Runtime.HandlerError"}
    assert call("")["body"] != worker


@pytest.fixture
def state_machine():
    """The properties of a version of a state machine, and what changes the machine."""
    created = stepfunctions._create_state_machine(
        {"name": "failover", "definition": "{}", "roleArn": "arn:aws:iam::1:role/r"}
    )
    arn = json.loads(created[2])["stateMachineArn"]

    def change(definition):
        stepfunctions._update_state_machine({"stateMachineArn": arn, "definition": definition})
        return {"StateMachineArn": arn, "StateMachineRevisionId": stepfunctions._state_machines[arn]["revisionId"]}

    yield change
    stepfunctions._delete_state_machine({"stateMachineArn": arn})


def test_the_version_of_a_state_machine(state_machine):
    """Each revision gets a version, and the alias leads to the newest."""
    first, _ = machines.version("StateMachineVersion", state_machine('{"Comment": "1"}'), "workflows")

    def leading_to(version):
        return {"Name": "live", "DeploymentPreference": {"StateMachineVersionArn": version, "Type": "ALL_AT_ONCE"}}

    alias, attributes = machines.alias("StateMachineAliaslive", leading_to(first), "workflows")
    assert attributes == {"Arn": alias}
    assert alias.endswith(":failover:live")
    second, _ = machines.new_version(first, {}, state_machine('{"Comment": "2"}'), "workflows")
    assert machines.moved_alias(alias, leading_to(first), leading_to(second), "workflows")[0] == alias
    routing = stepfunctions._state_machine_aliases[alias]["routingConfiguration"]
    assert routing == [{"stateMachineVersionArn": second, "weight": 100}]
    with pytest.raises(ValueError, match="Conflict"):
        machines.delete_version(second, {})
    machines.delete_version(first, {})
    machines.delete_alias(alias, {})
    assert alias not in stepfunctions._state_machine_aliases


def test_the_version_of_another_revision(state_machine):
    """A version of a revision that is not the current one is refused."""
    old = state_machine('{"Comment": "1"}')
    state_machine('{"Comment": "2"}')
    with pytest.raises(ValueError, match="Conflict"):
        machines.version("StateMachineVersion", old, "workflows")
