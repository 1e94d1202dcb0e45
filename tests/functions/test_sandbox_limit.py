"""The sandbox's limit of requests a second, as the vendor has one."""

import json
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from failover.adapters.aws import Unavailable
from tests.conftest import one_write_at_a_time
from tests.sandbox import BASIC, post, to
from tests.world import body_of, http_event, load, unreachable

NOW = 1_767_225_600_000


@pytest.fixture
def limited(queue, monkeypatch):
    """Load the sandbox with a limit, and a clock that stands still."""

    def limited(per_second):
        monkeypatch.setenv("SANDBOX_LIMIT", str(per_second))
        app = load("sandbox_messages")
        app.outside.now = lambda: NOW
        return app

    return limited


def at(app, milliseconds):
    app.outside.now = lambda: NOW + milliseconds


def taken(app, many):
    """How many of these requests are accepted, at the same moment."""
    statuses = [post(app, to("sim-delivered"))["statusCode"] for _ in range(many)]
    assert set(statuses) <= {202, 429}
    return statuses.count(202)


def kept():
    """The items of the sandbox's table that are messages."""
    return [item for item in boto3.client("dynamodb").scan(TableName="sandbox")["Items"] if "body" in item]


@pytest.mark.parametrize("per_second", [1, 2, 5])
def test_the_limit(limited, per_second):
    """One second's worth of requests is taken at once; after that, as many a second, evenly."""
    app = limited(per_second)
    assert taken(app, per_second + 2) == per_second
    at(app, 1000 // per_second + 1)
    assert taken(app, 2) == 1
    at(app, 3000)
    assert taken(app, per_second + 2) == per_second


@pytest.mark.parametrize(("per_second", "many"), [(3, 3 + 6), (30, 30 + 60)])
def test_a_long_run(limited, per_second, many):
    """In two seconds the bucket and two seconds' worth are taken, however many requests come."""
    limit = limited(per_second).limit
    taken = sum(limit.takes(NOW + milliseconds) for milliseconds in range(0, 2001, 500 // per_second))
    assert many - 1 <= taken <= many


def test_less_than_one_a_second(limited):
    """A limit may be below one a second."""
    app = limited(0.5)
    assert taken(app, 2) == 1
    at(app, 1999)
    assert taken(app, 1) == 0
    at(app, 2001)
    assert taken(app, 2) == 1


@pytest.mark.parametrize("limit", [None, "", "0"])
def test_no_limit(queue, monkeypatch, output, limit):
    """Without a limit all requests are taken, and none costs a write or a log line."""
    if limit is not None:
        monkeypatch.setenv("SANDBOX_LIMIT", limit)
    app = load("sandbox_messages")
    unreachable(app.limit.client, "dynamodb.UpdateItem")
    assert taken(app, 20) == 20
    assert "sandbox: request" not in output()


def test_the_answer(limited):
    """A refusal is the vendor's: a problem without `Retry-After`, which leaves the pause to the caller."""
    app = limited(1)
    taken(app, 1)
    answer = post(app, to("sim-delivered"))
    assert answer["statusCode"] == 429
    assert {name: value for name, value in body_of(answer).items() if name != "instance"} == {
        "type": "https://developer.vonage.com/api-errors/messages#1000",
        "title": "Rate Limit Hit",
        "detail": "Please wait, then retry your request",
    }
    assert "retry-after" not in {name.lower() for name in answer.get("headers", {}) | answer["multiValueHeaders"]}


def test_nothing_is_kept(limited):
    """A refused request leaves no message and no callback."""
    app = limited(1)
    assert taken(app, 5) == 1
    assert len(kept()) == 1
    event = http_event("GET", "/sandbox/messages", Authorization=BASIC)
    event |= {"queryStringParameters": {"client_ref": "ref"}}
    assert len(body_of(app.handler(event, None))["messages"]) == 1
    received = boto3.client("sqs").receive_message(QueueUrl="sandbox", MaxNumberOfMessages=10)["Messages"]
    assert {json.loads(message["Body"])["message_uuid"] for message in received} == {kept()[0]["message_uuid"]["S"]}


def test_other_instances(limited):
    """All instances of the function take from the same bucket."""
    assert taken(limited(2), 1) == 1
    assert taken(limited(2), 2) == 1


def test_at_once(limited, monkeypatch):
    """Of requests at the same moment no more are taken than the bucket holds."""
    one_write_at_a_time(monkeypatch)
    app = limited(5)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: app.limit.takes(NOW), range(20))) == 5


def test_two_find_the_bucket_full(limited):
    """A request that finds the bucket full, and is overtaken by another that does, takes what is left."""
    app = limited(2)
    first = app.limit._takes_from_full

    def overtaken(*arguments):
        app.limit._takes_from_full = first
        assert app.limit.takes(NOW)
        return first(*arguments)

    app.limit._takes_from_full = overtaken
    assert app.limit.takes(NOW)
    assert not app.limit.takes(NOW)


def test_a_message_of_any_reference(limited):
    """No message has the key of the bucket, and the bucket is no message."""
    app = limited(1)
    taken(app, 1)
    (bucket,) = [item for item in boto3.client("dynamodb").scan(TableName="sandbox")["Items"] if "body" not in item]
    assert len(bucket["client_ref"]["S"]) > 40


def test_strangers_take_nothing(limited):
    """A request with wrong credentials is refused before the limit, and takes nothing from the bucket."""
    app = limited(1)
    assert post(app, to("sim-read"), authorization="Basic eDp5")["statusCode"] == 401
    assert taken(app, 1) == 1


def test_refused_messages_count(limited):
    """A request that the sandbox refuses with 422 counts, as at the vendor."""
    app = limited(1)
    assert post(app, to("sim-refused"))["statusCode"] == 422
    assert taken(app, 1) == 0


def test_out_of_reach(limited):
    """If the bucket is out of reach, the answer is 503: nothing was kept, and the caller may try again."""
    app = limited(1)
    unreachable(app.limit.client, "dynamodb.UpdateItem")
    assert post(app, to("sim-read"))["statusCode"] == 503
    with pytest.raises(Unavailable):
        app.limit.takes(NOW)


def test_logged(limited, output):
    """Each request is a line that says whether it was taken."""
    taken(limited(1), 3)
    lines = [line for line in map(json.loads, output().splitlines()) if line.get("message") == "sandbox: request"]
    assert [line["taken"] for line in lines] == [True, False, False]
