"""One HTTP POST with a deadline, which reports whether any of it was sent.

The timeouts of `requests` hold for each read from the socket, so a server that answers byte by byte can keep a request
open without limit. Here the request runs in its own thread, and its connection is cut at the deadline.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_match_hostname import CertificateError

THREADS = "deadline-post"
"""Prefix of its threads' names."""


class PostFault(StrEnum):
    """Why there is no answer."""

    UNUSABLE_URL = "the URL cannot be used"
    NO_CONNECTION = "no connection"
    CONNECT_TIMEOUT = "connect timeout"
    UNTRUSTED = "certificate not trusted"
    NO_TLS = "no TLS connection"
    READ_TIMEOUT = "read timeout"
    CONNECTION_LOST = "connection lost"
    NO_HTTP = "no HTTP answer"


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    """Case-insensitive."""
    body: bytes | None
    """Decompressed. None if it was not asked for, is longer than asked for, or did not arrive in time."""


@dataclass(frozen=True)
class NotSent:
    """No byte of the request was sent, nor will be."""

    fault: PostFault


@dataclass(frozen=True)
class NoAnswer:
    """The request may have been received."""

    fault: PostFault


type Outcome = Response | NotSent | NoAnswer


def post(
    url: str,
    raw: bytes,
    headers: Mapping[str, str],
    *,
    connect_seconds: float,
    response_seconds: float,
    longest_body: int,
    adapters: Mapping[str, HTTPAdapter] | None = None,
    other_addresses: Callable[[], Iterable[str]] = tuple,
) -> Outcome:
    """POST `raw` once, on its own connection, and return within both times together.

    That includes DNS, connecting, TLS, sending, and reading the answer. A request that has not begun to be sent by then
    never is; a name server that hangs blocks only its thread. Redirects are not followed; proxies, credentials and
    certificates of the environment are not used.

    `longest_body`: bytes of the answer's body to read, 0 for none. `adapters`: a fresh adapter of requests for each URL
    prefix; exceptions they raise pass through, except those of requests and the standard library. `other_addresses` is
    called if no connection can be opened, and returns the IP addresses to try then, each within `connect_seconds`.
    """
    exchange = _Exchange()
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=THREADS)
    try:
        try:
            running = executor.submit(
                _exchanged,
                exchange,
                adapters or {"https://": HTTPAdapter(), "http://": HTTPAdapter()},
                other_addresses,
                (connect_seconds, response_seconds),
                longest_body,
                requests.Request("POST", url, {**headers, "Connection": "close"}, data=raw),
            )
        except RuntimeError:  # no more threads can be started
            return NotSent(PostFault.NO_CONNECTION)
        wait([running], timeout=connect_seconds + response_seconds)
        return running.result() if running.done() else exchange.cut()
    finally:
        executor.shutdown(wait=False)


class _Cut(OSError):
    """The deadline passed before this step of the request."""


class _Exchange:
    """The progress of a request, shared by its thread and the one that waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cut = False
        self.sending = False
        self._head: Response | None = None
        self._connected: list[socket.socket] = []

    def connecting(self) -> None:
        """Raises _Cut."""
        with self._lock:
            self._go_on()

    def connected(self, connection: socket.socket) -> None:
        """Raises _Cut. Keeps a duplicate, since TLS takes over the file descriptor of `connection`."""
        with self._lock:
            self._go_on()
            self._connected.append(connection.dup())

    def begin_to_send(self) -> None:
        """From here on the request may be received. Raises _Cut."""
        with self._lock:
            self._go_on()
            self.sending = True

    def answered(self, head: Response) -> None:
        with self._lock:
            self._head = head

    def cut(self) -> Outcome:
        """Cut the connection, and return the outcome so far."""
        with self._lock:
            self._cut = True
            for connection in self._connected:
                with contextlib.suppress(OSError):  # the peer may have closed it
                    connection.shutdown(socket.SHUT_RDWR)
            if self._head:
                return self._head
            return NoAnswer(PostFault.READ_TIMEOUT) if self.sending else NotSent(PostFault.CONNECT_TIMEOUT)

    def close(self) -> None:
        with self._lock:
            while self._connected:
                self._connected.pop().close()

    def _go_on(self) -> None:
        if self._cut:
            raise _Cut


def _exchanged(
    exchange: _Exchange,
    adapters: Mapping[str, HTTPAdapter],
    other_addresses: Callable[[], Iterable[str]],
    timeout: tuple[float, float],
    longest_body: int,
    request: requests.Request,
) -> Outcome:
    try:
        with _Session() as session:
            session.trust_env = False
            for prefix, adapter in adapters.items():
                adapter.poolmanager.pool_classes_by_scheme = {
                    "http": _watched(HTTPConnectionPool, exchange, other_addresses),
                    "https": _watched(HTTPSConnectionPool, exchange, other_addresses),
                }
                session.mount(prefix, adapter)
            prepared = session.prepare_request(request)
            with session.send(prepared, timeout=timeout, allow_redirects=False, stream=True) as response:
                if response.status_code < 200:
                    return NoAnswer(PostFault.NO_HTTP)
                head = Response(response.status_code, response.headers, None)
                exchange.answered(head)
                return replace(head, body=_body(response, longest_body))
    except (requests.RequestException, HTTPError, ValueError, OSError) as error:
        return NoAnswer(_lost(error)) if exchange.sending else NotSent(_unsent(error))
    finally:
        exchange.close()


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Always None: otherwise requests prepares the redirect and reads the body even with allow_redirects=False."""


