"""Sends whose message may have been accepted, and requests that are cut off in time (F7, F8, F35)."""

import threading
import time

import pytest
import urllib3.util.connection

from failover.adapters.sending import messages as messages_api
from failover.rules.timing import timeouts
from tests import messages_server as server
from tests.examples import ID
from tests.functions.conftest import sent_step, waits_until


def _slow(connection):
    """Answer byte by byte without an end."""
    connection.sendall(b"HTTP/1.1 202 X\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b" ")
        time.sleep(0.01)


@pytest.mark.decision("Sent but unknown")
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(server.reset, id="reset"),
        pytest.param(server.closed, id="closed"),
        pytest.param(server.garbage, id="garbage"),
        pytest.param(server.http(500), id="500"),
        pytest.param(server.http(502), id="502"),
        pytest.param(server.http(504), id="504"),
        pytest.param(server.http(408), id="408"),
        pytest.param(server.http(202, b"not json"), id="not json"),
        pytest.param(server.http(202, b"[" * 100_000), id="deep"),
        pytest.param(server.http(202, b"{}"), id="no message_uuid"),
        pytest.param(server.http(202, b'{"message_uuid": 7}'), id="odd message_uuid"),
        pytest.param(server.http(202, b'{"message_uuid": "a/../b"}'), id="a path for a message_uuid"),
        pytest.param(server.http(202, b'{"message_uuid": "a\\u0000\\r\\nb"}'), id="control characters"),
        pytest.param(server.http(202, b'{"message_uuid": "x', length=100), id="truncated"),
        pytest.param(server.http(202, b'{"x": "' + b"x" * 200_000 + b'"}'), id="huge"),
        pytest.param(_slow, id="slow"),
    ],
)
def test_unknown(world, stored, messages, outside, slept, answer, monkeypatch):
    """F8: a request that may have been accepted is never repeated; its status or its expiry decides."""
    monkeypatch.setattr("failover.adapters.sending.messages.READ_SECONDS", 1)
    messages.script = [answer]
    step = sent_step(world, outside)
    assert (step.state, step.outcome) == ("unknown", None)
    assert step.answered_at
    assert len(messages.requests) == 1
    assert not slept


@pytest.fixture
def brief(monkeypatch):
    """A request has half a second in all."""
    monkeypatch.setattr("failover.adapters.sending.messages.CONNECT_SECONDS", 0.25)
    monkeypatch.setattr("failover.adapters.sending.messages.READ_SECONDS", 0.25)


@pytest.mark.parametrize(
    ("head", "piece", "reason"),
    [
        pytest.param(b"HTTP/1.1 202 X\r\n", b"X: y\r\n", "read timeout", id="headers"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", "read timeout", id="continue"),
        pytest.param(b"HTTP/1.1 202 X\r\n\r\n", b" ", "HTTP 202 without a message_uuid", id="body"),
    ],
)
def test_trickling(world, stored, messages, outside, brief, slept, head, piece, reason):
    """F35: an answer that trickles in endlessly is cut off at the deadline, and the send is unknown."""
    messages.script = [server.endless(messages, head, piece)]
    began = time.monotonic()
    assert sent_step(world, outside).state == "unknown"
    assert time.monotonic() - began < 5
    assert world.read(ID).timeline[-1]["reason"] == reason
    assert (len(messages.requests), slept) == (1, [])


def test_trickling_refusal(world, stored, messages, outside, brief):
    """F35: the status of an answer counts even if its body never ends."""
    messages.script = [server.endless(messages, b"HTTP/1.1 422 X\r\n\r\n", b" ")]
    assert sent_step(world, outside).state == "refused"


def test_connected_too_late(world, stored, messages, outside, brief, monkeypatch):
    """F35: a request that could not leave in time is made again, and only the second one goes out."""
    connect, released, connecting = urllib3.util.connection.create_connection, threading.Event(), []

    def late(*arguments, **more):
        connecting.append(threading.current_thread())
        if len(connecting) == 1:
            released.wait(10)
        return connect(*arguments, **more)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", late)
    waits_until(outside, "messenger")
    assert sent_step(world, outside).state == "sent"
    released.set()
    connecting[0].join(10)
    assert (len(connecting), len(messages.requests)) == (2, 1)


def test_both_requests_share_their_time(world, stored, messages, outside, monkeypatch):
    """F7: after refused credentials the second request has the deadline of the first."""
    times = []
    real = messages_api.post

    def post(*arguments, connect_seconds, response_seconds, **more):
        times.append(connect_seconds + response_seconds)
        monkeypatch.setattr(outside.messages_secret, "refreshed", lambda: True)
        return real(*arguments, connect_seconds=connect_seconds, response_seconds=response_seconds, **more)

    monkeypatch.setattr(messages_api, "post", post)
    messages.script = [server.problem(401, "Unauthorized")]
    assert sent_step(world, outside).state == "sent"
    assert times[0] == timeouts.CONNECT_SECONDS + timeouts.READ_SECONDS
    assert 0 < times[1] < times[0]


def test_hanging(world, stored, messages, outside, monkeypatch):
    """F8: a request without an answer is unknown after the read timeout."""
    monkeypatch.setattr("failover.adapters.sending.messages.READ_SECONDS", 0.3)
    messages.script = [messages.hang]
    assert sent_step(world, outside).state == "unknown"
