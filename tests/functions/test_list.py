"""The list of an account's workflows: filters, pages and order."""

import itertools
from base64 import b64decode
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError

from failover.adapters.workflow import listing
from failover.rules.formats.pages import Position
from failover.rules.timing.instants import iso
from failover.rules.workflow import transitions
from tests.described import check_answer
from tests.examples import ID, MESSENGER, NOW, SMS, request, workflow
from tests.world import body_of, http_event, load

SECOND = 1000


@pytest.fixture
def app(world):
    """The API on a DynamoDB that also refuses queries which moto accepts and AWS does not."""
    app = load("workflows_api")
    app.outside.now = lambda: NOW
    app.outside.table.client.meta.events.register("provide-client-params.dynamodb.Query", strictly)
    return app


def strictly(params, **_):
    """Check that no range ends before it begins and that the start key is inside the range."""
    values = params["ExpressionAttributeValues"]
    low, high = int(values[":since"]["N"]), int(values[":until"]["N"])
    start = params.get("ExclusiveStartKey")
    if low > high or (start and not low <= int(start["created_at"]["N"]) <= high):
        raise ClientError({"Error": {"Code": "ValidationException"}}, "Query")


@pytest.fixture
def listed(world, app):
    """Request a page of the list and return the answer's body, without the time it was read."""

    def listed(path="/workflows", authorization=None, **query):
        event = http_event("GET", path, Authorization=authorization or world.basic)
        event["queryStringParameters"] = {name: str(value) for name, value in query.items()} or None
        answer = app.handler(event, None)
        assert answer["statusCode"] == 200, answer["body"]
        check_answer("GET", path.removeprefix("/beta"), answer)
        body = body_of(answer)
        assert body.pop("as_of") == iso(NOW)
        return body

    return listed


@pytest.fixture
def walk(listed):
    """Follow all pages and return the ids in order and the size of each page."""

    def walk(**query):
        ids, sizes, more = [], [], {}
        while True:
            page = listed(**query, **more)
            ids += [uuid_of(entry) for entry in page["workflows"]]
            sizes.append(len(page["workflows"]))
            if "cursor" not in page:
                return ids, sizes
            more = {"cursor": page["cursor"]}
            assert len(sizes) < 100

    return walk


def uuid_of(entry):
    return entry.get("workflow_uuid") or entry["dispatch_uuid"]


def numbered(number):
    return f"00000000-0000-4000-8000-{number:012d}"


STEPS = {"sms": ["sms"], "messenger": [("messenger", "read", 600), "sms"], "mms": ["mms"]}
STATUSES = ("running", "completed", "cancelled")
REFERENCES = (None, "table-12", "table-13")


def put(world, number, channel="sms", *, status="running", at=None, account=None, **more):
    """Store a workflow with the given status and time."""
    flow = replace(workflow(*STEPS[channel], account=account or world.api_key), id=numbered(number), **more)
    flow = replace(flow, created_at=NOW + number * SECOND if at is None else at)
    if status != "running":
        flow = replace(transitions.cancelled(flow, NOW), status=status)
    world.put_state(flow)


@pytest.fixture
def many(world):
    """27 workflows, a second apart, with every combination of channel, status and reference."""
    kinds = list(itertools.product(STEPS, STATUSES, REFERENCES))
    for number, (channel, status, reference) in enumerate(kinds):
        put(world, number, channel, status=status, client_ref=reference)
    return kinds


def test_what_an_entry_says(world, call, listed):
    """An entry has its endpoint's name for the id, its status, times, reference and channels."""
    put(world, 1, "messenger", status="error", reason="undeliverable", client_ref="table-12", word="dispatch")
    instants = {"created_at": iso(NOW + SECOND), "ended_at": iso(NOW)}
    shown = {"status": "error", **instants, "client_ref": "table-12", "channels": ["messenger", "sms"]}
    assert listed() == {"workflows": [{"dispatch_uuid": numbered(1), **shown}]}
    assert listed("/v0.1/dispatch") == {"dispatches": [{"dispatch_uuid": numbered(1), **shown}]}


