"""Rules for every function on all its paths: it uses each permission of its role and writes nothing private.

Every test of a function checks that its role allows what it needs (`tests.permissions`).
"""

import json
import traceback
from dataclasses import replace
from fnmatch import fnmatchcase
from types import SimpleNamespace

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from failover.adapters import aws
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.pacing.turns import NotYourTurn
from failover.rules.webhooks import hanging
from failover.rules.webhooks.delivery import PATIENCE
from failover.rules.webhooks.hanging import Host
from failover.rules.workflow import transitions
from tests import messages_server as server
from tests import permissions
from tests.examples import EVERY_CHANNEL, ID, MESSENGER, NOW, SMS, THREE_STEPS, TWO_STEPS, VIBER, request, workflow
from tests.functions.conftest import REPORT, Clock, ended, task_of
from tests.functions.test_lost_answers import lose_the_answer
from tests.left_behind import MINUTE, Starting, id_in, rejected, sent
from tests.sample_events import EVENTS, event, handler_of
from tests.sandbox import BASIC, accepted, play, post, to
from tests.tokens import KEY, public_pem, token
from tests.world import (
    CREDENTIALS,
    HASHING_KEY,
    SIGNATURE_SECRET,
    SIGNING_KEY,
    body_of,
    callback_event,
    http_event,
    load,
    template,
)

CONTENT = [MESSENGER, VIBER, SMS]
APPLICATION = "0f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"
TOKEN = "task-token-of-the-tests"


def with_token(flow):
    return replace(flow, task_token=TOKEN)


def overtaken(store, act):
    """Run `act` just before the store's next write, so that this write conflicts."""
    write = store.write

    def second(*arguments):
        store.write = write
        act()
        return write(*arguments)

    store.write = second


@pytest.fixture
def workflows_api(world, app, call, customer):
    """Every route, every filter with its own index, both kinds of caller, and a write that loses to another."""
    now = app.outside.now()
    app.outside.lanes.close(f"summary#{world.api_key}", now, now + 600_000)

    def act():
        assert call("GET", "/workflows/summary")["statusCode"] == 429
        for _ in range(2):
            call("POST", "/workflows", request(), Idempotency_Key="key")
        call("GET", "/workflows", Authorization=token(APPLICATION))
        ended(world, id=id_in(2), application=APPLICATION)
        call("GET", f"/workflows/{id_in(2)}/webhooks")
        ended(world)
        world.put(with_token(replace(workflow(*TWO_STEPS, account=world.api_key), id=id_in(1))), [MESSENGER, SMS])
        for path in ("/workflows", f"/workflows/{ID}", f"/workflows/{ID}/webhooks", "/messages/unknown"):
            call("GET", path)
        by_reference = http_event("GET", "/workflows", Authorization=world.basic)
        app.handler(by_reference | {"queryStringParameters": {"client_ref": "table-12"}}, None)
        call("POST", f"/workflows/{ID}/webhooks/{REPORT}/redeliver")
        call("GET", "/webhooks?state=failed")
        call("POST", "/webhooks/redeliver", {"since": "2026-01-01"})
        waits = replace(workflow(*TWO_STEPS, account=world.api_key), id=id_in(3))
        world.put(with_token(sent(waits, 0)), CONTENT[::2])
        assert call("POST", f"/workflows/{id_in(3)}/advance", {"step": 0})["statusCode"] == 200
        other = world.read(id_in(1))
        overtaken(app.outside.store, lambda: world.store.write(other))
        assert call("POST", f"/workflows/{id_in(1)}/cancel")["statusCode"] == 200

    return act


@pytest.fixture
def message_status(world):
    """A status that completes a workflow with a waiting race, and one that names only its message."""
    function = load("message_status")

    def act():
        world.put(with_token(transitions.claimed(workflow(*TWO_STEPS), 0, NOW)), [MESSENGER, SMS])
        flow = world.read(ID)
        world.store.write(with_token(flow))
        for reference in ({"client_ref": f"{ID}.0"}, {}):
            function.handler(callback_event({"message_uuid": "u", "status": "read", **reference}), None)
        assert world.read(ID).status == "completed"

    return act


def _send(function, channel):
    @pytest.fixture(name=f"send_{function}")
    def sending(world, messages, monkeypatch):
        """A send that closes its lane after a 429, and is accepted at its next call, whose claim has no answer."""
        monkeypatch.setenv("MESSAGES_PER_SECOND", "30")
        app = load(f"send_{function}")
        clock = Clock()
        app.outside.now, app.outside.sleep = lambda: clock.at, clock.sleep

        def act():
            world.put(workflow(channel), [EVERY_CHANNEL[channel]])
            messages.script = [server.http(429)]
            with pytest.raises(NotYourTurn) as caught:
                app.handler({"workflow": ID, "step": 0}, None)
            clock.at = caught.value.at
            lose_the_answer(app.outside.table.client, "put_item", repeated=False)
            app.handler({"workflow": ID, "step": 0}, None)
            assert world.read(ID).steps[0].phase == "sent"

        return act

    return sending


