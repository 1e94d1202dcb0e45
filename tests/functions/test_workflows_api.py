"""The customers' API: creating and showing workflows, and every way to refuse a request."""

import base64
import gzip
import json
import time

import boto3
import pytest

from failover.outside import Outside
from failover.problems import CATALOGUE
from failover.use_cases.callers.register import COMMANDS
from failover.use_cases.requests.body import MAX_BYTES
from tests.examples import EVERY_CHANNEL, MESSENGER, SMS, VIBER, changed, request
from tests.world import body_of, http_event


def names(answer):
    return [fault["name"] for fault in body_of(answer)["invalid_parameters"]]


@pytest.mark.decision("Endpoints")
@pytest.mark.parametrize("path", ["/workflows", "/workflows/", "/beta/workflows", "/beta/workflows/"])
def test_accepted(world, call, path):
    """A valid workflow is stored, started and answered 202 with its id, under every spelling of the path."""
    answer = call("POST", path, request(MESSENGER, SMS))
    assert answer["statusCode"] == 202
    (workflow_id,) = body_of(answer).values()
    flow, content = world.store.read_whole(workflow_id)
    assert [step.channel for step in flow.steps] == ["messenger", "sms"]
    assert content[1] == SMS
    executions = boto3.client("stepfunctions").list_executions(stateMachineArn=world.state_machine)["executions"]
    assert [execution["name"] for execution in executions] == [f"{workflow_id}-1"]


@pytest.mark.decision("Which word a customer sees")
@pytest.mark.parametrize(
    ("path", "word"),
    [("/beta/workflows", "workflow_uuid"), ("/v0.1/dispatch", "dispatch_uuid"), ("/dispatch/", "dispatch_uuid")],
)
def test_the_endpoints_own_word(call, path, word):
    """Each endpoint uses its own name for the id, in the answer and in the resource."""
    answer = body_of(call("POST", path, request(SMS)))
    assert list(answer) == [word]
    assert word in body_of(call("GET", f"{path.rstrip('/')}/{answer[word]}"))


def test_execution_input_names_nobody(world, call):
    """I8: the execution's input contains only ids, channels and times."""
    answer = call("POST", "/workflows", request(MESSENGER, VIBER, SMS))
    sfn = boto3.client("stepfunctions")
    (execution,) = sfn.list_executions(stateMachineArn=world.state_machine)["executions"]
    given = json.loads(sfn.describe_execution(executionArn=execution["executionArn"])["input"])
    (workflow_id,) = body_of(answer).values()
    assert given == {
        "workflow": workflow_id,
        "rest": {
            "step": {"number": 0, "channel": "messenger", "expiry_time": 600, "give_up_after": 605},
            "rest": {
                "step": {"number": 1, "channel": "viber", "expiry_time": 600, "give_up_after": 605},
                "rest": {"step": {"number": 2, "channel": "sms"}},
            },
        },
    }


def test_stored_state_names_nobody(world, call):
    """Texts and addresses are stored in the content item only."""
    call("POST", "/workflows", request(MESSENGER, SMS))
    (state,) = [item for item in world.items() if item["sk"]["S"] == "state"]
    assert "due" in state
    for private in ("sim-unread", "447700900000", "Hello", "ACME"):
        assert private not in json.dumps(state)


def test_content_outlives_its_workflow(world, call):
    """F26: content outlives its workflow's longest possible run; the state of a running workflow never expires."""
    call("POST", "/workflows", request(MESSENGER, SMS))
    items = {item["sk"]["S"]: item for item in world.items()}
    assert int(items["content"]["expires_at"]["N"]) > time.time() + 600 + 72 * 3600 + 6 * 86400
    assert "expires_at" not in items["state"]


@pytest.mark.decision("Receipt window")
@pytest.mark.parametrize(("channels", "days"), [(("whatsapp", "sms"), 3), (("sms", "whatsapp"), 30), (("rcs",), 30)])
def test_receipt_window(world, call, channels, days):
    """A workflow is stored with the receipt window of its last step's channel."""
    failover = {"failover": {"expiry_time": 60, "condition_status": "delivered"}}
    steps = [{**EVERY_CHANNEL[name], **failover} for name in channels]
    (workflow_id,) = body_of(call("POST", "/workflows", request(*steps))).values()
    assert world.read(workflow_id).receipt_window == days * 86_400


