"""A workflow's webhooks in the API, and their redelivery."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError

from failover.rules.timing.instants import iso
from failover.rules.webhooks import delivery
from failover.rules.workflow import transitions
from tests import messages_server as server
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.functions.conftest import REPORT, STATUS, attempts_made, ended, set_status_url, task_of
from tests.world import body_of

ADDRESS = f"/workflows/{ID}/webhooks"


def redeliver(call, sequence, path=ADDRESS, **headers):
    return call("POST", f"{path}/{sequence}/redeliver", **headers)


@pytest.mark.decision("Customer's webhook URL")
@pytest.mark.parametrize("state", ["no_url", "pending"])
def test_before_any_attempt(world, app, call, state):
    """Every webhook is listed in order as soon as the timeline has it; other entries are not listed."""
    app.outside.now = lambda: NOW
    ended(world)
    if state == "pending":
        set_status_url(world, "https://example.org/status")
    answer = call("GET", ADDRESS)
    assert (answer["statusCode"], body_of(answer)) == (
        200,
        {
            "as_of": iso(NOW),
            "webhooks": [
                {"sequence": STATUS, "kind": "message_status", "state": state, "attempts": []},
                {"sequence": REPORT, "kind": "final_report", "state": state, "attempts": []},
            ],
        },
    )


@pytest.mark.parametrize("end", ["cancelled", "error", "amended"])
def test_every_end_is_a_final_report(world, call, end):
    """A cancelled, failed or amended workflow is reported like a completed one."""
    flow = workflow(*TWO_STEPS, account=world.api_key)
    if end == "cancelled":
        flow = transitions.cancelled(flow, NOW)
    else:
        flow = replace(flow, timeline=(*flow.timeline, {"sequence": 2, "at": NOW, "event": end}))
    world.put(flow, [MESSENGER, SMS])
    assert [(webhook["sequence"], webhook["kind"]) for webhook in body_of(call("GET", ADDRESS))["webhooks"]] == [
        (2, "final_report")
    ]


def test_attempts(world, call, customer, deliver, delivering):
    """Each attempt is shown with its number, time, duration, and its answer or the reason for none."""
    ended(world)
    customer.script = [server.http(503), server.reset]
    for attempt in (1, 2, 3):
        delivering.outside.now = lambda attempt=attempt: NOW + attempt
        deliver(task_of(world, STATUS, attempt=attempt))
    webhook = body_of(call("GET", ADDRESS))["webhooks"][0]
    assert webhook == {
        "sequence": STATUS,
        "kind": "message_status",
        "state": "delivered",
        "attempts": [
            {"number": 1, "at": "2027-01-15T08:00:00.001Z", "milliseconds": 0, "answer": 503},
            {"number": 2, "at": "2027-01-15T08:00:00.002Z", "milliseconds": 0, "error": "no HTTP answer"},
            {"number": 3, "at": "2027-01-15T08:00:00.003Z", "milliseconds": 0, "answer": 202},
        ],
    }


def test_most_attempts(world, call, customer):
    """However many redeliveries are requested, the number of attempts is limited."""
    ended(world)
    attempts_made(world, delivery.MOST_ATTEMPTS)
    answer = redeliver(call, REPORT)
    assert answer["statusCode"] == 409
    assert "1000 attempts" in body_of(answer)["detail"]


def test_redelivered_during_an_attempt(world, call, customer, deliver, listed):
    """Ten redeliveries requested during an attempt cause no other attempt, and all are answered with its number."""
    ended(world)
    answers = []
    customer.meanwhile = lambda _: answers.extend(redeliver(call, REPORT) for _ in range(9))
    first = redeliver(call, REPORT)
    deliver(*world.queued())
    assert {json.dumps(body_of(answer)) for answer in (first, *answers)} == {'{"sequence": 5, "attempt": 1}'}
    assert world.queued() == []
    assert len(customer.requests) == 1


@pytest.mark.parametrize("status", [200, 500])
def test_redelivered_before_the_first_is_attempted(world, call, customer, deliver, put_off, status):
    """Of several redeliveries requested at once, one makes the attempt, and one series continues."""
    ended(world)
    customer.script = [server.http(status)] * 9
    assert [body_of(redeliver(call, REPORT))["attempt"] for _ in range(5)] == [1] * 5
    for task in world.queued():
        deliver(task)
    assert (len(customer.requests), len(put_off)) == (1, int(status == 500))


def test_both_names(world, call):
    """A workflow's webhooks are found at both endpoints."""
    ended(world)
    answers = [call("GET", path) for path in (ADDRESS, f"/v0.1/dispatch/{ID}/webhooks")]
    assert body_of(answers[0])["webhooks"] == body_of(answers[1])["webhooks"]


