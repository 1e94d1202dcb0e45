"""Cancelling at every point of a workflow's life: a true answer, and no claim afterwards (F27)."""

import pytest

from failover.adapters import aws
from failover.adapters.workflow.executions import InvalidTaskToken
from failover.adapters.workflow.store import Conflict
from failover.outside import Outside
from failover.rules.sending.answers import NotTaken, Refused, Unknown
from failover.rules.timing.instants import iso
from failover.rules.webhooks import bodies
from failover.rules.workflow import publication
from failover.rules.workflow.state import FINAL_REPORTS
from failover.use_cases.sending.send import send
from tests.acts import LATER, answer, cancelled, claim, sent, status
from tests.examples import ID, NOW
from tests.world import body_of, callback_event, load

PRICE = {"price": "0.0333", "currency": "EUR"}

RUNNING = [
    ("nothing sent", [], ["never_sent", "never_sent"]),
    ("first claimed", [claim(0)], ["in_flight", "never_sent"]),
    ("first sent", [sent(0)], ["sent", "never_sent"]),
    ("first unknown", [claim(0), answer(0, Unknown("HTTP 500"))], ["in_flight", "never_sent"]),
    ("first overtaken by its status", [claim(0), status(0, "submitted")], ["sent", "never_sent"]),
    (
        "first unknown, proved",
        [claim(0), answer(0, Unknown("HTTP 500")), status(0, "submitted")],
        ["sent", "never_sent"],
    ),
    ("first refused", [claim(0), answer(0, Refused(422, "422"))], ["never_sent", "never_sent"]),
    ("first not accepted", [claim(0), answer(0, NotTaken("no connection"))], ["never_sent", "never_sent"]),
    ("first rejected", [sent(0), status(0, "rejected")], ["sent", "never_sent"]),
    ("second claimed", [sent(0), claim(1, LATER)], ["sent", "in_flight"]),
    ("second claimed, first died", [claim(0), claim(1, LATER)], ["in_flight", "in_flight"]),
    ("second sent", [sent(0), sent(1, LATER)], ["sent", "sent"]),
]


@pytest.mark.decision("Cancel")
@pytest.mark.parametrize(("acts", "states"), [row[1:] for row in RUNNING], ids=[row[0] for row in RUNNING])
def test_running(world, cancel, put, acts, states):
    """A cancel ends a workflow in any running state, and its answer says of each step whether it was sent."""
    before = put(*acts)
    answered = cancel()
    assert answered["statusCode"] == 200
    flow = world.read(ID)
    assert body_of(answered) == {
        "workflow_uuid": ID,
        "template": "failover",
        "status": "cancelled",
        "created_at": iso(NOW),
        "ended_at": iso(flow.ended_at),
        "steps": [
            {"step": 0, "channel": "messenger", "state": states[0]},
            {"step": 1, "channel": "sms", "state": states[1]},
        ],
    }
    assert (flow.status, flow.steps) == ("cancelled", before.steps)
    assert [entry["event"] for entry in flow.timeline[len(before.timeline) :]] == ["cancelled"]
    assert flow.expires_at >= flow.ended_at // 1000 + flow.record_retention


@pytest.mark.decision("Cancel")
@pytest.mark.parametrize(
    ("acts", "state"),
    [
        ([sent(0), status(0, "read")], "completed"),
        ([sent(0), sent(1, LATER), status(1, "rejected")], "error"),
        ([cancelled], "cancelled"),
    ],
)
def test_over_already(world, cancel, put, acts, state):
    """Cancelling a workflow that has ended is answered 409 with its status, and nothing is written."""
    put(*acts)
    before = world.items()
    answered = cancel()
    assert answered["statusCode"] == 409
    document = body_of(answered)
    assert list(document) == ["type", "title", "detail", "instance", "state"]
    assert (document["type"].rpartition("#")[2], document["state"]) == ("conflict", state)
    assert world.items() == before


def test_twice(world, cancel, put):
    """A second cancel finds the workflow ended and changes nothing."""
    put(sent(0))
    assert cancel()["statusCode"] == 200
    before = world.items()
    assert body_of(cancel())["state"] == "cancelled"
    assert world.items() == before


@pytest.mark.parametrize("path", [f"/beta/workflows/{ID}", f"/v0.1/dispatch/{ID}", f"/dispatch/{ID}"])
def test_at_either_address(cancel, put, path):
    """A cancel works under every address and answers with the name of the endpoint that created the workflow."""
    put(word="dispatch")
    assert body_of(cancel(path))["dispatch_uuid"] == ID


def test_another_account(world, cancel, put, stranger):
    """I6: another account's workflow is answered 404 like a missing one, running or ended, and does not change."""
    put(sent(0))
    missing = cancel("/workflows/00000000-0000-4000-8000-000000000000", Authorization=stranger)
    theirs = cancel(Authorization=stranger)
    assert theirs["statusCode"] == missing["statusCode"] == 404
    assert {**body_of(theirs), "instance": ""} == {**body_of(missing), "instance": ""}
    assert world.read(ID).running
    cancel()
    assert cancel(Authorization=stranger)["statusCode"] == 404


