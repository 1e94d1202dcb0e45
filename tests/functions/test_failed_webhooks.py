"""The list of an account's failed webhooks, over all of its workflows."""

import boto3
import pytest

from failover.adapters.table import Table
from failover.adapters.webhooks.deliveries import Deliveries
from failover.rules.formats.pages import Position
from failover.rules.timing.instants import iso
from failover.rules.webhooks import delivery
from tests import messages_server as server
from tests.examples import ID, NOW, SMS
from tests.functions.conftest import ALWAYS, REPORT, STATUS, edit, ended, numbered, task_of
from tests.world import body_of


@pytest.fixture
def ids(failed):
    """The workflows of the failed webhooks that are listed."""
    return lambda **query: [one["workflow_uuid"] for one in failed(**query)["webhooks"]]


def test_what_an_entry_says(world, app, failed, customer, deliver, delivering):
    """A refused webhook is listed with its last attempt, when it failed, and where it is sent again."""
    ended(world)
    customer.script = [server.http(503), server.http(401)]
    for attempt in (1, 2):
        delivering.outside.now = lambda attempt=attempt: NOW + attempt
        deliver(task_of(world, attempt=attempt))
    app.outside.now = lambda: NOW
    assert failed() == {
        "as_of": iso(NOW),
        "webhooks": [
            {
                "workflow_uuid": ID,
                "sequence": REPORT,
                "kind": "final_report",
                "state": "failed",
                "failed_at": iso(NOW + 2),
                "last_attempt": {"number": 2, "at": iso(NOW + 2), "milliseconds": 0, "answer": 401},
                "_links": {"redeliver": {"href": f"/workflows/{ID}/webhooks/{REPORT}/redeliver"}},
            }
        ],
    }


def test_in_the_word_of_its_workflow(world, call, failed, customer, deliver):
    """A webhook of a dispatch says so, and its link leads to the redelivery."""
    ended(world, word="dispatch")
    customer.script = [server.http(400)]
    deliver(task_of(world, STATUS))
    (entry,) = failed()["webhooks"]
    href = entry["_links"]["redeliver"]["href"]
    assert (entry["dispatch_uuid"], entry["kind"]) == (ID, "message_status")
    assert href == f"v0.1/dispatch/{ID}/webhooks/{STATUS}/redeliver"
    assert body_of(call("POST", f"/{href}")) == {"sequence": STATUS, "attempt": 2}


@pytest.mark.parametrize("path", ["/webhooks", "/beta/webhooks", "/v0.1/webhooks", "/webhooks/"])
def test_addresses(call, fail, path):
    """The list stands beside the workflows, under every base path there is."""
    fail(1)
    assert len(body_of(call("GET", f"{path}?state=failed"))["webhooks"]) == 1


def test_every_way_to_fail(world, failed, customer, delivering, deliver, put_off):
    """An answer that is final, a URL that is not allowed, and a webhook given up after 24 hours are listed."""
    ended(world)
    customer.script = [server.http(302), server.http(500)]
    deliver(task_of(world, STATUS))
    deliver(task_of(world, since=delivering.outside.now() - delivery.PATIENCE * 1000))
    ended(world, id=numbered(1), webhook_url="https://10.0.0.1/")
    deliver(task_of(world, workflow_id=numbered(1)))
    attempts = {(one["workflow_uuid"], one["sequence"]): one["last_attempt"] for one in failed()["webhooks"]}
    assert (attempts[ID, STATUS]["answer"], attempts[ID, REPORT]["answer"]) == (302, 500)
    assert attempts[numbered(1), REPORT]["error"] == "the URL is not allowed"


@pytest.mark.parametrize(("answer", "left"), [(200, False), (500, False), (404, True)])
def test_until_it_is_attempted_again(world, failed, redeliver, customer, deliver, put_off, answer, left):
    """A webhook stays in the list while its next attempt is queued, and goes as it is delivered or put off."""
    ended(world)
    customer.script = [server.http(401), server.http(answer)]
    deliver(task_of(world))
    assert redeliver() == {"redelivered": 1, "skipped": 0}
    assert [one["last_attempt"]["number"] for one in failed()["webhooks"]] == [1]
    deliver(*world.queued())
    assert [one["last_attempt"]["number"] for one in failed()["webhooks"]] == [2] * left


def test_newest_first(fail, ids):
    """The one that failed last is first; those that did not fail are not there."""
    for number in (3, 1, 2):
        fail(number)
    fail(4, state="delivered")
    fail(5, state="pending")
    assert ids() == [numbered(number) for number in (3, 2, 1)]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages(fail, failed, limit):
    """Every webhook is on one page, also those of one workflow and one millisecond; the last has no cursor."""
    for number in (1, 2, 3):
        fail(number, STATUS, REPORT)
    found, more = [], {}
    while True:
        page = failed(limit=limit, **more)
        assert len(page["webhooks"]) <= limit
        found += [(one["workflow_uuid"], one["sequence"]) for one in page["webhooks"]]
        if "cursor" not in page:
            break
        more = {"cursor": page["cursor"]}
    assert len(found) == 6
    assert set(found) == {(numbered(number), sequence) for number in (1, 2, 3) for sequence in (STATUS, REPORT)}