@pytest.mark.decision("The list")
def test_both_endpoints_show_all(call, listed):
    """Both endpoints list all workflows, each under the name of the endpoint that created it."""
    made = {
        *body_of(call("POST", "/workflows", request(SMS))).items(),
        *body_of(call("POST", "/v0.1/dispatch", request(MESSENGER, SMS))).items(),
    }
    for path, name in (
        ("/beta/workflows/", "workflows"),
        ("/dispatch", "dispatches"),
        ("/v0.1/dispatch", "dispatches"),
    ):
        entries = listed(path)[name]
        assert {(key, value) for entry in entries for key, value in entry.items() if key.endswith("_uuid")} == made


def test_reason(world, listed):
    """The entry of a workflow that ended in error has its reason, as the workflow itself has."""
    flow = transitions.claimed(workflow("sms", account=world.api_key), 0, NOW)
    world.put(transitions.unconfirmed(flow, NOW + 72 * 3600 * SECOND), [SMS])
    (entry,) = listed()["workflows"]
    assert (entry["status"], entry["reason"]) == ("error", world.read(ID).reason)


@pytest.mark.decision("Beyond the original")
def test_newest_first(walk, many):
    """The newest workflow comes first."""
    assert walk(limit=100)[0] == [numbered(number) for number in reversed(range(len(many)))]


@pytest.mark.parametrize("limit", [1, 10, 26, 27, 28])
def test_every_workflow_once(walk, many, limit):
    """Pages of any size have every workflow exactly once, and none exceeds the limit."""
    ids, sizes = walk(limit=limit)
    assert ids == walk(limit=100)[0]
    assert len(set(ids)) == len(many)
    assert max(sizes) <= limit


def test_created_in_the_same_millisecond(world, walk):
    """Workflows created in the same millisecond are each listed once."""
    for number in range(7):
        put(world, number, at=NOW)
    assert sorted(walk(limit=2)[0]) == [numbered(number) for number in range(7)]


def expected(kinds, *, status=None, channel=None, client_ref=None, first=0, last=26):
    wanted = [
        numbered(number)
        for number, (name, its_status, reference) in enumerate(kinds)
        if first <= number <= last
        and status in (None, its_status)
        and (channel is None or channel in [step if isinstance(step, str) else step[0] for step in STEPS[name]])
        and client_ref in (None, reference)
    ]
    return wanted[::-1]


@pytest.mark.decision("The list")
@pytest.mark.parametrize("client_ref", [None, "table-12"])
@pytest.mark.parametrize("channel", [None, "sms"])
@pytest.mark.parametrize("status", [None, "completed"])
@pytest.mark.parametrize(("first", "last"), [(0, 26), (5, 20)])
def test_filters(walk, many, monkeypatch, status, channel, client_ref, first, last):
    """Every combination of filters lists exactly the matching workflows, with pages of any size and however few items
    one query reads."""
    wanted = {"status": status, "channel": channel, "client_ref": client_ref}
    query = {name: value for name, value in wanted.items() if value}
    if first:
        query |= {"since": iso(NOW + first * SECOND), "until": iso(NOW + last * SECOND)}
    right = expected(many, **wanted, first=first, last=last)
    assert walk(**query)[0] == right
    monkeypatch.setattr(listing, "_READ_AT_ONCE", 2)
    monkeypatch.setattr(listing, "_MOST_QUERIES", 2)
    assert walk(limit=3, **query)[0] == right


def test_a_page_without_workflows(walk, many, monkeypatch):
    """The work for one page is bounded, so a page may be empty and still lead to one that is not."""
    monkeypatch.setattr(listing, "_READ_AT_ONCE", 2)
    monkeypatch.setattr(listing, "_MOST_QUERIES", 2)
    ids, sizes = walk(channel="mms", status="completed", client_ref="table-12")
    assert ids == expected(many, channel="mms", status="completed", client_ref="table-12")
    ids, sizes = walk(channel="messenger", since=iso(NOW))
    assert ids == expected(many, channel="messenger")
    assert sizes[0] == 0


