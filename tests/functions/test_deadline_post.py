"""A POST that ends at its deadline: nothing of it leaves later, and no thread and no socket stays (faults, F35)."""

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
def nothing_left():
    """What a request opens and starts, it closes and ends."""
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
    """Within half of the ten seconds that these servers go on for, if the client does not hang up."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def posted(url, **more):
    """The outcome, which must come before these servers would have ended."""
    began = time.monotonic()
    outcome = post(url, b"{}", {"Content-Type": "application/json"}, **{**DEADLINE, **more})
    assert time.monotonic() - began < 5
    return outcome


def test_answered(other):
    """An answer in time is given whole, and the request says that its connection is not to be kept."""
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
    """Each byte comes in time, and all of them never: the connection is cut."""
    other.script = [endless(other, head, piece)]
    assert posted(other.url) == NoAnswer(PostFault.READ_TIMEOUT)
    eventually(ended)
    assert len(other.requests) == 1


@pytest.mark.parametrize("status", [202, 422, 503])
def test_trickling_body(other, status):
    """What was known when the connection was cut is given: the status and the headers."""
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
    """A body that is too long or cut off is none, and its status stands."""
    whole = server.http(202, body, length=length)

    def answer(connection):
        with contextlib.suppress(OSError):  # its client hangs up
            whole(connection)

    other.script = [answer]
    outcome = posted(other.url)
    assert (outcome.status, outcome.body) == (202, None)


def test_body_not_asked_for(other):
    """Who asks for no body does not wait for it."""
    other.script = [endless(other, b"HTTP/1.1 200 X\r\n\r\n", b"x")]
    assert isinstance(posted(other.url, response_seconds=60, longest_body=0), Response)


def test_redirects(other):
    """A redirect is an answer, wherever it leads."""
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
    """A request that has not begun to leave by its deadline is known not to be sent, and never leaves later."""
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
    """The deadline is looked at between connecting and sending, even where a socket could not be shut down."""
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
    """A TLS handshake that does not end is cut off, and the request is known not to be sent."""
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
    """Take a client's hello, begin the longest record there is, and go on until the client hangs up."""
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
    """A certificate that is not trusted keeps the request from leaving."""
    untrusted = MessagesServer(certificate=self_signed(tmp_path, "127.0.0.1"))
    assert posted(untrusted.url) == NotSent(PostFault.UNTRUSTED)
    untrusted.close()
    assert untrusted.requests == []


def test_no_tls():
    """A server that does not speak TLS gets nothing either."""
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
    """Without a server, or an address, nothing is sent, and the outcome says why."""
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
    """Once the first byte may have left, the request may have arrived, whatever came back."""
    other.script = [answer]
    assert posted(other.url) == NoAnswer(fault)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_nothing_of_the_environment(other, monkeypatch, variable):
    """No proxy of the environment sees a request."""
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert posted(other.url).status == 202


FINAL = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints", b"199 X"])
@pytest.mark.parametrize("headers", [b"", b"Link: </x>\r\n", b"Link: </x>,\r\n \r\n </y>\r\n", b"X: y\r\n" * 200])
@pytest.mark.parametrize("times", [1, 3])
def test_interim_responses(other, interim, times, headers):
    """RFC 9110, 15.2: what comes before the final response decides nothing."""
    other.script = [server.raw((b"HTTP/1.1 " + interim + b"\r\n" + headers + b"\r\n") * times + FINAL)]
    outcome = posted(other.url)
    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.body) == (202, b"{}")


def test_no_final_response(other):
    """A server that changes to another protocol has not said whether it took the request."""
    other.script = [server.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n")]
    assert posted(other.url) == NoAnswer(PostFault.NO_HTTP)


def test_no_more_threads(other, monkeypatch):
    """A request for which the machine has no thread has not left."""

    def none_left(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    assert posted(other.url) == NotSent(PostFault.NO_CONNECTION)
    assert other.requests == []
