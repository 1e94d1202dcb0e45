"""Delivering one webhook under faults: slow customers, twins, deaths, and AWS unavailable (F25, I8, I10)."""

import json
import threading
import time

import pytest

from failover.adapters.deadline_post import THREADS
from failover.edges.task_edge import TaskFailed
from failover.rules.webhooks import delivery
from tests import messages_server as server
from tests.examples import ID, SMS
from tests.functions.conftest import REPORT, STATUS, attempts_made, ended, task_of
from tests.messages_server import MessagesServer
from tests.world import unreachable


@pytest.fixture
def hurried(monkeypatch):
    """Half a second to connect, and half a second to respond."""
    monkeypatch.setattr("failover.adapters.webhooks.endpoint.CONNECT_SECONDS", 0.5)
    monkeypatch.setattr("failover.adapters.webhooks.endpoint.RESPONSE_SECONDS", 0.5)


@pytest.fixture
def endless(customer):
    """Answers that begin with `head` and repeat `piece` for ten seconds; returns the number of bytes sent."""
    sent = []

    def endless(head, piece, pause=0.0):
        def answer(connection):
            connection.sendall(head)
            end = time.monotonic() + 10
            while time.monotonic() < end and not customer.released.wait(pause):
                sent.append(connection.send(piece))

        customer.script = [lambda connection: _until_broken(answer, connection)]
        return sent

    return endless


def _until_broken(answer, connection):
    try:
        answer(connection)
    except OSError:
        connection.close()


def test_no_answer(world, customer, hurried, deliver, put_off, listed):
    """A server that never answers is cut off in bounded time, and the webhook is retried."""
    ended(world)
    customer.script = [customer.hang]
    deliver(task_of(world))
    assert listed()["attempts"][0]["error"] == "timeout"
    assert [(queue, seconds) for queue, _, seconds in put_off] == [("webhooks", 5)]


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(b"HTTP/1.1 ", b"2", id="status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", b"x", id="header"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="continue"),
    ],
)
def test_trickling_answer(world, customer, endless, hurried, deliver, listed, head, piece):
    """F25: an answer that trickles in endlessly is cut off when the time for connecting and answering is up."""
    ended(world)
    endless(head, piece, pause=0.02)
    began = time.monotonic()
    deliver(task_of(world))
    assert 0.9 < time.monotonic() - began < 5
    assert listed()["attempts"][0]["error"] == "timeout"
    while attempts_under_way():  # it must end before the customer's server does
        assert time.monotonic() - began < 5


def attempts_under_way():
    return [thread for thread in threading.enumerate() if thread.name.startswith(THREADS)]


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "404 Not Found"])
def test_huge_answer(world, customer, endless, deliver, listed, status):
    """F25: an answer counts by its status; an endless body is not read, not even a redirect's."""
    ended(world)
    sent = endless(f"HTTP/1.1 {status}\r\nLocation: /x\r\n\r\n".encode(), b"x" * 65536)
    began = time.monotonic()
    deliver(task_of(world))
    assert time.monotonic() - began < 5
    assert listed()["attempts"][0]["answer"] == int(status[:3])
    assert sum(sent) < 32 * 1024 * 1024