@pytest.mark.decision("Beyond the original")
def test_show(world, call):
    """GET returns the workflow, each step's state and the timeline."""
    (workflow_id,) = body_of(
        call("POST", "/workflows", request(changed(MESSENGER, "client_ref", "mine"), SMS))
    ).values()
    answer = call("GET", f"/workflows/{workflow_id}", Content_Type=None)
    assert answer["statusCode"] == 200
    shown = body_of(answer)
    assert (shown["workflow_uuid"], shown["status"]) == (workflow_id, "running")
    assert shown["timeline"][0]["event"] == "accepted"
    first, last = shown["steps"]
    assert (first["client_ref"], first["condition_status"], first["expiry_time"]) == ("mine", "read", 600)
    assert last == {"step": 1, "channel": "sms", "state": "pending", "from": SMS["from"], "to": SMS["to"]}


@pytest.mark.parametrize("workflow_id", ["5f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10", "x", "..", "%20", "5F0A", "'; --"])
def test_unknown_workflow(call, workflow_id):
    """An unknown id of any form is answered 404."""
    assert call("GET", f"/workflows/{workflow_id}")["statusCode"] == 404


@pytest.mark.decision("Status of a validation error")
def test_somebody_elses_workflow(world, call):
    """I6: another account's workflow is answered exactly like a missing one."""
    (workflow_id,) = body_of(call("POST", "/workflows", request(SMS))).values()
    other = COMMANDS.carry_out(Outside(), {"action": "create_account", "name": "other"})
    basic = base64.b64encode(f"{other['api_key']}:{other['api_secret']}".encode()).decode()
    theirs = body_of(call("GET", f"/workflows/{workflow_id}", Authorization=f"Basic {basic}"))
    missing = body_of(call("GET", "/workflows/5f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"))
    assert {**theirs, "instance": ""} == {**missing, "instance": ""}


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !",
        "Basic " + base64.b64encode(b"abcdefgh:x").decode(),
        "Basic " + base64.b64encode(b"00000000:x").decode(),
        "Basic " + base64.b64encode(b"nobody").decode(),
        "Bearer x.y.z",
        "Digest x",
    ],
)
def test_bad_credentials(world, call, authorization):
    """Invalid credentials are answered 401 in the catalogue's shape, and nothing is written."""
    answer = call("POST", "/workflows", request(SMS), Authorization=authorization)
    assert answer["statusCode"] == 401
    assert body_of(answer)["type"].endswith("#unauthorized")
    assert answer["multiValueHeaders"]["WWW-Authenticate"]
    assert not world.items()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[NaN]", b'{"a":1,"a":2}', b"[" * 60_000, gzip.compress(b"{}", mtime=0)[:5].hex().encode()]
)
def test_not_json(world, call, body):
    """A body that is not JSON is answered 400 with the position or the reason, and nothing is written."""
    answer = call("POST", "/workflows", body)
    assert answer["statusCode"] == 400
    assert not world.items()


@pytest.mark.decision("Errors")
@pytest.mark.decision("Status of a validation error")
def test_every_fault_with_its_path(world, call):
    """All faults of a request are reported at once, each with its path, and the detail has their number."""
    body = request(changed(MESSENGER, "failover.expiry_time", 5), changed(SMS, "to.number", "x"))
    answer = call("POST", "/workflows", body)
    assert answer["statusCode"] == 400
    problem = body_of(answer)
    assert problem["title"] == "Your request parameters didn't validate."
    assert problem["detail"] == "Found errors validating 2 of your submitted parameters."
    assert names(answer) == ["workflow[0].failover.expiry_time", "workflow[1].to.number"]
    assert not world.items()


def test_body_limits(call):
    """A body of 64 KB is read; one byte more is answered 413."""
    body = json.dumps(request(SMS)).encode()
    assert call("POST", "/workflows", body + b" " * (MAX_BYTES - len(body)))["statusCode"] == 202
    assert call("POST", "/workflows", body + b" " * (MAX_BYTES - len(body) + 1))["statusCode"] == 413


