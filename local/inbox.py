"""A webhook receiver on this machine, like a customer's. `make inbox` prints what arrives."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

from failover.rules.receipts import callback_signature
from local import credentials
from local.place import LocalFailure, Place


@dataclass(frozen=True)
class Webhook:
    at: float
    """Arrival time in seconds since the epoch."""
    body: dict[str, Any]


class Inbox:
    """Answers 204 to webhooks signed with the secret, and 401 to other requests.

    Listens on `port` of 127.0.0.1, or on a free one if `port` is 0. Raises OSError if the port is taken.
    """

    def __init__(self, signature_secret: str, port: int = 0) -> None:
        self._received: list[Webhook] = []
        self._changed = Condition()
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    callback_signature.check(self.headers.get("Authorization", ""), raw, signature_secret, time.time())
                except callback_signature.Forged:
                    self.send_response(401)
                else:
                    inbox._receive(Webhook(time.time(), json.loads(raw)))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Log nothing: `show_inbox` and the demo print the webhooks."""

        self._server = _Server(("127.0.0.1", port), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/webhooks"

    def received(self, enough: Callable[[list[Webhook]], bool] = lambda _: True, patience: float = 0) -> list[Webhook]:
        """Return all webhooks so far, repeats included, as soon as `enough` holds or `patience` seconds have passed."""
        with self._changed:
            self._changed.wait_for(lambda: enough(self._received), patience)
            return list(self._received)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _receive(self, webhook: Webhook) -> None:
        with self._changed:
            self._received.append(webhook)
            self._changed.notify_all()


def show_inbox(place: Place) -> None:
    """Print the local account's webhooks as they arrive, until interrupted. Raises LocalFailure."""
    if not credentials.written(place):
        raise LocalFailure("there is no local stack: run `make up` first")
    try:
        inbox = Inbox(credentials.read_all(place)["SIGNATURE_SECRET"], place.inbox_port)
    except OSError as error:
        raise LocalFailure(
            f"port {place.inbox_port} is busy ({error.strerror}): free it, or choose another: INBOX_PORT=… make up"
        ) from None
    print(f"waiting for webhooks to {inbox.url}; Ctrl+C ends this", flush=True)
    shown = 0
    while True:
        received = inbox.received(lambda webhooks: len(webhooks) > shown, patience=3600)  # noqa: B023 - called at once
        for webhook in received[shown:]:
            print(json.dumps(webhook.body, ensure_ascii=False), flush=True)
        shown = len(received)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
