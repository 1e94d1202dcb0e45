"""A POST with a deadline: nothing is sent after it, and no thread and no socket is left open (F35)."""

import contextlib
import socket
import threading
import time
from pathlib import Path

import pytest
import urllib3.connection
import urllib3.util.connection

from failover.adapters.deadline_post import THREADS, NoAnswer, NotSent, PostFault, Response, post
from tests import messages_server as server
from tests.certificates import self_signed
from tests.messages_server import MessagesServer, endless

DEADLINE = {"connect_seconds": 0.3, "response_seconds": 0.3, "longest_body": 1000}


@pytest.fixture(autouse=True)
def no_leaks():
    """Fails if a request leaves a file or a thread open."""
    before = open_files()
    yield
    eventually(ended)
    eventually(lambda: open_files() <= before)


@pytest.fixture
def other():
    listening = MessagesServer()
    yield listening
    listening.close()


def ended():
    return not any(thread.name.startswith(THREADS) for thread in threading.enumerate())


def open_files():
    return sum(1 for _ in Path("/dev/fd").iterdir())


def eventually(condition):
    """Wait for a condition for up to half of the ten seconds that these servers keep writing."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def posted(url, **more):
    """Return the outcome, which must come before these servers stop writing."""
    began = time.monotonic()
    outcome = post(url, b"{}", {"Content-Type": "application/json"}, **{**DEADLINE, **more})
    assert time.monotonic() - began < 5
    return outcome


def test_answered(other):
    """An answer in time is returned whole, and the request asks to close the connection."""
    other.script = [server.http(202, b"x" * 1000, headers="Retry-After: 3\r\n")]
    outcome = posted(other.url)
    assert (outcome.status, outcome.headers["retry-after"], outcome.body) == (202, "3", b"x" * 1000)
    assert other.requests[0].headers["connection"] == "close"


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(b"HTTP/1.1 ", b"2", id="status line"),
        pytest.param(b"HTTP/1.1 202 X\r\nX: ", b"x", id="header"),
        pytest.param(b"HTTP/1.1 202 X\r\n", b"X: y\r\n", id="headers"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="continue"),
    ],
)
def test_trickling_head(other, head, piece):
    """A head whose bytes trickle in without an end is cut off at the deadline."""
    other.script = [endless(other, head, piece)]
    assert posted(other.url) == NoAnswer(PostFault.READ_TIMEOUT)
    eventually(ended)
    assert len(other.requests) == 1


@pytest.mark.parametrize("status", [202, 422, 503])
def test_trickling_body(other, status):
    """Status and headers received before the cut are returned."""
    other.script = [endless(other, f"HTTP/1.1 {status} X\r\nRetry-After: 3\r\n\r\n".encode(), b" ")]
    outcome = posted(other.url)
    assert (outcome.status, outcome.headers["Retry-After"], outcome.body) == (status, "3", None)
    eventually(ended)


@pytest.mark.parametrize(
    ("body", "length"),
    [
        pytest.param(b"x" * 1001, None, id="too long"),
        pytest.param(b"x" * 10_000_000, None, id="huge"),
        pytest.param(b"{}", 3, id="cut off"),
    ],
)
def test_no_body(other, body, length):
    """A body that is too long or truncated is dropped, and its status counts."""
    whole = server.http(202, body, length=length)

    def answer(connection):
        with contextlib.suppress(OSError):  # the client hangs up
            whole(connection)

    other.script = [answer]
    outcome = posted(other.url)
    assert (outcome.status, outcome.body) == (202, None)


def test_body_not_asked_for(other):
    """Without a body to read, the POST does not wait for one."""
    other.script = [endless(other, b"HTTP/1.1 200 X\r\n\r\n", b"x")]
    assert isinstance(posted(other.url, response_seconds=60, longest_body=0), Response)


def test_redirects(other):
    """A redirect is returned as an answer and never followed."""
    elsewhere = MessagesServer()
    other.script = [server.http(307, headers=f"Location: {elsewhere.url}/\r\n")]
    assert posted(other.url).status == 307
    elsewhere.close()
    assert (len(other.requests), elsewhere.requests) == (1, [])


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param(socket, "getaddrinfo", id="name"),
        pytest.param(urllib3.util.connection, "create_connection", id="connect"),
    ],
)
def test_connected_too_late(other, monkeypatch, module, name):
    """A request not begun by its deadline is reported as not sent, and is never sent later."""
    real, released = getattr(module, name), threading.Event()

    def late(*arguments, **more):
        released.wait(10)
        return real(*arguments, **more)

    monkeypatch.setattr(module, name, late)
    assert posted(other.url) == NotSent(PostFault.CONNECT_TIMEOUT)
    released.set()
    eventually(ended)
    assert other.requests == []


def test_cut_before_the_first_byte(other, monkeypatch):
    """The deadline is checked between connecting and sending, even if the socket could not be shut down."""
    connect, released = urllib3.connection.HTTPConnection.connect, threading.Event()

    def slow(self):
        connect(self)
        released.wait(10)

    with monkeypatch.context() as slowly:
        slowly.setattr(urllib3.connection.HTTPConnection, "connect", slow)
        slowly.setattr(socket.socket, "shutdown", lambda *_: None)
        assert posted(other.url) == NotSent(PostFault.CONNECT_TIMEOUT)
    released.set()
    eventually(ended)
    assert other.requests == []


@pytest.mark.parametrize("patience", [None, 60], ids=["connect timeout", "deadline"])
@pytest.mark.parametrize("trickle", [b"", b"\x00"], ids=["silent", "trickling"])
def test_tls_that_hangs(monkeypatch, trickle, patience):
    """A TLS handshake that does not end is cut off, and the request is reported as not sent."""
    if patience:
        connect = urllib3.util.connection.create_connection

        def patient(*arguments, **more):
            connection = connect(*arguments, **more)
            connection.settimeout(patience)
            return connection

        monkeypatch.setattr(urllib3.util.connection, "create_connection", patient)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        received = []
        hanging = threading.Thread(target=_handshake, args=(listener, trickle, received))
        hanging.start()
        assert posted(f"https://127.0.0.1:{listener.getsockname()[1]}/") == NotSent(PostFault.CONNECT_TIMEOUT)
        eventually(ended)
        hanging.join()
    assert b"POST" not in b"".join(received)


def _handshake(listener, trickle, received):
    """Read the client's hello, begin the longest possible record, and keep writing until the client hangs up."""
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError):
        received.append(connection.recv(65536))
        if trickle:
            connection.sendall(b"\x16\x03\x03\x40\x00")
        connection.settimeout(0.02)
        while True:
            with contextlib.suppress(TimeoutError):
                if not connection.recv(65536):
                    return
            connection.sendall(trickle)


