import base64
import json
from dataclasses import asdict, replace
from urllib.parse import parse_qsl

import pytest

from failover.adapters.webhooks.queue import read
from failover.outside import Outside
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import transitions
from failover.use_cases.callers.register import register
from failover.use_cases.sending.send import send
from tests.acts import lived
from tests.described import check_answer
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.left_behind import Reconciling
from tests.messages_server import MessagesServer
from tests.world import http_event, load


@pytest.fixture
def stored(world):
    return world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])


@pytest.fixture
def slept():
    return []


@pytest.fixture
def outside(world, slept):
    """The real outside, but nobody sleeps between two requests."""
    return hurried(slept)


def hurried(slept):
    """The clock is ahead by what was slept."""
    real = Outside()

    def now():
        return real.now() + int(sum(slept) * 1000)

    return Outside(now=now, sleep=slept.append, jitter=lambda: 0.0)


def sent_step(world, outside, number=0, channel="messenger"):
    send(outside, channel, ID, number)
    return world.read(ID).steps[number]


@pytest.fixture
def app(world):
    return load("workflows_api")


@pytest.fixture
def call(world, app):
    """Call the API as the tests' account; a body is JSON unless it is bytes, and a path may have a query string.

    Every answer is one that the OpenAPI document describes.
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
    other = register(Outside(), {"action": "create_account", "name": "other"})
    return "Basic " + base64.b64encode(f"{other['api_key']}:{other['api_secret']}".encode()).decode()


@pytest.fixture
def put(world):
    """Store a workflow of the tests' account after what has happened to it (`tests.acts`)."""

    def put(*acts, content=(MESSENGER, SMS), **more):
        return world.put(replace(lived(*acts), account=world.api_key, **more), list(content))

    return put


@pytest.fixture
def cancel(call):
    return lambda path=f"/workflows/{ID}", **headers: call("POST", f"{path}/cancel", Content_Type=None, **headers)


STATUS, REPORT = 4, 5
"""Sequences of the two webhooks of `ended`: the SMS was delivered, which completed the workflow."""


def ended(world, **changes):
    flow = replace(workflow("sms", account=world.api_key), **changes)
    flow = transitions.answered(transitions.claimed(flow, 0, NOW), 0, Accepted("uuid-0"), NOW)
    return world.put(transitions.received(flow, 0, Receipt("delivered", "uuid-0", None, None), NOW), [SMS])


def set_status_url(world, url, **of_application):
    command = {"action": "set_status_url", "api_key": world.api_key, "status_url": url, **of_application}
    register(Outside(), command)


def task_of(world, sequence=REPORT, **more):
    """What the queue says of a webhook of `ended`."""
    return Task(**{"workflow_id": ID, "account": world.api_key, "application": None, "sequence": sequence, **more})


def attempts_made(world, number, sequence=REPORT):
    """As if so many attempts at a webhook of `ended` had been made."""
    world.client.update_item(
        TableName=world.table,
        Key={"pk": {"S": f"workflow#{ID}"}, "sk": {"S": f"webhook#{sequence:05d}"}},
        UpdateExpression="SET last_attempt = :number",
        ExpressionAttributeValues={":number": {"N": str(number)}},
    )


@pytest.fixture
def customer(world):
    """The server the webhooks of the tests' account go to."""
    listening = MessagesServer()
    set_status_url(world, f"{listening.url}/status")
    yield listening
    listening.close()


@pytest.fixture
def delivering(world):
    """The function that delivers webhooks."""
    return load("deliver_webhook")


@pytest.fixture
def deliver(delivering):
    """Hand it one message of the queue."""
    return lambda task: delivering.handler({"Records": [{"body": json.dumps(asdict(task))}]}, None)


@pytest.fixture
def clock(delivering):
    """The clock of the function that delivers webhooks: how far it is ahead, in seconds, which a test may change."""
    ahead = [0]
    real = delivering.outside.now
    delivering.outside.now = lambda: real() + ahead[0] * 1000
    return ahead


@pytest.fixture
def put_off(delivering):
    """What it has put on a queue: (queue, task, seconds)."""
    taken = []

    def take(params, **_):
        queue = params["QueueUrl"].rsplit("/", 1)[-1]
        taken.append((queue, read(params["MessageBody"]), params.get("DelaySeconds")))

    events = delivering.outside.webhook_queue.client.meta.events
    events.register("provide-client-params.sqs.SendMessage", take)
    return taken


@pytest.fixture
def listed(world, call):
    """What the API tells of a webhook of `ended`."""

    def listed(sequence=REPORT):
        answer = call("GET", f"/workflows/{ID}/webhooks")
        assert answer["statusCode"] == 200
        return next(told for told in json.loads(answer["body"])["webhooks"] if told["sequence"] == sequence)

    return listed


@pytest.fixture
def reconciling(world):
    """The function that looks after what was left behind, on a clock of its own."""
    return Reconciling(world, load("reconcile"))
