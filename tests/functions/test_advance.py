"""Advancing at every point of a workflow's life: only the waiting step that was named is closed (F42)."""

import pytest

from failover.adapters import aws
from failover.adapters.workflow.executions import InvalidTaskToken
from failover.adapters.workflow.store import Conflict
from failover.outside import Outside
from failover.rules.sending.answers import Refused, Unknown
from failover.rules.timing.instants import iso
from failover.rules.webhooks import bodies
from failover.rules.workflow import publication
from failover.rules.workflow.transitions import TooEarly
from failover.use_cases.sending.send import send
from tests.acts import LATER, advanced, answer, cancelled, claim, sent, status
from tests.examples import ID, MESSENGER, NOW, SMS, THREE_STEPS, VIBER, workflow
from tests.functions.conftest import task_of
from tests.left_behind import metrics
from tests.streams import record, state
from tests.world import body_of, callback_event, load

PRICE = {"price": "0.0333", "currency": "EUR"}


@pytest.fixture(autouse=True)
def soon(app):
    """The API's clock, seven seconds after the first step was sent."""
    app.outside.now = lambda: NOW + 7_000


@pytest.mark.decision("Advance")
@pytest.mark.parametrize(
    ("acts", "last"),
    [
        ([sent(0)], "none"),
        ([sent(0), status(0, "submitted"), status(0, "delivered")], "delivered"),
        ([claim(0), answer(0, Unknown("HTTP 500"))], "none"),
    ],
    ids=["sent", "delivered", "unknown"],
)
def test_waiting(world, advance, put, acts, last):
    """The step that waits is closed as `advanced`, and the answer names the step that is sent next."""
    before = put(*acts)
    answered = advance()
    assert answered["statusCode"] == 200
    assert body_of(answered) == {
        "workflow_uuid": ID,
        "template": "failover",
        "status": "running",
        "created_at": iso(NOW),
        "step": 0,
        "outcome": "advanced",
        "next": {"step": 1, "channel": "sms"},
    }
    flow = world.read(ID)
    assert [step.state for step in flow.steps] == ["advanced", "pending"]
    assert (flow.running, flow.steps[0].status) == (True, before.steps[0].status)
    (entry,) = flow.timeline[len(before.timeline) :]
    assert (entry["event"], entry["outcome"]) == ("left", "advanced")
    assert entry["reason"] == f"advanced after 7 s of 600 s: last status {last}, wanted read"


@pytest.mark.decision("Advance")
@pytest.mark.parametrize(
    ("acts", "step", "state"),
    [
        ([], 0, "pending"),
        ([claim(0)], 0, "claimed"),
        ([sent(0), status(0, "rejected")], 0, "rejected"),
        ([claim(0), answer(0, Refused(422, "422"))], 0, "refused"),
        ([sent(0), claim(1, LATER)], 0, "expired"),
        ([sent(0), advanced(0)], 0, "advanced"),
        ([sent(0)], 1, "pending"),
        ([sent(0), sent(1, LATER)], 1, "sent"),
        ([sent(0), status(0, "read")], 0, "completed"),
        ([sent(0), sent(1, LATER), status(1, "rejected")], 1, "error"),
        ([sent(0), cancelled], 0, "cancelled"),
    ],
)
def test_refused(world, advance, put, signals, acts, step, state):
    """Any other step, or a workflow that is over, is answered 409 with the state; nothing is written or signalled."""
    put(*acts, task_token="token")
    before = world.items()
    answered = advance(step)
    assert answered["statusCode"] == 409
    document = body_of(answered)
    assert list(document) == ["type", "title", "detail", "instance", "state"]
    assert (document["type"].rpartition("#")[2], document["state"]) == ("conflict", state)
    assert world.items() == before
    assert signals == []


def test_twice(world, advance):
    """A second advance of the same step, as after a lost answer, is answered 409 and closes no other step."""
    flow = sent(0)(workflow(*THREE_STEPS, account=world.api_key))
    world.put(flow, [MESSENGER, VIBER, SMS])
    assert advance()["statusCode"] == 200
    before = world.items()
    again = advance()
    assert (again["statusCode"], body_of(again)["state"]) == (409, "advanced")
    assert world.items() == before


