"""The summary of an account's workflows, read from the table."""

from base64 import b64decode
from contextvars import Context
from dataclasses import replace
from itertools import batched

import boto3
import pytest

from failover.adapters.table import marshalled
from failover.adapters.workflow import listing
from failover.adapters.workflow.store import state_item
from failover.rules.timing.instants import iso
from failover.rules.workflow import summary
from tests.acts import LATER, lived, sent, status
from tests.examples import NOW, workflow
from tests.world import body_of, calls_of, http_event, unreachable

SECOND = 1000
DAY = 86_400 * SECOND
SPAN = f"since={iso(NOW)}&until={iso(NOW + DAY)}"


def numbered(number):
    return f"{number:08x}-0000-4000-8000-000000000000"


@pytest.fixture
def put(world):
    """Store workflows as they are now, numbered in the order of their creation."""
    client = boto3.client("dynamodb")

    def put(*flows, first=1, account=None, **edits):
        puts = []
        for number, flow in enumerate(flows, start=first):
            named = replace(flow, id=numbered(number), account=account or world.api_key)
            item = {**state_item(replace(named, created_at=NOW + number * SECOND)), **edits}
            puts.append({"PutRequest": {"Item": marshalled(item)}})
        for some in batched(puts, 25, strict=False):
            client.batch_write_item(RequestItems={world.table: list(some)})

    return put


@pytest.fixture
def summarized(call):
    """Request a summary, by default of the tests' day, and return the answer's body."""

    def summarized(query=SPAN, collection="/workflows", **headers):
        answer = call("GET", f"{collection}/summary?{query}", **headers)
        assert answer["statusCode"] == 200, answer["body"]
        return body_of(answer)

    return summarized


@pytest.mark.parametrize("collection", ["/workflows", "/beta/workflows", "/dispatch", "/v0.1/dispatch"])
def test_both_endpoints(put, summarized, collection):
    """Both endpoints summarize the workflows of both."""
    euro = {"price": "0.0333", "currency": "EUR"}
    late = lived(sent(0), sent(1, LATER), status(1, "delivered", usage=euro), status(0, "read", usage=euro))
    put(late, replace(lived(sent(0)), word="dispatch"))
    shown = summarized(collection=collection)
    hour = "2027-01-15T08:00:00.000Z"
    assert shown == {
        **{"as_of": shown["as_of"], "since": iso(NOW), "until": iso(NOW + DAY), "exact": True, "workflows": 2},
        "outcomes": {"running": 1, "completed": 1, "error": 0, "cancelled": 0},
        "reached": [{"step": 1, "channel": "sms", "workflows": 1}],
        "reached_twice": 1,
        "failovers": [{"channel": "messenger", "outcome": "expired", "steps": 1}],
        "usage": {"price": "0.0666", "currency": "EUR"},
        "hours": [{"from": hour, "running": 1, "completed": 1, "error": 0, "cancelled": 0}],
        "times": [
            {
                **{"channel": "messenger", "condition_status": "read", "sent": 2, "met": 1},
                "expiry_times": [{"seconds": 600, "steps": 2}],
                "curve": [{"seconds": 700.0, "steps": 1}],
            },
            {
                **{"channel": "sms", "condition_status": "delivered", "sent": 1, "met": 1},
                **{"expiry_times": [], "curve": [{"seconds": 0.0, "steps": 1}]},
            },
        ],
    }


def test_last_24_hours(world, put, summarized, app):
    """Without parameters the summary is of the last 24 hours."""
    put(lived())
    app.outside.now = lambda: NOW + DAY
    shown = summarized("")
    assert (shown["as_of"], shown["since"], shown["until"]) == (iso(NOW + DAY), iso(NOW), iso(NOW + DAY))
    assert (shown["workflows"], shown["exact"]) == (1, True)
    app.outside.now = lambda: NOW + DAY + 2 * SECOND
    assert summarized("")["workflows"] == 0


def test_span(put, summarized):
    """Both ends of the span count, and a span that ends before it begins has no workflows."""
    put(*[lived()] * 5)
    assert summarized(f"since={iso(NOW + 2 * SECOND)}&until={iso(NOW + 4 * SECOND)}")["workflows"] == 3
    assert summarized(f"until={iso(NOW + SECOND)}")["workflows"] == 1
    backwards = summarized(f"since={iso(NOW + 4 * SECOND)}&until={iso(NOW)}")
    assert (backwards["workflows"], backwards["exact"]) == (0, True)


@pytest.mark.parametrize("query", ["since=", "until=yesterday", "since=x&until=y", "since=2026-13-01"])
def test_invalid_parameters(call, query):
    """A time that cannot be read is 400, with all its faults."""
    answer = call("GET", f"/workflows/summary?{query}")
    assert answer["statusCode"] == 400
    names = {part.partition("=")[0] for part in query.split("&")}
    assert {fault["name"] for fault in body_of(answer)["invalid_parameters"]} == names