for _channel in CHANNELS.values():
    globals()[f"send_{_channel.function}"] = _send(_channel.function, _channel.name)


@pytest.fixture
def publish_events(world):
    """The end of a workflow, and a concurrent write of it."""
    function = load("publish_events")
    function.outside.now = lambda: NOW

    def act():
        ended(world)
        key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "state"}}
        state = boto3.client("dynamodb").get_item(TableName=world.table, Key=key)["Item"]
        world.store.write(world.read(ID))
        function.handler({"Records": [{"dynamodb": {"NewImage": state}}]}, None)

    return act


@pytest.fixture
def deliver_webhook(world, customer, delivering, deliver):
    """A webhook retried later, one given up, and one of an application, at a host that has timed out before."""

    def act():
        ended(world)
        host = Host(world.api_key, hanging.name(customer.url))
        delivering.outside.hosts.timed_out(host, "attempt", delivering.outside.now())
        customer.script = [server.http(500)] * 2
        deliver(task_of(world))
        deliver(task_of(world, attempt=2, since=delivering.outside.now() - PATIENCE * 1000))
        deliver(task_of(world, application=APPLICATION))
        assert len(world.queued("dead-letters")) == 1

    return act


@pytest.fixture
def start_workflows(world):
    """A workflow never started, one whose first execution has ended, and one that cannot be read."""
    starting = Starting(world, load("start_workflows"))

    def act():
        for number in range(3):
            world.put(replace(workflow(*THREE_STEPS), id=id_in(number)), CONTENT)
        world.executions.start(replace(workflow(*THREE_STEPS), id=id_in(1)), NOW)
        starting.died(f"{id_in(1)}-1")
        key = {"pk": {"S": f"workflow#{id_in(2)}"}, "sk": {"S": "state"}}
        boto3.client("dynamodb").update_item(TableName=world.table, Key=key, UpdateExpression="REMOVE steps")
        overtaken(starting.app.outside.store, lambda: world.store.write(world.read(id_in(1))))
        assert starting.run(NOW + MINUTE) == 2

    return act


@pytest.fixture
def reconcile(world, reconciling):
    """A second execution never started, a race that was never signalled, and webhooks that were never queued."""

    def act():
        left = with_token(rejected(sent(workflow(*THREE_STEPS), 0), 0))
        for number, flow in enumerate((replace(workflow(*THREE_STEPS), attempt=2), left)):
            world.put(replace(flow, id=id_in(number)), CONTENT)
        world.executions.start(replace(left, id=id_in(1)), NOW)
        ended(world, id=id_in(2), application=APPLICATION, webhook_url="https://example.org/status")
        reconciling.run(NOW + 20 * MINUTE)
        assert len(world.queued()) == 2

    return act


@pytest.fixture
def accounts(world, put, monkeypatch):
    """Every command that reads or writes in its own way."""
    monkeypatch.setenv("MESSAGES_PER_SECOND", "30")
    function = load("accounts")

    def command(action, **more):
        return function.handler({"action": action, **more}, None)

    def act():
        account = {"api_key": command("create_account", name="shop")["api_key"]}
        command("rotate_secret", **account)
        application = account | command("create_application", **account, name="app", public_key=public_pem(KEY))
        command("set_public_key", **application, public_key=public_pem(KEY))
        command("list_accounts")
        command("show_account", **account)
        command("set_limit", **account, workflows_per_second=5)
        put(task_token=TOKEN)
        assert command("cancel_workflows", api_key=world.api_key)["cancelled"] == 1
        command("pause_sends", seconds=60)
        assert command("resume_sends") == {"paused_until": None}
        command("delete_application", **application)
        command("disable_account", **account)
        command("delete_account", **account)

    return act


