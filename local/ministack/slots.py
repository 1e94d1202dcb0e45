"""Whose turn it is: a few calls of each function run at once, and the others wait before they are refused."""

import json
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from failover import problems

AT_ONCE = 4
"""Calls of one function. A call may wait for the call of another function, which has slots of its own: no function
calls itself, by however long a way, so no call waits for its own slot."""
PATIENCE = 25.0
"""Seconds a call waits for a slot. API Gateway waits 29 s for a function's answer."""

type Slot = tuple[str | None, str | None]
"""(the function's key, None), or (None, the limit that was reached)."""


class Slots:
    """MiniStack's slots, which never wait, with a queue for each function in front of them."""

    def __init__(
        self,
        key_of: Callable[[dict[str, Any]], str],
        acquire: Callable[[dict[str, Any], dict[str, Any]], Slot],
        release: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        self._key_of, self._acquire, self._release, self._patience = key_of, acquire, release, patience
        self._lock = threading.Lock()
        self._free: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(AT_ONCE))

    def acquire(self, function: dict[str, Any], config: dict[str, Any]) -> Slot:
        """Wait for a slot of the function."""
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
            return self._free[key]


def answering(answer: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """What MiniStack's API Gateway makes of a function's result, with our problem document for a refused call."""

    def answered(result: dict[str, Any]) -> Any:
        return (refusal(), None) if result.get("throttle") else answer(result)

    return answered


def refusal() -> dict[str, Any]:
    """The answer to a call that waited in vain: `INTEGRATION_FAILURE` of the template, which MiniStack ignores."""
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
