import base64
import contextlib
import json
import time
from dataclasses import replace
from urllib.parse import parse_qsl, quote

import boto3
import pytest

from failover.adapters.table import Table, marshalled
from failover.adapters.webhooks.deliveries import Deliveries
from failover.adapters.webhooks.queue import read
from failover.adapters.workflow.executions import Executions
from failover.adapters.workflow.store import Pointer
from failover.outside import Outside
from failover.rules.pacing.turns import NotYourTurn
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.timing.instants import iso
from failover.rules.webhooks import delivery
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import transitions
from failover.use_cases.callers.register import COMMANDS
from failover.use_cases.sending.send import send
from tests.acts import lived
from tests.described import check_answer
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.left_behind import Reconciling
from tests.messages_server import MessagesServer
from tests.tokens import KEY, public_pem
from tests.world import body_of, create_table, http_event, load


@pytest.fixture
def stored(world):
    return world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])


@pytest.fixture
def slept():
    return []


@pytest.fixture
def outside(world, slept):
    """The real outside, except that it records sleeps instead of waiting."""
    return hurried(slept)


def hurried(slept):
    """An outside whose clock is ahead by the time slept."""
    real = Outside()

    def now():
        return real.now() + int(sum(slept) * 1000)

    return Outside(now=now, sleep=slept.append, jitter=lambda: 0.0)


class Clock:
    """A clock that begins at NOW and moves by what is slept, for sends."""

    def __init__(self):
        self.at = NOW
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += round(seconds * 1000)

    def outside(self):
        """A process of its own, with the settings of now."""
        return Outside(now=lambda: self.at, sleep=self.sleep, jitter=lambda: 0.0)


@pytest.fixture
def clock_of_sends(world):
    return Clock()


def waits_until(outside, channel, number=0, workflow_id=ID):
    """Send a step that has to wait. Returns when it is to be called again (ms)."""
    with pytest.raises(NotYourTurn) as caught:
        send(outside, channel, workflow_id, number)
    return caught.value.at


def send_or_wait(outside, channel, workflow_id, number=0):
    """Send a step, or have it put off: by a twin that is sending it, if there is one."""
    with contextlib.suppress(NotYourTurn):
        send(outside, channel, workflow_id, number)


def sent_step(world, outside, number=0, channel="messenger"):
    send(outside, channel, ID, number)
    return world.read(ID).steps[number]


@pytest.fixture
def app(world):
    return load("workflows_api")


@pytest.fixture
def call(world, app):
    """Call the API as the tests' account; a body is JSON unless it is bytes, and a path may have a query string.

    Each answer is checked against the OpenAPI document.
    """

    def call(method, path, body=None, **headers):
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        known = {"Authorization": world.basic, "Content_Type": "application/json", "Accept": "application/json"}
        named = {name: value for name, value in {**known, **headers}.items() if value is not None}
        path, _, query = path.partition("?")
        event = http_event(method, path, raw, **named)
        event["queryStringParameters"] = dict(parse_qsl(query, keep_blank_values=True)) or None
        answer = app.handler(event, None)
        check_answer(method, path, answer)
        return answer

    return call


@pytest.fixture
def stranger(world):
    """The Authorization header of another account."""
    other = COMMANDS.carry_out(Outside(), {"action": "create_account", "name": "other"})
    return "Basic " + base64.b64encode(f"{other['api_key']}:{other['api_secret']}".encode()).decode()


@pytest.fixture
def application(world):
    """An application of the tests' account."""
    command = {"action": "create_application", "api_key": world.api_key, "name": "app", "public_key": public_pem(KEY)}
    return COMMANDS.carry_out(Outside(), command)["application_id"]


@pytest.fixture
def put(world):
    """Store a workflow of the tests' account after some acts (`tests.acts`)."""

    def put(*acts, content=(MESSENGER, SMS), **more):
        return world.put(replace(lived(*acts), account=world.api_key, **more), list(content))

    return put


@pytest.fixture
def cancel(call):
    return lambda path=f"/workflows/{ID}", **headers: call("POST", f"{path}/cancel", Content_Type=None, **headers)


@pytest.fixture
def advance(call):
    return lambda step=0, path=f"/workflows/{ID}", **headers: call("POST", f"{path}/advance", {"step": step}, **headers)


STATUS, REPORT = 4, 5
"""Sequences of the two webhooks of `ended`: the SMS was delivered, which completed the workflow."""


def ended(world, **changes):
    flow = replace(workflow("sms", account=world.api_key), **changes)
    flow = transitions.answered(transitions.claimed(flow, 0, NOW), 0, Accepted("uuid-0"), NOW)
    return world.put(transitions.received(flow, 0, Receipt("delivered", "uuid-0", None, None), NOW), [SMS])


def set_status_url(world, url, **of_application):
    command = {"action": "set_status_url", "api_key": world.api_key, "status_url": url, **of_application}
    COMMANDS.carry_out(Outside(), command)


def task_of(world, sequence=REPORT, **more):
    """The queue message for a webhook of `ended`."""
    return Task(**{"workflow_id": ID, "account": world.api_key, "application": None, "sequence": sequence, **more})


def attempts_made(world, number, sequence=REPORT):
    """Set the number of attempts recorded for a webhook of `ended`."""
    world.client.update_item(
        TableName=world.table,
        Key={"pk": {"S": f"workflow#{ID}"}, "sk": {"S": f"webhook#{sequence:05d}"}},
        UpdateExpression="SET last_attempt = :number",
        ExpressionAttributeValues={":number": {"N": str(number)}},
    )


@pytest.fixture
def customer(world):
    """The server that receives the webhooks of the tests' account."""
    listening = MessagesServer()
    set_status_url(world, f"{listening.url}/status")
    yield listening
    listening.close()