@pytest.fixture
def erasure(world, call):
    """Every command, on a running workflow with a race, an Idempotency-Key, and a write that loses to another."""
    function = load("erasure")

    def command(action, **more):
        return function.handler({"action": action, **more}, None)

    def act():
        posted = body_of(call("POST", "/workflows", request(MESSENGER, SMS), Idempotency_Key="key"))["workflow_uuid"]
        world.store.write(with_token(world.read(posted)))
        command("index", workflow_uuids=[posted])
        assert len(command("find", recipient=SMS["to"])["workflows"]) == 1
        overtaken(function.outside.store, lambda: world.store.write(world.read(posted)))
        drop = function.outside.recipients.drop

        def second(entries, verdict):
            function.outside.recipients.drop = drop
            world.recipients.drop(entries, verdict)
            drop(entries, verdict)

        function.outside.recipients.drop = second
        proof = command("erase", recipient=SMS["to"])
        assert proof["erasure"]["totals"]["dropped"] == 1
        assert command("verify", proof=proof) == {"genuine": True}
        assert len(command("list_erasures")["erasures"]) == 1

    return act


@pytest.fixture
def sandbox(queue):
    return load("sandbox_messages")


@pytest.fixture
def sandbox_messages(world, sandbox):
    """A message with receipts to come, a request for the messages kept, and one to a phone that is answered."""
    body = {"action": "create_application", "name": "app", "public_key": public_pem(KEY), "api_key": world.api_key}
    signed_in = {"Authorization": token(load("accounts").handler(body, None)["application_id"])}

    def act():
        assert post(sandbox, to("sim-read"))["statusCode"] == 202
        assert sandbox.handler(http_event("GET", "/sandbox/messages", Authorization=BASIC), None)["statusCode"] == 200
        world.put(workflow(*TWO_STEPS, account=world.api_key), [MESSENGER, SMS])
        assert post(sandbox, to("sim-phone-anna") | {"client_ref": f"{ID}.0"})["statusCode"] == 202
        shown = sandbox.handler(http_event("GET", "/sandbox/phones", **signed_in), None)
        (message,) = body_of(shown)["phones"][0]["messages"]
        path = f"/sandbox/messages/{message['message_uuid']}/status"
        event = http_event("POST", path, '{"status":"read"}', Content_Type="application/json", **signed_in)
        assert sandbox.handler(event, None)["statusCode"] == 202

    return act


@pytest.fixture
def sandbox_receipts(sandbox, messages):
    """One receipt."""
    receipts = load("sandbox_messages", "receipts")
    message, *_ = accepted(sandbox, messages.url, to("sim-read"))
    messages.script = [server.http(200)]
    return lambda: play(receipts, message)


