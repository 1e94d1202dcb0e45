"""A scripted Messages API on loopback: it answers, refuses, resets, hangs, and records its requests."""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

type Answer = Callable[[socket.socket], None]


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    raw: bytes


def http(status: int, body: bytes = b"{}", headers: str = "", length: int | None = None) -> Answer:
    """A plain answer; `length` may differ from the body's."""

    def answer(connection: socket.socket) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}"
        head += f"Content-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    return answer


def raw(answer: bytes) -> Answer:
    """Exactly these bytes."""
    return lambda connection: connection.sendall(answer)


def endless(server: "MessagesServer", head: bytes, piece: bytes) -> Answer:
    """`head`, then `piece` every 20 ms until the client hangs up or the server is closed, for ten seconds at most."""

    def answer(connection: socket.socket) -> None:
        end = time.monotonic() + 10
        with contextlib.suppress(OSError):
            connection.sendall(head)
            while time.monotonic() < end and not server.released.wait(0.02):
                connection.sendall(piece)

    return answer


def problem(status: int, title: str, headers: str = "", **more: Any) -> Answer:
    return http(status, json.dumps({"title": title, **more}).encode(), headers)


def accepted(message_uuid: str | None = None) -> Answer:
    return http(202, json.dumps({"message_uuid": message_uuid or str(uuid.uuid4())}).encode())


def reset(connection: socket.socket) -> None:
    """Reset the connection after reading the request."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closed(connection: socket.socket) -> None:
    """Close the connection without an answer."""


garbage = raw(b"what is this\r\n\r\n")


@dataclass
class MessagesServer:
    """Answers in the order of `script`, then accepts everything. `meanwhile` runs before each answer."""

    script: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    meanwhile: Callable[[Request], None] = lambda _: None
    received: Callable[[bytes], None] = lambda _: None
    """Called with the raw body of each request."""
    released: threading.Event = field(default_factory=threading.Event)
    certificate: Path | None = None
    """A file with certificate and key, for TLS."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._tls = None
        if self.certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(self.certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def hang(self, _: socket.socket) -> None:
        """Send nothing until the server is closed."""
        self.released.wait(60)

    def close(self) -> None:
        self.released.set()
        with contextlib.suppress(OSError):  # it may be closed already
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`, which would let one more in
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._secured, args=(connection,), daemon=True).start()

    def _secured(self, connection: socket.socket) -> None:
        if self._tls is None:
            self._answer(connection)
            return
        with connection, contextlib.suppress(OSError):  # a client that does not trust us hangs up
            self._answer(self._tls.wrap_socket(connection, server_side=True))

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            request = _read(connection)
            if request is None:
                return
            self.received(request.raw)
            with self._lock:
                self.requests.append(request)
                answer = self.script.pop(0) if self.script else accepted()
            self.meanwhile(request)
            answer(connection)


def _read(connection: socket.socket) -> Request | None:
    """Read the one request of a connection. Returns None if its client hung up because it distrusts the certificate."""
    with connection.makefile("rb") as stream:
        if not (first := stream.readline().decode()):
            return None
        headers = {}
        while line := stream.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        raw = stream.read(int(headers.get("content-length", 0)))
    return Request(first.split(" ")[1], headers, json.loads(raw or b"{}"), raw)