def test_reading_is_bounded(app, listed, many, monkeypatch):
    """A page costs at most ten queries of 500 items with filters, and one query of `limit` items without."""
    asked = []
    events = app.outside.table.client.meta.events
    events.register("provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params["Limit"]))
    listed(limit=7)
    assert asked == [7]
    monkeypatch.setattr(listing, "_READ_AT_ONCE", 1)
    asked.clear()
    assert listed(channel="viber_service_msg")["cursor"]
    assert asked == [1] * 10


@pytest.mark.parametrize("filters", [{}, {"client_ref": "table-12"}])
def test_cursor_with_another_span(listed, walk, many, filters):
    """A cursor continues from its instant in any span: newer than all of the span, inside it, or older."""
    cursor = Position(NOW + 13 * SECOND, numbered(13)).cursor()
    reference = filters.get("client_ref")
    newer, older = {"until": iso(NOW + 7 * SECOND)}, {"since": iso(NOW + 14 * SECOND)}
    ahead = listed(cursor=cursor, limit=100, **newer, **filters)
    assert [uuid_of(entry) for entry in ahead["workflows"]] == expected(many, client_ref=reference, last=7)
    assert listed(cursor=cursor, **older, **filters) == {"workflows": []}
    inside = listed(cursor=cursor, limit=100, since=iso(NOW + 5 * SECOND), until=iso(NOW + 20 * SECOND), **filters)
    assert [uuid_of(e) for e in inside["workflows"]] == expected(many, client_ref=reference, first=5, last=12)


def test_a_cursor_of_nothing(listed, many):
    """A cursor is an instant: it need not come from an earlier page."""
    nowhere = Position(NOW + 13 * SECOND + 1, ID).cursor()
    assert uuid_of(listed(cursor=nowhere)["workflows"][0]) == numbered(13)
    assert len(listed(cursor=Position(10**15 - 1, ID).cursor(), limit=100)["workflows"]) == len(many)
    assert listed(cursor=Position(0, ID).cursor()) == {"workflows": []}


def test_a_span_that_ends_before_it_begins(listed, many):
    """No workflow can match a span that ends before it begins, so the list is empty."""
    assert listed(since=iso(NOW + 2 * SECOND), until=iso(NOW + SECOND)) == {"workflows": []}


def test_both_ends_count(listed, many):
    """`since` and `until` include workflows created at that very millisecond."""
    at = iso(NOW + 3 * SECOND)
    assert [uuid_of(entry) for entry in listed(since=at, until=at)["workflows"]] == [numbered(3)]
    assert listed(since=iso(NOW + 3 * SECOND + 1), until=iso(NOW + 4 * SECOND - 1)) == {"workflows": []}


@pytest.mark.parametrize("filters", [{}, {"client_ref": "table-12"}, {"status": "running"}, {"channel": "sms"}])
def test_two_accounts(world, listed, walk, many, stranger, filters):
    """I6: no account sees another's workflows, with any filter and any cursor."""
    put(
        world, 100, account=b64decode(stranger.removeprefix("Basic ")).decode().partition(":")[0], client_ref="table-12"
    )
    mine = Position(NOW + 200 * SECOND, numbered(13)).cursor()
    for query in (filters, {**filters, "cursor": mine}):
        assert [uuid_of(e) for e in listed(authorization=stranger, **query)["workflows"]] == [numbered(100)]
    assert numbered(100) not in walk(limit=100, **filters)[0]


def test_a_reference_that_looks_like_another_account(world, listed):
    """I6: a client_ref cannot be chosen so as to reach another account's workflows."""
    put(world, 1, account="abcd1234", client_ref="x")
    for reference in ("x", "abcd1234#x", "#x", "../abcd1234#x"):
        assert listed(client_ref=reference) == {"workflows": []}


def test_faults(world, app):
    """Both endpoints report all faults of a query at once, in the vendor's shape."""
    for path in ("/workflows", "/v0.1/dispatch"):
        event = http_event("GET", path, Authorization=world.basic)
        event["queryStringParameters"] = {"status": "x", "limit": "0", "cursor": "x", "since": "x", "sig": "x"}
        answer = app.handler(event, None)
        assert answer["statusCode"] == 400
        names = [fault["name"] for fault in body_of(answer)["invalid_parameters"]]
        assert sorted(names) == ["cursor", "limit", "since", "status"]


def test_no_personal_data_in_the_indexes(world, call, listed):
    """I8: the indexes behind the list contain neither texts nor addresses."""
    call("POST", "/workflows", request(MESSENGER, SMS))
    client = boto3.client("dynamodb")
    found = client.query(
        TableName=world.table,
        IndexName="listed",
        KeyConditionExpression="listed = :account",
        ExpressionAttributeValues={":account": {"S": world.api_key}},
    )
    assert found["Count"] == 1
    for private in ("sim-unread", "447700900000", "Hello", "ACME"):
        assert private not in str(found["Items"]) + str(listed())