def test_base64_body(world, app):
    """A body from API Gateway may be encoded in base64."""
    event = http_event("POST", "/workflows", "", Authorization=world.basic, Content_Type="application/json")
    event |= {"isBase64Encoded": True, "body": base64.b64encode(json.dumps(request(SMS)).encode()).decode()}
    assert app.handler(event, None)["statusCode"] == 202
    assert app.handler({**event, "body": "!"}, None)["statusCode"] == 400


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("PUT", "/workflows", {}, 405),
        ("GET", "/workflows/5f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10/cancel", {}, 405),
        ("GET", "/dispatch/5f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10/advance", {}, 405),
        ("DELETE", "/dispatch", {}, 405),
        ("POST", "/workflows/5f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10", {}, 405),
        ("GET", "/", {}, 404),
        ("POST", "/messages", {}, 404),
        ("POST", "/workflows", {"Content_Type": "text/plain"}, 415),
        ("POST", "/workflows", {"Content_Type": None}, 415),
        ("POST", "/workflows", {"Accept": "text/html"}, 406),
        ("POST", "/workflows", {"Accept": "text/html, */*;q=0.1"}, 202),
        ("POST", "/workflows", {"Accept": None}, 202),
        ("POST", "/workflows", {"Content_Type": "application/json; charset=utf-8"}, 202),
    ],
)
def test_addresses_verbs_and_media_types(call, method, path, headers, status):
    """Unknown paths, methods and media types have their own errors."""
    assert call(method, path, request(SMS), **headers)["statusCode"] == status


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "Application/JSON ; Charset = utf8",
        "application/json; charset=us-ascii",
        "application/json; version=1",
        "application/json;",
    ],
)
def test_declared_as_utf_8(call, content_type):
    """A body in UTF-8 may declare it in every common spelling."""
    assert call("POST", "/workflows", request(SMS), Content_Type=content_type)["statusCode"] == 202


@pytest.mark.decision("A body that is compressed, or in another charset")
@pytest.mark.parametrize("charset", ["iso-8859-1", "ISO-8859-15", "windows-1252", "utf-16", '"latin1"', "", "x" * 5000])
def test_another_charset(world, call, charset):
    """A body declared in another charset is refused, even if its bytes are valid UTF-8."""
    answer = call("POST", "/workflows", request(SMS), Content_Type=f"application/json; charset={charset}")
    assert answer["statusCode"] == 415
    assert body_of(answer)["detail"] == "Invalid 'Content-Type' header: charset must be 'utf-8'"
    assert not world.items()


@pytest.mark.decision("A body that is compressed, or in another charset")
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "GZIP, identity", "unknown"])
def test_compressed(world, call, encoding):
    """A compressed body of any size is refused by its header, and the answer names what is accepted instead."""
    body = gzip.compress(json.dumps(request(SMS)).encode())
    answer = call("POST", "/workflows", body, Content_Encoding=encoding)
    assert answer["statusCode"] == 415
    assert body_of(answer)["type"].endswith("#content-encoding-header")
    assert answer["multiValueHeaders"]["Accept-Encoding"] == ["identity"]
    assert not world.items()


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_not_compressed(call, encoding):
    """A client may declare that its body is not compressed."""
    assert call("POST", "/workflows", request(SMS), Content_Encoding=encoding)["statusCode"] == 202


def test_allowed_verbs(call):
    """The answer to a wrong method lists the right ones."""
    assert call("PUT", "/workflows")["multiValueHeaders"]["Allow"] == ["GET, POST"]


def test_client_ref_of_a_message(call):
    """A reference inside the message, where old clients put it, is returned too."""
    body = request(changed(SMS, "message.client_ref", "mine"))
    (workflow_id,) = body_of(call("POST", "/workflows", body)).values()
    assert body_of(call("GET", f"/workflows/{workflow_id}"))["steps"][0]["client_ref"] == "mine"


@pytest.mark.decision("Errors")
def test_problem_shape(call):
    """A problem has the vendor's fields and the same trace id in body and header."""
    answer = call("GET", "/nothing")
    problem = body_of(answer)
    assert list(problem) == ["type", "title", "detail", "instance"]
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    assert answer["multiValueHeaders"]["X-Nexmo-Trace-Id"] == [problem["instance"]]
    assert len(problem["instance"]) == 32


def test_trace_id_in_every_log_line(call, output):
    """All log lines of a request have its trace id and no other."""
    answer = call("POST", "/workflows", request(SMS))
    trace_id = answer["multiValueHeaders"]["X-Nexmo-Trace-Id"][0]
    lines = [json.loads(line) for line in output().splitlines() if '"level"' in line]
    assert lines
    assert {line["trace_id"] for line in lines} == {trace_id}


def test_catalogue_is_distinct():
    """No two problems share both type and title."""
    assert len({(kind.type, kind.title) for kind in CATALOGUE}) == len(CATALOGUE)