@pytest.fixture
def delivering(world):
    """The function `deliver_webhook`."""
    return load("deliver_webhook")


@pytest.fixture
def deliver(delivering):
    """Call `deliver_webhook` with one message of the queue."""
    return lambda task: delivering.handler({"Records": [{"body": json.dumps(delivery.plain(task))}]}, None)


@pytest.fixture
def clock(delivering):
    """How far the clock of `deliver_webhook` is ahead, in seconds; a test may change the one item."""
    ahead = [0]
    real = delivering.outside.now
    delivering.outside.now = lambda: real() + ahead[0] * 1000
    return ahead


@pytest.fixture
def put_off(delivering):
    """Messages that `deliver_webhook` has queued: (queue, task, seconds)."""
    queued = []

    def note(params, **_):
        queue = params["QueueUrl"].rsplit("/", 1)[-1]
        queued.append((queue, read(params["MessageBody"]), params.get("DelaySeconds")))

    events = delivering.outside.webhook_queue.client.meta.events
    events.register("provide-client-params.sqs.SendMessage", note)
    return queued


@pytest.fixture
def listed(world, call):
    """A webhook of `ended` as the API shows it."""

    def listed(sequence=REPORT):
        answer = call("GET", f"/workflows/{ID}/webhooks")
        assert answer["statusCode"] == 200
        return next(webhook for webhook in json.loads(answer["body"])["webhooks"] if webhook["sequence"] == sequence)

    return listed


@pytest.fixture
def reconciling(world):
    """The function `reconcile` with a clock of its own."""
    return Reconciling(world, load("reconcile"))


@pytest.fixture
def queue(world, monkeypatch):
    """The sandbox's table and queue; returns the queue's URL."""
    monkeypatch.setenv("SANDBOX_TABLE", create_table("SandboxTable", "sandbox"))
    url = boto3.client("sqs").create_queue(QueueName="sandbox")["QueueUrl"]
    monkeypatch.setenv("SANDBOX_QUEUE", url)
    return url


@pytest.fixture
def callbacks(world):
    """The function `message_status`."""
    return load("message_status")


@pytest.fixture
def signals(monkeypatch):
    """The signals sent to the state machine."""
    sent = []
    monkeypatch.setattr(Executions, "end_race", lambda _, signal: sent.append(signal) or True)
    return sent


@pytest.fixture
def racing(world):
    """A workflow whose first message has been sent and whose race waits."""
    world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])
    flow = world.store.write(transitions.claimed(world.read(ID), 0, NOW))
    flow = world.store.write(transitions.answered(flow, 0, Accepted(UUID), NOW), Pointer(UUID, 0, 4_000_000_000))
    boto3.client("dynamodb").update_item(
        TableName=world.table,
        Key={"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "state"}},
        UpdateExpression="SET task_token = :t ADD version :one",
        ExpressionAttributeValues={":t": {"S": "token"}, ":one": {"N": "1"}},
    )
    return flow


UUID = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"


def callback(status, **more):
    body = {"message_uuid": UUID, "to": "sim-unread", "from": "page", "timestamp": iso(int(time.time() * 1000))}
    return {**body, "status": status, "client_ref": f"{ID}.0", **more}


@pytest.fixture
def publishing(world):
    """The function that reads the stream."""
    return load("publish_events")


@pytest.fixture
def publish(publishing):
    """Call the function with several records at once."""
    return lambda *records: publishing.handler({"Records": list(records)}, None)


def pointer():
    """The item that leads from the message `uuid-0` to the first step of `ended`."""
    item = {"pk": "message#uuid-0", "sk": "pointer", "workflow": ID, "step": 0, "expires_at": 4_000_000_000}
    return marshalled(item)


ALWAYS = {"since": "2026-01-01"}


def numbered(number):
    return f"{number:08x}-0000-4000-8000-000000000000"


@pytest.fixture
def fail(world):
    """Have attempts at webhooks of a new workflow, number n, be answered 401, n seconds after NOW."""

    def fail(number, *sequences, state="failed", **more):
        flow, deliveries = ended(world, id=numbered(number), **more), Deliveries(Table(world.table))
        attempt = {"number": 1, "at": NOW + number * 1000 - 7, "milliseconds": 7, "answer": 401}
        for sequence in sequences or [REPORT]:
            deliveries.record(flow, sequence, deliveries.claim(flow, sequence, 1, NOW), attempt, state)
        return flow

    return fail


@pytest.fixture
def failed(call):
    """The answer of the list: its body."""

    def failed(state="failed", authorization=None, **query):
        asked = "&".join(f"{name}={quote(str(value))}" for name, value in {"state": state, **query}.items())
        more = {"Authorization": authorization} if authorization else {}
        answer = call("GET", f"/webhooks?{asked}", Content_Type=None, **more)
        assert answer["statusCode"] == 200, answer["body"]
        return body_of(answer)

    return failed


@pytest.fixture
def redeliver(call):
    """The answer of a redelivery: its body."""

    def redeliver(**asked):
        answer = call("POST", "/webhooks/redeliver", {**ALWAYS, **asked})
        assert answer["statusCode"] == 202, answer["body"]
        return body_of(answer)

    return redeliver


def edit(world, update, number, **values):
    """Edit the item of a report's webhook by hand; `#state` is its state."""
    request = {"ExpressionAttributeNames": {"#state": "state"}} if "#state" in update else {}
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    key = {"pk": {"S": f"workflow#{numbered(number)}"}, "sk": {"S": f"webhook#{REPORT:05d}"}}
    boto3.client("dynamodb").update_item(TableName=world.table, Key=key, UpdateExpression=update, **request)