def test_span(fail, ids):
    """`since` and `until` are about the moment of the failure, and both ends count."""
    for number in (1, 2, 3):
        fail(number)
    second, between = iso(NOW + 2000), Position(NOW + 2000, f"{numbered(2)}.{REPORT:05d}").cursor()
    assert ids(since=second) == [numbered(3), numbered(2)]
    assert ids(until=second) == [numbered(2), numbered(1)]
    assert ids(since=second, until=second) == [numbered(2)]
    assert ids(since=iso(NOW + 3000), until=second) == []
    assert ids(cursor=between) == [numbered(1)]
    assert ids(cursor=between, until=iso(NOW + 1000)) == [numbered(1)]
    assert ids(cursor=between, since=iso(NOW + 3000)) == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["state"]),
        ("?state=delivered", ["state"]),
        ("?state=failed&since=x&until=x&limit=0&cursor=x", ["since", "until", "limit", "cursor"]),
        (f"?state=failed&cursor=1.{ID}", ["cursor"]),
    ],
)
def test_faults(call, query, names):
    """All faults of a query are named at once; no state is assumed."""
    answer = call("GET", f"/webhooks{query}")
    assert answer["statusCode"] == 400
    assert [fault["name"] for fault in body_of(answer)["invalid_parameters"]] == names


def test_somebody_elses(world, fail, failed, call, stranger):
    """I6: no account sees another's failed webhooks, or has them sent again."""
    fail(1)
    assert failed(authorization=stranger)["webhooks"] == []
    answer = call("POST", "/webhooks/redeliver", ALWAYS, Authorization=stranger)
    assert body_of(answer) == {"redelivered": 0, "skipped": 0}
    assert world.queued() == []


def test_without_credentials(call):
    """Neither is answered without credentials."""
    answers = [
        call("GET", "/webhooks?state=failed", Authorization=None),
        call("POST", "/webhooks/redeliver", ALWAYS, Authorization=None),
    ]
    assert [answer["statusCode"] for answer in answers] == [401, 401]


@pytest.mark.parametrize(("method", "path", "allowed"), [("POST", "", "GET"), ("GET", "/redeliver", "POST")])
def test_other_methods(call, method, path, allowed):
    """Any other method is 405, with the one there is."""
    answer = call(method, f"/webhooks{path}")
    assert (answer["statusCode"], answer["multiValueHeaders"]["Allow"]) == (405, [allowed])
    assert call("GET", "/webhooks/unknown")["statusCode"] == 404


def test_unreadable_items(world, fail, ids, output):
    """F33: an item that was edited by hand hides no other, in the list or in a redelivery."""
    for number in (1, 2, 3):
        fail(number)
    edit(world, "SET failure = :text", number=2, text={"S": "x"})
    edit(world, "SET failure.attempt.milliseconds = :half", number=3, half={"N": "0.5"})
    output()
    assert ids() == [numbered(1)]
    assert output().count("unexpected failure") == 2


def test_items_of_other_releases(world, fail, ids):
    """Without the index's keys, or with keys that an earlier release left behind, a webhook is not listed."""
    for number in (1, 2, 3):
        fail(number)
    edit(world, "REMOVE failed, failed_at, failure", number=1)
    edit(world, "SET #state = :delivered", number=2, delivered={"S": "delivered"})
    assert ids() == [numbered(3)]


def test_forgotten_with_its_workflow(world, app, fail, ids):
    """What is past its time is not listed, whether or not the table has removed it."""
    flow = fail(1)
    app.outside.now = lambda: flow.expires_at * 1000 - 1
    assert ids() == [numbered(1)]
    app.outside.now = lambda: flow.expires_at * 1000
    assert ids() == []


def test_a_late_record(world, ids):
    """A delivery that was overtaken by the next attempt changes neither the state nor the list."""
    flow, deliveries = ended(world), Deliveries(Table(world.table))
    first = deliveries.claim(flow, REPORT, 1, NOW)
    second = deliveries.claim(flow, REPORT, 2, NOW)
    made = {"at": NOW, "milliseconds": 1, "answer": 401}
    deliveries.record(flow, REPORT, first, {"number": 1, **made}, "failed")
    assert ids() == []
    deliveries.record(flow, REPORT, second, {"number": 2, **made}, "failed")
    deliveries.record(flow, REPORT, first, {"number": 1, **made}, "delivered")
    assert ids() == [ID]


def test_nothing_private_is_in_the_index(world, customer, deliver):
    """I8: neither texts, addresses nor URLs are in what the list is made from."""
    ended(world)
    customer.script = [server.http(401)] * 2
    for sequence in (STATUS, REPORT):
        deliver(task_of(world, sequence))
    items = boto3.client("dynamodb").scan(TableName=world.table, IndexName="failed")["Items"]
    assert len(items) == 2
    for private in (SMS["to"]["number"], SMS["from"]["number"], "Hello", "127.0.0.1"):
        assert private not in str(items)