@pytest.mark.parametrize(
    ("raw", "status_code", "named"),
    [
        (b"{}", 400, ["step"]),
        (b'{"step": null}', 400, ["step"]),
        (b'{"step": "next"}', 400, ["step"]),
        (b'{"step": 0.5}', 400, ["step"]),
        (b'{"step": -1}', 400, ["step"]),
        (b'{"step": 2}', 400, ["step"]),
        (b'{"step": 10}', 400, ["step"]),
        (b'{"step": 1e400000000}', 400, ["step"]),
        (b"[]", 400, ["body"]),
        (b"", 400, None),
        (b'{"step": 0, "step": 1}', 400, None),
        (b'{"step": 0' + b" " * 65_536 + b"}", 413, None),
    ],
)
def test_faulty_body(world, call, put, raw, status_code, named):
    """A body that is not JSON, too long, or names no step of the workflow is refused, and nothing is written."""
    put(sent(0))
    before = world.items()
    answered = call("POST", f"/workflows/{ID}/advance", raw)
    assert answered["statusCode"] == status_code
    faults = body_of(answered).get("invalid_parameters")
    assert (faults and [fault["name"] for fault in faults]) == named
    assert world.items() == before


def test_not_json(call, put):
    """A body that is not declared as JSON is answered 415."""
    put(sent(0))
    assert call("POST", f"/workflows/{ID}/advance", {"step": 0}, Content_Type="text/plain")["statusCode"] == 415


@pytest.mark.parametrize("path", [f"/beta/workflows/{ID}", f"/v0.1/dispatch/{ID}", f"/dispatch/{ID}"])
def test_at_either_address(advance, put, path):
    """An advance works under every address and answers with the name of the endpoint that created the workflow."""
    put(sent(0), word="dispatch", client_ref="table-12")
    answered = body_of(advance(path=path))
    assert (answered["dispatch_uuid"], answered["client_ref"]) == (ID, "table-12")


def test_another_account(world, advance, put, stranger):
    """I6: another account's workflow is answered 404 like a missing one, and does not change."""
    put(sent(0))
    before = world.items()
    for step in (0, 7):
        missing = advance(step, "/workflows/00000000-0000-4000-8000-000000000000", Authorization=stranger)
        theirs = advance(step, Authorization=stranger)
        assert theirs["statusCode"] == missing["statusCode"] == 404
        assert {**body_of(theirs), "instance": ""} == {**body_of(missing), "instance": ""}
    assert world.items() == before


def test_signalled(advance, put, signals):
    """An advance signals the waiting race once, to go on to the next step."""
    put(sent(0), task_token="token")
    advance()
    advance()
    assert signals == [("token", "Rejected")]


@pytest.mark.parametrize("failure", [aws.Unavailable("x"), aws.AwsError("stepfunctions", "x"), InvalidTaskToken()])
def test_signal_fails(world, app, advance, put, monkeypatch, failure):
    """An advance is valid even if the race cannot be signalled: `reconcile` or the timer ends it."""

    def fails(*_):
        raise failure

    monkeypatch.setattr(app.outside.executions, "end_race", fails)
    put(sent(0), task_token="token")
    assert advance()["statusCode"] == 200
    assert world.read(ID).steps[0].outcome == "advanced"


def test_reconciled(world, advance, put, reconciling, signals, monkeypatch):
    """If the process dies before its signal, `reconcile` signals the race four minutes later, not at the expiry."""
    world.executions.start(put(sent(0), task_token="token", steps=patient()), NOW)
    with monkeypatch.context() as patch:
        patch.setattr("failover.use_cases.workflow.transition.try_to_end_race", lambda *_: None)
        advance()
    reconciling.run(NOW + 7_000 + 239_000)
    assert signals == []
    reconciling.run(NOW + 7_000 + 241_000)
    assert signals == [("token", "Rejected")]


def patient():
    """The steps of a workflow whose first step waits for a day."""
    return sent(0)(workflow(("messenger", "read", 86_400), "sms")).steps


def test_execution_that_died(world, advance, put, reconciling):
    """If the execution has died, the next one begins with the next step, four minutes later at most."""
    world.executions.start(put(sent(0), steps=patient()), NOW)
    reconciling.died()
    advance()
    reconciling.run(NOW + 7_000 + 241_000)
    assert reconciling.started()[f"{ID}-2"]["rest"]["step"]["number"] == 1


def test_the_next_step_is_sent(world, advance, put, messages):
    """The next step is sent at once, although the expiry of the advanced one is far away."""
    put(sent(0))
    with pytest.raises(TooEarly):
        send(Outside(now=lambda: NOW + 7_000), "sms", ID, 1)
    assert not messages.requests
    advance()
    send(Outside(now=lambda: NOW + 7_000), "sms", ID, 1)
    assert len(messages.requests) == 1
    assert [step.state for step in world.read(ID).steps] == ["advanced", "sent"]