FUNCTIONS = [
    name for name, resource in template()["Resources"].items() if resource["Type"] == "AWS::Serverless::Function"
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_permission_is_needed(world, request, name):
    """A function uses every permission of its role, itself or through Lambda, and Lambda has all that it needs."""
    act = request.getfixturevalue("".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_"))
    permissions.asked.clear()
    act()
    by_lambda = set(_asked_by_lambda(name))
    needed = {call for role, call in permissions.asked if role == name} | by_lambda
    granted = list(permissions.grants(template(), name))
    assert [call for call in by_lambda if not any(grant.allows(call) for grant in granted)] == []
    for grant in granted:
        calls = [call for call in needed if grant.allows(call)]
        assert calls, grant
        for pattern in grant.leading_keys or ():
            assert any(fnmatchcase(key, pattern) for call in calls for key in call.leading_keys), (grant, pattern)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_secret_is_logged(world, request, name, output):
    """I8: no function writes a secret, credential, text, address or URL to its log."""
    act = request.getfixturevalue("".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_"))
    output()
    act()
    written = output()
    ours = (SIGNATURE_SECRET, SIGNING_KEY, HASHING_KEY, CREDENTIALS["api_secret"])
    secrets = (*ours, world.api_secret, world.signature_secret)
    people = ("sim-", "447700900", "Hello", "ACME", "127.0.0.1", "shop.test")
    tokens = (world.basic.removeprefix("Basic "), BASIC.removeprefix("Basic "), "Bearer", "eyJ", TOKEN)
    assert [private for private in (*secrets, *people, *tokens) if private in written] == []
    assert written or name in ("DeliverWebhook", "SandboxMessages")


ANSWERING = ("message_status", "sandbox_messages", "workflows_api")


@pytest.mark.parametrize("name", sorted(set(EVENTS) - {"sandbox_receipts"}))  # its event names no stored message
def test_foreign_words_stay_inside(world, monkeypatch, output, name):
    """I8: an exception's text, which may quote its input, is in no answer, error, execution history or log."""
    monkeypatch.setenv("SANDBOX_TABLE", "sandbox")
    handler, given = handler_of(name), event(name, world.basic if name in ANSWERING else None)

    def broken(*_):
        raise KeyError("private words")

    monkeypatch.setattr(BaseClient, "_make_api_call", broken)
    if name in ANSWERING:
        answer = handler(given, None)
        assert answer["statusCode"] == 500
        leaving = json.dumps(answer)
    else:
        with pytest.raises(Exception, match="see the log") as failed:
            handler(given, SimpleNamespace(get_remaining_time_in_millis=lambda: 55_000))
        leaving = "".join(traceback.format_exception(failed.value))
    written = output()
    assert "unexpected failure" in written
    assert "private" not in leaving.replace(__file__, "") + written


POLLED = {
    "DynamoDB": ("Stream", "dynamodb:", ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")),
    "SQS": ("Queue", "sqs:", ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")),
}
"""Kind of event source → the property with its ARN, and what Lambda calls to poll it: the actions of AWS's managed
policies AWSLambdaDynamoDBExecutionRole and AWSLambdaSQSQueueExecutionRole."""


def _asked_by_lambda(name):
    """Calls that Lambda makes under the function's role: it polls, puts aside what failed, and writes logs."""
    properties = template()["Resources"][name]["Properties"]
    for source in properties.get("Events", {}).values():
        if destination := source["Properties"].get("DestinationConfig", {}).get("OnFailure"):
            yield permissions.Call("sqs:SendMessage", permissions.resolved(template(), destination["Destination"]))
        if source["Type"] in POLLED:
            where, service, actions = POLLED[source["Type"]]
            logical_id, _ = source["Properties"][where]["Fn::GetAtt"]
            stream = "/stream/2026-01-01T00:00:00.000" if where == "Stream" else ""
            for action in actions:
                yield permissions.Call(f"{service}{action}", permissions.arn(template(), logical_id) + stream)
    group = permissions.arn(template(), properties["LoggingConfig"]["LogGroup"]["Ref"]).removesuffix("*")
    for action in ("CreateLogStream", "PutLogEvents"):
        yield permissions.Call(f"logs:{action}", f"{group}log-stream:one")


def test_a_missing_permission_is_noticed(world):
    """A call that the function's role does not allow is denied as in AWS, and fails the test."""
    stray = permissions.under_role("PublishEvents", lambda: world.store.read_whole(ID))
    with pytest.raises(aws.AwsError, match="AccessDenied"):
        stray()
    assert permissions.denied.pop().startswith("PublishEvents may not dynamodb:Query arn:aws:dynamodb:")


@pytest.mark.parametrize("name", [name for name in [*FUNCTIONS, "StateMachine"] if name != "Accounts"])
@pytest.mark.parametrize("kind", ["account", "application", "registry"])
def test_no_caller_is_planted(world, name, kind):
    """Only `accounts` may write accounts and applications, alone or in a transaction with another item."""
    client, key = boto3.client("dynamodb"), {"pk": {"S": f"{kind}#planted"}, "sk": {"S": kind}}
    put, named = {"TableName": world.table, "Item": key}, {"TableName": world.table, "Key": key}
    kept = {"TableName": world.table, "Item": {**key, "pk": {"S": f"workflow#{ID}"}}}
    for write in (
        lambda: client.put_item(**put),
        lambda: client.update_item(**named),
        lambda: client.delete_item(**named),
        lambda: client.transact_write_items(TransactItems=[{"Put": kept}, {"Put": put}]),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            permissions.under_role(name, write)()
    permissions.denied.clear()
    assert [item for item in world.items() if item["pk"]["S"].startswith(f"{kind}#")] == []


def test_one_key_too_many(world):
    """Reading several items is denied if the role may not read the kind of one of them."""
    client = boto3.client("dynamodb")

    def read(*kinds):
        keys = [{"pk": {"S": f"{kind}#{ID}"}, "sk": {"S": kind}} for kind in kinds]
        client.batch_get_item(RequestItems={world.table: {"Keys": keys}})

    permissions.under_role("Reconcile", read)("workflow", "account")
    with pytest.raises(ClientError, match="AccessDenied"):
        permissions.under_role("Reconcile", read)("workflow", "host")
    assert "host#" in permissions.denied.pop()


def test_queries_of_another_kind(world):
    """A query is denied if the role may not read the partition's kind, in any spelling of the condition."""

    def query(kind):
        condition = {"KeyConditionExpression": "#a = :b", "ExpressionAttributeNames": {"#a": "pk"}}
        values = {":b": {"S": f"{kind}#{ID}"}}
        boto3.client("dynamodb").query(TableName=world.table, ExpressionAttributeValues=values, **condition)

    permissions.under_role("SendSms", query)("workflow")
    with pytest.raises(ClientError, match="AccessDenied"):
        permissions.under_role("SendSms", query)("account")
    assert "account#" in permissions.denied.pop()