@pytest.mark.parametrize("verb", ["POST", "DELETE"])
def test_other_verbs(call, verb):
    """A summary can only be read."""
    answer = call(verb, "/workflows/summary")
    assert (answer["statusCode"], answer["multiValueHeaders"]["Allow"]) == (405, ["GET"])


def test_authentication(app):
    """A summary needs credentials."""
    assert app.handler(http_event("GET", "/workflows/summary"), None)["statusCode"] == 401


def test_two_accounts(world, put, summarized, stranger):
    """I6: another account's workflows are not counted, not even one whose index was edited by hand."""
    other = b64decode(stranger.removeprefix("Basic ")).decode().partition(":")[0]
    put(lived(), lived())
    put(lived(sent(0)), first=3, account=other)
    put(lived(sent(0)), first=4, account=other, listed=world.api_key)
    assert (summarized()["workflows"], summarized()["times"]) == (2, [])
    assert summarized(Authorization=stranger)["workflows"] == 1


def test_expired(put, summarized):
    """A workflow whose time to live has passed is not counted, whether or not DynamoDB has removed it."""
    put(lived(), lived(), expires_at=1)
    put(lived(), first=3)
    assert (summarized()["workflows"], summarized()["exact"]) == (1, True)


def test_gone_meanwhile(world, put, summarized, app):
    """A workflow that is gone when its item is read is not counted."""
    put(lived(), lived())
    state = {"pk": {"S": f"workflow#{numbered(1)}"}, "sk": {"S": "state"}}

    def remove(**_):
        Context().run(boto3.client("dynamodb").delete_item, TableName=world.table, Key=state)  # not as the function

    app.outside.table.client.meta.events.register("before-call.dynamodb.BatchGetItem", remove)
    assert (summarized()["workflows"], summarized()["exact"]) == (1, True)


def test_more_than_the_limit(put, summarized, app, monkeypatch):
    """A summary looks at the newest workflows of the span, up to its limit, and says if there are more."""
    monkeypatch.setattr(summary, "MOST_WORKFLOWS", 120)
    put(lived(sent(0), status(0, "read")), *[workflow("sms")] * 119)
    shown = summarized()
    assert (shown["workflows"], shown["exact"], shown["outcomes"]["completed"]) == (120, True, 1)
    put(workflow("sms"), first=121)
    made = calls_of(app.outside.table.client, "dynamodb.*")
    shown = summarized()
    assert (shown["workflows"], shown["exact"], shown["outcomes"]["completed"]) == (120, False, 0)
    assert len(made) == 1 + 1 + 1 + 2, "the account, its turn, one query, two batches"


def test_short_pages(put, summarized, monkeypatch):
    """The number of workflows is the same however few the index returns in one query, up to ten queries."""
    put(*[workflow("sms")] * 8, expires_at=1)
    put(*[workflow("sms")] * 12, first=9)
    monkeypatch.setattr(summary, "MOST_WORKFLOWS", 12)
    assert (summarized()["workflows"], summarized()["exact"]) == (12, True)
    monkeypatch.setattr(summary, "MOST_WORKFLOWS", 11)
    assert (summarized()["workflows"], summarized()["exact"]) == (11, False)
    monkeypatch.setattr(summary, "MOST_WORKFLOWS", 3)
    monkeypatch.setattr(listing, "_MOST_QUERIES", 1)
    put(*[workflow("sms")] * 4, first=17, expires_at=1)
    assert (summarized()["workflows"], summarized()["exact"]) == (0, False)


@pytest.mark.parametrize("edit", [{"steps": "private"}, {"expires_at": "private"}], ids=str)
def test_unreadable(put, summarized, output, edit):
    """A workflow that cannot be read is logged, and does not hide the others."""
    put(lived(), lived())
    put(lived(), first=3, **edit)
    assert summarized()["workflows"] == 2
    logged = output()
    assert "UnreadableItem" in logged
    assert "private" not in logged


def test_copies_made_by_hand(put, summarized):
    """A copy of an item under another sort key is not counted."""
    put(lived())
    put(lived(), first=1, sk="state.bak")
    assert summarized()["workflows"] == 1


@pytest.mark.parametrize("operation", ["dynamodb.Query", "dynamodb.BatchGetItem"])
def test_table_out_of_reach(put, call, app, operation):
    """If the table cannot be read, the answer is 503."""
    put(lived())
    unreachable(app.outside.table.client, operation)
    assert call("GET", f"/workflows/summary?{SPAN}")["statusCode"] == 503