def test_untrusted(tmp_path):
    """A request is not sent to a server whose certificate is not trusted."""
    untrusted = MessagesServer(certificate=self_signed(tmp_path, "127.0.0.1"))
    assert posted(untrusted.url) == NotSent(PostFault.UNTRUSTED)
    untrusted.close()
    assert untrusted.requests == []


def test_no_tls():
    """A request is not sent to a server that does not speak TLS."""
    listener = socket.create_server(("127.0.0.1", 0))

    def plain():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=plain, daemon=True).start()
    assert posted(f"https://127.0.0.1:{listener.getsockname()[1]}/") == NotSent(PostFault.NO_TLS)
    listener.close()


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://127.0.0.1:1/", PostFault.NO_CONNECTION),
        ("http://nowhere.invalid/", PostFault.NO_CONNECTION),
        ("http://[bad/", PostFault.UNUSABLE_URL),
        ("nowhere", PostFault.UNUSABLE_URL),
        ("ftp://127.0.0.1/", PostFault.UNUSABLE_URL),
    ],
)
def test_not_sent(url, fault):
    """Without a server or a usable address nothing is sent, and the outcome gives the reason."""
    assert posted(url) == NotSent(fault)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (server.reset, PostFault.CONNECTION_LOST),
        (server.closed, PostFault.CONNECTION_LOST),
        (server.garbage, PostFault.NO_HTTP),
        (server.raw(b"HTTP/1.1 2x\r\n\r\n"), PostFault.NO_HTTP),
    ],
)
def test_no_answer(other, answer, fault):
    """Once the first byte may have left, the request may have arrived, however the connection ended."""
    other.script = [answer]
    assert posted(other.url) == NoAnswer(fault)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_nothing_of_the_environment(other, monkeypatch, variable):
    """Proxy settings of the environment are ignored."""
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert posted(other.url).status == 202


FINAL = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints", b"199 X"])
@pytest.mark.parametrize("headers", [b"", b"Link: </x>\r\n", b"Link: </x>,\r\n \r\n </y>\r\n", b"X: y\r\n" * 200])
@pytest.mark.parametrize("times", [1, 3])
def test_interim_responses(other, interim, times, headers):
    """RFC 9110, 15.2: responses before the final one decide nothing."""
    other.script = [server.raw((b"HTTP/1.1 " + interim + b"\r\n" + headers + b"\r\n") * times + FINAL)]
    outcome = posted(other.url)
    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.body) == (202, b"{}")


def test_no_final_response(other):
    """A switch to another protocol leaves open whether the server accepted the request."""
    other.script = [server.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n")]
    assert posted(other.url) == NoAnswer(PostFault.NO_HTTP)


def test_no_more_threads(other, monkeypatch):
    """A request for which no thread can be started was not sent."""

    def none_left(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    assert posted(other.url) == NotSent(PostFault.NO_CONNECTION)
    assert other.requests == []
