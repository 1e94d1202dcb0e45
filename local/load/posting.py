"""Posts workflows at a rate, whether or not earlier ones have been answered (an open loop)."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import requests
from requests.adapters import HTTPAdapter, Retry

from local.load.mixture import MIXTURE
from local.place import LocalFailure, Place

_AT_ONCE = 64
_AGAIN = Retry(
    total=None,
    status=60,
    connect=10,
    read=10,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=None,
    backoff_factor=0.2,
    backoff_max=3,
    backoff_jitter=1,
)
"""Failed requests are repeated. An Idempotency-Key makes this safe for a POST whose answer was lost."""


@dataclass(frozen=True)
class Posted:
    workflow_id: str
    kind: str
    seconds: float
    """From its due time until it was accepted."""
    refusals: int
    """The number of answers 429 or 5xx before the 202."""


def post_all(place: Place, written: dict[str, str], webhook_url: str, many: int, rate: float) -> list[Posted]:
    """Post `many` workflows, `rate` per second. Raises LocalFailure if one is not accepted."""
    session = requests.Session()
    session.trust_env = False
    session.auth = (written["API_KEY"], written["API_SECRET"])
    session.mount("http://", HTTPAdapter(max_retries=_AGAIN, pool_maxsize=_AT_ONCE))
    began = time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as clients:
        posts = []
        for number, kind in enumerate(islice(cycle(MIXTURE), many)):
            due = began + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            posts.append(clients.submit(_post, session, place, kind, webhook_url, due))
        try:
            return [post.result() for post in as_completed(posts)]
        except requests.exceptions.RetryError:
            clients.shutdown(cancel_futures=True)
            raise LocalFailure(f"the stack cannot keep up with {rate:g} workflows a second: lower RATE") from None


def _post(session: requests.Session, place: Place, kind: str, webhook_url: str, due: float) -> Posted:
    body: dict[str, Any] = {"template": "failover", "workflow": MIXTURE[kind], "webhook_url": webhook_url}
    answer = session.post(
        f"{place.api_url}/workflows", json=body, headers={"Idempotency-Key": str(uuid.uuid4())}, timeout=60
    )
    seconds = time.monotonic() - due
    if answer.status_code != 202:
        raise LocalFailure(f"a POST was answered {answer.status_code}")
    workflow_id: str = answer.json()["workflow_uuid"]
    if kind == "cancelled":
        cancelled = session.post(f"{place.api_url}/workflows/{workflow_id}/cancel", timeout=60)
        if cancelled.status_code not in (200, 409):
            raise LocalFailure(f"a cancel was answered {cancelled.status_code}")
    return Posted(workflow_id, kind, seconds, _refusals(answer))


def _refusals(answer: requests.Response) -> int:
    retries = answer.raw.retries
    return sum(attempt.status is not None for attempt in retries.history) if retries else 0