def test_endless_header(world, customer, endless, deliver, listed):
    """A header beyond the size limit is no answer."""
    ended(world)
    endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536)
    deliver(task_of(world))
    assert listed()["attempts"][0]["error"] == "no HTTP answer"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"hello", id="HTTP/0.9"),
        pytest.param(b"HTTP/1.1 OK\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 20 OK\r\n\r\n", id="short status"),
        pytest.param(b"HTTP/2.0 200 OK\r\n\r\n", id="version"),
        pytest.param(b"\x16\x03\x01\x02\x00", id="TLS"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n", id="101 headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", id="two lengths"),
        pytest.param(b"HTTP/1.1 200", id="cut status line"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_odd_answer(world, customer, deliver, put_off, listed, answer):
    """F25: a server that answers with invalid HTTP is not reported as unreachable."""
    ended(world)
    customer.script = [server.raw(answer)]
    deliver(task_of(world))
    attempt = listed()["attempts"][0]
    assert attempt.get("error", "no HTTP answer") == "no HTTP answer"
    assert len(put_off) == ("error" in attempt)


def test_the_same_message_twice(world, customer, deliver, put_off, listed):
    """A message that the queue delivers twice causes one attempt and one successor."""
    ended(world)
    customer.script = [server.http(500)]
    for _ in range(2):
        deliver(task_of(world))
    assert (len(customer.requests), len(put_off), len(listed()["attempts"])) == (1, 1, 1)


@pytest.mark.decision("Redelivery while a retry is due")
def test_a_second_series(world, customer, deliver, put_off, listed):
    """Of a redelivery and a waiting series, the message that comes second ends, and one series continues."""
    ended(world)
    customer.script = [server.http(500)] * 3
    deliver(task_of(world))
    (_, waiting, _) = put_off[0]
    redelivered = task_of(world, attempt=2)
    deliver(redelivered)
    deliver(waiting)
    assert len(customer.requests) == 2
    assert [(task.attempt, task.series) for _, task, _ in put_off] == [(2, 2), (3, 2)]


def test_overtaken(world, customer, deliver, put_off, listed):
    """A message that arrives after later attempts makes none."""
    ended(world)
    attempts_made(world, 2)
    deliver(task_of(world, attempt=3, series=3, since=1))
    deliver(task_of(world, attempt=2, series=2, since=1))
    assert [attempt["number"] for attempt in listed()["attempts"]] == [3]


def test_no_claim(world, customer, deliver, delivering, put_off, listed):
    """An attempt that cannot be claimed is not made, however often its message comes, and nothing is queued."""
    ended(world)
    reachable = unreachable(delivering.outside.table.client, "dynamodb.UpdateItem")
    for _ in range(5):
        with pytest.raises(TaskFailed):
            deliver(task_of(world))
    assert (customer.requests, put_off, listed()["state"]) == ([], [], "pending")
    reachable()
    deliver(task_of(world))
    assert (len(customer.requests), listed()["state"]) == (1, "delivered")


def test_no_record(world, customer, deliver, delivering, put_off, output):
    """F32: once the next attempt is queued, this message is done, even if its attempt cannot be recorded."""
    ended(world)
    customer.script = [server.http(500)] * 9
    task = task_of(world)
    for attempt in range(2, 7):
        reachable = unreachable(delivering.outside.table.client, "dynamodb.UpdateItem", after=1)
        deliver(task)
        reachable()
        assert len(put_off) == attempt - 1
        task = put_off[-1][1]
        assert task.attempt == attempt
    assert len(customer.requests) == 5
    assert "AttemptsUnrecorded" in output()


def test_death_before_recording(world, customer, deliver, delivering, put_off, listed, clock):
    """After a delivery has died its attempt is repeated once that delivery cannot be alive; one series continues."""
    ended(world)
    customer.script = [server.http(500)] * 4
    dead = unreachable(delivering.outside.webhook_queue.client, "sqs.SendMessage")
    with pytest.raises(TaskFailed):
        deliver(task_of(world))
    dead()
    with pytest.raises(TaskFailed):
        deliver(task_of(world))
    assert len(customer.requests) == 1, "that delivery may still be alive"
    clock[0] += delivery.CLAIM_SECONDS
    deliver(task_of(world))
    deliver(task_of(world))
    assert len(customer.requests) == 2
    following = put_off[-1][1]
    deliver(following)
    deliver(following)
    assert [attempt["number"] for attempt in listed()["attempts"]] == [1, 2]
    assert [task.attempt for _, task, _ in put_off] == [2, 2, 3], "the first one was lost"


def test_death_before_recording_success(world, customer, deliver, delivering, listed, clock):
    """I10: a delivery that was not recorded is made again: at least once, with the same sequence."""
    ended(world)
    reachable = unreachable(delivering.outside.table.client, "dynamodb.UpdateItem", after=1)
    with pytest.raises(TaskFailed):
        deliver(task_of(world))
    reachable()
    clock[0] += delivery.CLAIM_SECONDS
    deliver(task_of(world))
    assert [request.body["sequence"] for request in customer.requests] == [REPORT, REPORT]
    assert (listed()["state"], len(listed()["attempts"])) == ("delivered", 1)


def test_recorded_late(world, customer, deliver, delivering, put_off, listed):
    """An attempt recorded after the next one was made is listed, and the state of the later one stands."""
    ended(world)
    customer.script = [server.http(500)]
    record, late = delivering.outside.deliveries.record, []

    def record_later(*arguments):
        late.append(arguments)
        deliver(put_off[0][1])

    delivering.outside.deliveries.record = lambda *given: record(*given) if late else record_later(*given)
    deliver(task_of(world))
    record(*late[0])
    assert [attempt.get("answer") for attempt in listed()["attempts"]] == [500, 202]
    assert listed()["state"] == "delivered"


def test_attempts_of_the_release_before(world, customer, deliver, listed):
    """Attempts recorded as a list by a commit before 0.1.0 are listed before the new ones, and none is repeated."""
    ended(world)
    attempts_made(world, 1)
    old = {"number": {"N": "1"}, "at": {"N": "1800000000000"}, "milliseconds": {"N": "5"}, "answer": {"N": "500"}}
    world.client.update_item(
        TableName=world.table,
        Key={"pk": {"S": f"workflow#{ID}"}, "sk": {"S": f"webhook#{REPORT:05d}"}},
        UpdateExpression="SET attempts = :attempts",
        ExpressionAttributeValues={":attempts": {"L": [{"M": old}]}},
    )
    deliver(task_of(world))
    assert customer.requests == []
    deliver(task_of(world, attempt=2))
    assert [(attempt["number"], attempt["answer"]) for attempt in listed()["attempts"]] == [(1, 500), (2, 202)]


def test_table_out_of_reach(world, customer, deliver, delivering, put_off):
    """If the table is unavailable, nothing is attempted, and the message comes again."""
    ended(world)
    unreachable(delivering.outside.table.client, "dynamodb.BatchGetItem")
    with pytest.raises(TaskFailed):
        deliver(task_of(world))
    assert (customer.requests, put_off) == ([], [])


def test_unread_keys(world, customer, deliver, delivering, monkeypatch):
    """If the table returns only some of the items, nothing is sent, and the message comes again."""
    ended(world)
    table = delivering.outside.table
    monkeypatch.setattr(table, "sleep", lambda _: None)
    monkeypatch.setattr(
        table.client, "batch_get_item", lambda **asked: {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}
    )
    with pytest.raises(TaskFailed):
        deliver(task_of(world))
    assert customer.requests == []


@pytest.mark.parametrize("since", [0, 1], ids=["put off", "given up"])
def test_queue_out_of_reach(world, customer, deliver, delivering, listed, clock, since):
    """An attempt whose successor cannot be queued is not recorded, and its message comes again."""
    ended(world)
    customer.script = [server.http(500)] * 2
    reachable = unreachable(delivering.outside.webhook_queue.client, "sqs.SendMessage")
    with pytest.raises(TaskFailed):
        deliver(task_of(world, since=since))
    assert listed() == {"sequence": REPORT, "kind": "final_report", "state": "pending", "attempts": []}
    reachable()
    clock[0] += delivery.CLAIM_SECONDS
    deliver(task_of(world, since=since))
    assert len(listed()["attempts"]) == 1


def test_signing_key_out_of_reach(world, customer, deliver, delivering):
    """If the signing key is unavailable, nothing is sent, and the message comes again."""
    ended(world)
    unreachable(delivering.outside.webhook_secret.client, "secrets-manager.GetSecretValue")
    with pytest.raises(TaskFailed):
        deliver(task_of(world))
    assert customer.requests == []


@pytest.mark.decision("Customer's webhook URL")
def test_no_url(world, deliver, put_off, listed):
    """Without a URL there is nothing to do."""
    ended(world)
    deliver(task_of(world))
    assert (listed()["attempts"], put_off) == ([], [])


def test_no_such_webhook(world, customer, deliver, put_off):
    """A timeline entry that is not a webhook is not sent."""
    ended(world)
    for sequence in (0, 1, 3, 99):
        deliver(task_of(world, sequence))
    assert (customer.requests, put_off) == ([], [])


@pytest.mark.parametrize("gone", ["workflow", "account"])
def test_gone(world, customer, deliver, put_off, gone):
    """If its workflow or account is deleted, a webhook is neither sent nor retried."""
    ended(world)
    key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "state"}}
    if gone == "account":
        key = {"pk": {"S": f"account#{world.api_key}"}, "sk": {"S": "account"}}
    world.client.delete_item(TableName=world.table, Key=key)
    deliver(task_of(world))
    assert (customer.requests, put_off) == ([], [])


