"""A server on this machine that takes webhooks, as a customer's would."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import Any

from failover.rules import signature


class Inbox:
    """Answers 204 to webhooks that are signed with the secret, 401 to everything else."""

    def __init__(self, signature_secret: str) -> None:
        self._bodies: Queue[dict[str, Any]] = Queue()
        bodies = self._bodies

        class Webhook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    signature.check(self.headers.get("Authorization", ""), raw, signature_secret, time.time())
                except signature.Forged:
                    self.send_response(401)
                else:
                    bodies.put(json.loads(raw))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing: what comes is printed by whoever takes it out."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/webhooks"

    def take(self, many: int, patience: float) -> list[dict[str, Any]]:
        """Webhooks in the order of their `sequence`: so many, or those that came within `patience` seconds."""
        deadline = time.monotonic() + patience
        taken: dict[int, dict[str, Any]] = {}
        while len(taken) < many:
            try:
                body = self._bodies.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                break
            taken[body["sequence"]] = body
        return [taken[sequence] for sequence in sorted(taken)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
