"""Concurrency limits: a few calls of each function run at once, and others wait a while before they are refused."""

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

from failover import problems

AT_ONCE = 4
"""Concurrent calls of one function. Each function has its own slots, and none calls itself, not even through others,
so calls that wait for each other cannot deadlock."""
SENDS_AT_ONCE = 16
"""The same of a send function: its calls sleep for up to a few seconds, until it is their turn at the vendor."""
PATIENCE = 25.0
"""Seconds for which a call waits for a slot. API Gateway waits 29 s for a function's answer."""

type Slot = tuple[str | None, str | None]
"""(the function's key, None), or (None, the name of the limit)."""


class Slots:
    """A queue for each function in front of MiniStack's slots, which refuse a call at once."""

    def __init__(
        self,
        key_of: Callable[[dict[str, Any]], str],
        acquire: Callable[[dict[str, Any], dict[str, Any]], Slot],
        release: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        self._key_of, self._acquire, self._release, self._patience = key_of, acquire, release, patience
        self._lock = threading.Lock()
        self._free: dict[str, threading.Semaphore] = {}

    def acquire(self, function: dict[str, Any], config: dict[str, Any]) -> Slot:
        """Wait for a slot of the function, for at most `patience` seconds."""
        free = self._of(self._key_of(config))
        if not free.acquire(timeout=self._patience):
            return None, "function"
        key, limit = self._acquire(function, config)
        if key is None:
            free.release()
        return key, limit

    def release(self, key: str) -> None:
        self._release(key)
        self._of(key).release()

    def _of(self, key: str) -> threading.Semaphore:
        with self._lock:
            if key not in self._free:
                self._free[key] = threading.Semaphore(at_once(key))
            return self._free[key]


def at_once(key: str) -> int:
    """Return how many calls of the function with this key run at once."""
    return SENDS_AT_ONCE if "-send-" in key else AT_ONCE


def answering(answer: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Wrap MiniStack's conversion of a function's result, so that a refused call is answered with our problem."""

    def answered(result: dict[str, Any]) -> Any:
        return (refusal(), None) if result.get("throttle") else answer(result)

    return answered


def refusal() -> dict[str, Any]:
    """Return the template's gateway response `INTEGRATION_FAILURE`, which MiniStack ignores."""
    problem = problems.unavailable("The service is busy; the same request may succeed in a moment.")
    trace_id = uuid.uuid4().hex
    headers = {
        "Content-Type": problems.CONTENT_TYPE,
        "Content-Language": "en",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Nexmo-Trace-Id": trace_id,
        **problem.headers,
    }
    return {"statusCode": problem.kind.status, "headers": headers, "body": json.dumps(problem.body(trace_id))}