def test_signalled(cancel, put, signals):
    """A cancel signals the waiting race once, and the execution ends."""
    put(sent(0), task_token="token")
    cancel()
    cancel()
    assert signals == [("token", "ConditionMet")]


def test_no_race_to_signal(cancel, put, signals):
    """If no race is waiting, no signal is sent: the next claim finds the workflow ended."""
    put(claim(0))
    assert cancel()["statusCode"] == 200
    assert signals == []


@pytest.mark.parametrize("failure", [aws.Unavailable("x"), aws.AwsError("stepfunctions", "x"), InvalidTaskToken()])
def test_signal_fails(world, app, cancel, put, monkeypatch, failure):
    """A cancel is valid even if the race cannot be signalled, since no step is claimed afterwards."""

    def fails(*_):
        raise failure

    monkeypatch.setattr(app.outside.executions, "end_race", fails)
    put(sent(0), task_token="token")
    assert cancel()["statusCode"] == 200
    assert world.read(ID).status == "cancelled"


@pytest.mark.parametrize(("acts", "number"), [([], 0), ([sent(0)], 1), ([sent(0), status(0, "rejected")], 1)])
def test_nothing_goes_out_afterwards(world, app, cancel, put, messages, acts, number):
    """After a cancel the next step is never claimed or sent, however its send is invoked."""
    put(*acts)
    app.outside.now = lambda: LATER
    cancel()
    before = world.items()
    send(Outside(now=lambda: LATER), ("messenger", "sms")[number], ID, number)
    assert not messages.requests
    assert world.items() == before


def test_the_final_report(world, cancel, put, call):
    """One final report follows, with the status `cancelled` and the price of the messages so far."""
    flow = put(sent(0), status(0, "submitted", usage=PRICE))
    cancel()
    flow = world.read(ID)
    (entry,) = [entry for entry in publication.webhooks(flow) if entry["event"] in FINAL_REPORTS]
    report = bodies.body(flow, None, entry)
    assert (report["status"], report["usage"], "reason" in report) == ("cancelled", PRICE, False)
    assert [message["status"] for message in report["_links"]["messages"]] == ["submitted"]
    kinds = [webhook["kind"] for webhook in body_of(call("GET", f"/workflows/{ID}/webhooks"))["webhooks"]]
    assert kinds == ["message_status", "final_report"]


def callback(word, number=0, **more):
    return callback_event({"message_uuid": f"uuid-{number}", "client_ref": f"{ID}.{number}", "status": word, **more})


@pytest.mark.parametrize(
    ("arrived", "events"),
    [
        ([("submitted", {})], ["status"]),
        ([("read", {})], ["status"]),
        ([("rejected", {})], ["status"]),
        ([("delivered", {"usage": PRICE})], ["status", "amended"]),
        ([("submitted", {}), ("submitted", {})], ["status"]),
    ],
)
def test_late_statuses(world, cancel, put, arrived, events):
    """A status that arrives after the cancel is recorded as late and forwarded; the workflow stays cancelled, and the
    report is amended only if the price rises."""
    put(sent(0))
    cancel()
    before = len(world.read(ID).timeline)
    receiving = load("message_status")
    for word, more in arrived:
        assert receiving.handler(callback(word, **more), None)["statusCode"] == 200
    flow = world.read(ID)
    assert [entry["event"] for entry in flow.timeline[before:]] == events
    assert flow.timeline[before]["late"]
    assert (flow.status, flow.reason) == ("cancelled", None)
    assert all(entry in publication.webhooks(flow) for entry in flow.timeline[before:])


def test_reached_twice(world, cancel, put):
    """Two messages delivered after the cancel are listed in an amended report."""
    put(sent(0), sent(1, LATER))
    cancel()
    receiving = load("message_status")
    for number in (0, 1):
        receiving.handler(callback("delivered", number), None)
    assert [entry["event"] for entry in world.read(ID).timeline[-3:]] == ["status", "status", "amended"]


def test_contended(app, cancel, put, monkeypatch):
    """A cancel that keeps losing its write asks the client to retry, because its answer might not be true."""
    flow = put(sent(0))

    def lost(*_):
        raise Conflict(flow)

    monkeypatch.setattr(app.outside.store, "write", lost)
    answered = cancel()
    assert answered["statusCode"] == 503
    assert answered["multiValueHeaders"]["Retry-After"]


def test_what_is_counted_and_logged(cancel, put, output):
    """A cancel is counted once, and its log lines contain no personal data."""
    put(sent(0))
    cancel()
    cancel()
    written = output()
    assert written.count('"WorkflowsCancelled":[1') == 1
    assert ID in written
    for private in ("447700900000", "sim-unread", "Hello"):
        assert private not in written