def test_redelivered(world, call, customer, deliver, listed):
    """A delivered or failed webhook is sent again as the next attempt, which begins a new series."""
    ended(world)
    customer.script = [server.http(404)]
    deliver(task_of(world))
    answer = redeliver(call, REPORT)
    assert (answer["statusCode"], body_of(answer)) == (202, {"sequence": REPORT, "attempt": 2})
    assert world.queued() == [task_of(world, attempt=2)]
    deliver(task_of(world, attempt=2))
    assert (listed()["state"], [attempt["number"] for attempt in listed()["attempts"]]) == ("delivered", [1, 2])
    assert customer.requests[0].raw == customer.requests[1].raw


def test_redelivered_twice_at_once(world, call, customer, deliver):
    """Two requests before the attempt is made cause one attempt."""
    ended(world)
    answers = [redeliver(call, REPORT)["statusCode"] for _ in range(2)]
    for task in world.queued():
        deliver(task)
    assert (answers, len(customer.requests)) == ([202, 202], 1)


@pytest.mark.parametrize("sequence", ["1", "3", "6", "0", "-1", "x", "4.0", "٤", "1" * 5000, "%20"])
def test_no_such_webhook(world, call, customer, sequence):
    """A sequence that is not a webhook's is answered 404."""
    ended(world)
    assert redeliver(call, sequence)["statusCode"] == 404
    assert world.queued() == []


def test_no_url(world, call):
    """Without a URL a redelivery is refused."""
    ended(world)
    answer = redeliver(call, REPORT)
    assert (answer["statusCode"], body_of(answer)["title"]) == (409, "Conflict")
    assert world.queued() == []


def test_content_dropped(world, call, customer):
    """A status whose content has been dropped can be redelivered, and so can a report."""
    ended(world)
    key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "content"}}
    world.client.delete_item(TableName=world.table, Key=key)
    assert [redeliver(call, sequence)["statusCode"] for sequence in (STATUS, REPORT)] == [202, 202]
    assert sorted(task.sequence for task in world.queued()) == [STATUS, REPORT]


def test_somebody_elses(world, call, customer, stranger):
    """I6: another account's webhooks are answered like those of a missing workflow."""
    ended(world)
    missing = ADDRESS.replace(ID, "00000000-0000-4000-8000-000000000000")
    for ask in (
        lambda path: call("GET", path, Authorization=stranger),
        lambda path: redeliver(call, REPORT, path, Authorization=stranger),
        lambda path: redeliver(call, 99, path, Authorization=stranger),
    ):
        answers = [ask(path) for path in (ADDRESS, missing)]
        assert [answer["statusCode"] for answer in answers] == [404, 404]
        bodies = [{**body_of(answer), "instance": ""} for answer in answers]
        assert bodies[0] == bodies[1]
    assert world.queued() == []


def test_queue_out_of_reach(world, call, customer, app):
    """A redelivery that cannot be queued is answered 503, and the caller may retry."""
    ended(world)

    def fail(**_):
        raise EndpointConnectionError(endpoint_url="https://secret.test")

    app.outside.webhook_queue.client.meta.events.register_first("before-send.sqs.SendMessage", fail)
    answer = redeliver(call, REPORT)
    assert (answer["statusCode"], answer["multiValueHeaders"]["Retry-After"]) == (503, ["2"])
    assert "secret" not in answer["body"]


def test_nothing_of_the_attempts_is_private(world, call, customer, deliver, output):
    """I8: a redelivery writes no text, number or URL to log or queue."""
    ended(world)
    redeliver(call, STATUS)
    written = output() + str(world.queued())
    assert "WebhooksRedelivered" in written
    for secret in (SMS["to"]["number"], SMS["from"]["number"], "Hello", "127.0.0.1"):
        assert secret not in written