@pytest.mark.parametrize(
    ("word", "ends", "state"),
    [
        ("read", "completed", "met"),
        ("delivered", "running", "advanced"),
        ("rejected", "running", "advanced"),
    ],
)
@pytest.mark.parametrize("next_sent", [False, True])
def test_late_status(world, advance, put, word, ends, state, next_sent):
    """A later status is recorded as late; one that meets the condition completes the workflow while it runs."""
    put(sent(0))
    advance()
    if next_sent:
        world.store.write(sent(1, NOW + 8_000)(world.read(ID)))
    event = callback_event({"message_uuid": "uuid-0", "client_ref": f"{ID}.0", "status": word})
    assert load("message_status").handler(event, None)["statusCode"] == 200
    flow = world.read(ID)
    assert (flow.status, flow.steps[0].state) == (ends, state)
    assert next(entry for entry in flow.timeline if entry["event"] == "status")["late"]


def test_the_webhook(world, advance, put, call, publish, deliver, customer, app):
    """One webhook is queued, delivered, listed and sent again like a status, in the form of a message's status."""
    put(sent(0), status(0, "delivered", usage=PRICE), client_ref="table-12")
    before = state(world)
    advance()
    entry = world.read(ID).timeline[-1]
    publish(record(before, state(world)))
    assert world.queued() == [task_of(world, entry["sequence"])]
    deliver(task_of(world, entry["sequence"]))
    (received,) = customer.requests
    assert received.body == {
        "message_uuid": "uuid-0",
        "to": MESSENGER["to"],
        "from": MESSENGER["from"],
        "timestamp": iso(NOW + 7_000),
        "status": "advanced",
        "reason": "advanced after 7 s of 600 s: last status delivered, wanted read",
        "client_ref": "table-12",
        "_links": {"workflow": {"href": f"/workflows/{ID}", "workflow_uuid": ID}},
        "sequence": entry["sequence"],
    }
    listed = body_of(call("GET", f"/workflows/{ID}/webhooks"))["webhooks"][-1]
    assert (listed["sequence"], listed["kind"], listed["state"]) == (entry["sequence"], "message_status", "delivered")
    again = call("POST", f"/workflows/{ID}/webhooks/{entry['sequence']}/redeliver")
    assert (again["statusCode"], body_of(again)) == (202, {"sequence": entry["sequence"], "attempt": 2})


def test_other_steps_that_ended_are_no_webhooks(world, put, call):
    """The `left` of a step that expired, failed or was refused is no webhook, and cannot be sent again."""
    flow = put(sent(0), status(0, "rejected"))
    (left,) = [entry for entry in flow.timeline if entry["event"] == "left"]
    assert call("POST", f"/workflows/{ID}/webhooks/{left['sequence']}/redeliver")["statusCode"] == 404


def test_the_message_and_the_report(world, advance, put, call):
    """The message keeps its status, time and price, and the final report shows it as any other."""
    put(sent(0), status(0, "delivered", NOW, usage=PRICE))
    before = bodies.message(world.read(ID), 0, [MESSENGER, SMS])
    advance()
    flow = world.read(ID)
    assert bodies.message(flow, 0, [MESSENGER, SMS]) == before
    flow = cancelled(flow)
    report = bodies.body(flow, None, publication.webhooks(flow)[-1])
    assert [message["status"] for message in report["_links"]["messages"]] == ["delivered"]
    assert report["usage"] == PRICE


def test_contended(app, advance, put, monkeypatch):
    """An advance that keeps losing its write asks the client to retry."""
    flow = put(sent(0))

    def lost(*_):
        raise Conflict(flow)

    monkeypatch.setattr(app.outside.store, "write", lost)
    answered = advance()
    assert answered["statusCode"] == 503
    assert answered["multiValueHeaders"]["Retry-After"]


def test_what_is_counted_and_logged(advance, put, output):
    """An advance is counted once, by channel, and its log lines contain no personal data."""
    put(sent(0))
    advance()
    advance()
    written = output()
    assert [one for one in metrics(written) if "StepsAdvanced" in one] == [
        {"StepsAdvanced": [1], "channel": "messenger"}
    ]
    assert '"message":"step advanced"' in written
    for private in ("447700900000", "sim-unread", "Hello"):
        assert private not in written