def test_nothing_is_written_about_people(world, customer, deliver, delivering, put_off, output):
    """I8: log, metrics, queues and errors contain no text, number, URL or secret, in success or failure."""
    private = MessagesServer()
    ended(world, webhook_url=f"{private.url}/private", client_ref="order 7")
    private.script = [server.http(500), server.http(200, b"private"), server.http(404, b"private")]
    for attempt in (1, 2, 3):
        deliver(task_of(world, STATUS, attempt=attempt))
    private.close()
    deliver(task_of(world, STATUS, attempt=4))
    unreachable(delivering.outside.table.client, "dynamodb.UpdateItem")
    with pytest.raises(TaskFailed) as failed:
        deliver(task_of(world, STATUS, attempt=5))
    queued = [json.dumps(delivery.plain(task)) for _, task, _ in put_off]
    said = "".join([output(), str(failed.value), str(failed.value.__cause__), *queued])
    assert "WebhooksPutOff" in said
    for secret in (SMS["to"]["number"], SMS["from"]["number"], "Hello", "private", "127.0.0.1", "order 7", "secret"):
        assert secret not in said
    assert world.signature_secret not in said


def test_first_attempt_of_a_twin(world, customer, deliver, put_off, listed):
    """Of two deliveries at the same instant one reaches the customer; the other's repeated message makes none."""
    ended(world)
    customer.script = [server.http(500)]
    twins = []

    def meanwhile(_):
        with pytest.raises(TaskFailed):
            deliver(task_of(world))
        twins.append(1)

    customer.meanwhile = meanwhile
    deliver(task_of(world))
    customer.meanwhile = lambda _: None
    deliver(task_of(world))
    assert (len(twins), len(customer.requests), len(listed()["attempts"]), len(put_off)) == (1, 1, 1, 1)