class _FinalResponse(http.client.HTTPResponse):
    """Skips all interim responses (RFC 9110, 15.2); the standard library skips only 100."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == 101:  # after 101 the connection uses another protocol
                return version, status, reason
            while self.fp.readline(65537) not in (b"\r\n", b"\n", b""):
                pass


def _watched(
    pool: type[HTTPConnectionPool], exchange: _Exchange, other_addresses: Callable[[], Iterable[str]]
) -> type[HTTPConnectionPool]:
    """A pool whose connections report to `exchange` before they send anything, and try other addresses to open."""

    class Connection(pool.ConnectionCls):  # type: ignore[misc, name-defined]
        response_class = _FinalResponse

        def _new_conn(self) -> socket.socket:
            connection = self._opened()
            try:
                exchange.connected(connection)
            except OSError:
                connection.close()
                raise
            return connection

        def _opened(self) -> socket.socket:
            opened: socket.socket
            try:
                opened = super()._new_conn()
            except (NewConnectionError, ConnectTimeoutError) as first:
                if isinstance(first, NameResolutionError):
                    raise
                for address in other_addresses():
                    exchange.connecting()
                    self.host = address
                    with contextlib.suppress(NewConnectionError, ConnectTimeoutError):
                        opened = super()._new_conn()
                        return opened
                raise
            return opened

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            exchange.begin_to_send()
            super().send(data)

    class Pool(pool):  # type: ignore[misc, valid-type]
        ConnectionCls = Connection

    return Pool


def _body(response: requests.Response, longest: int) -> bytes | None:
    if not longest:
        return None
    body = b""
    try:
        for chunk in response.iter_content(4096):
            body += chunk
            if len(body) > longest:
                return None
    except (requests.RequestException, HTTPError, ValueError, OSError):
        return None  # the status is enough
    return body


def _unsent(error: BaseException) -> PostFault:
    """Why a request was not sent."""
    causes = tuple(_causes(error))
    if _any(causes, InvalidURL, MissingSchema, InvalidSchema):
        return PostFault.UNUSABLE_URL
    if _any(causes, ssl.SSLCertVerificationError, CertificateError):
        return PostFault.UNTRUSTED
    if _any(causes, requests.Timeout, TimeoutError):
        return PostFault.CONNECT_TIMEOUT
    return PostFault.NO_TLS if _any(causes, ssl.SSLError) else PostFault.NO_CONNECTION


def _lost(error: BaseException) -> PostFault:
    """Why a request that may have been sent was not answered."""
    causes = tuple(_causes(error))
    if _any(causes, requests.Timeout, TimeoutError):
        return PostFault.READ_TIMEOUT
    if _any(causes, ConnectionError, ssl.SSLError):
        return PostFault.CONNECTION_LOST
    return PostFault.NO_HTTP


def _any(causes: tuple[BaseException, ...], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and its causes: requests wraps urllib3's errors, which wrap those of the standard library."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
