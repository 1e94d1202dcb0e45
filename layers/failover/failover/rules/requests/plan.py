"""The plan of a request: the earliest and latest time of each step, and where webhooks go (docs/api.md, "Plan")."""

from typing import Any

from failover.rules.requests.request import Request
from failover.rules.sending import backoff, client_ref
from failover.rules.timing.instants import iso
from failover.rules.workflow import overdue

START_SECONDS = 30
"""Seconds from the request to the first send, and from each decision to the next, for cold starts and queues."""


def planned(asked: Request, status_url: str | None, now: int, receipt_window: int) -> dict[str, Any]:
    """Return the answer to `?dry_run=true`.

    `status_url` is the caller's, `now` is in ms, and `receipt_window` is the configured one in seconds (`overdue`).
    A step can be sent at once if all steps before it fail at once. Its latest time assumes that each of them takes the
    longest to be sent and then expires; a step is sent later than that only if it has to wait for its turn, or after a
    repair.
    """
    latest = now
    shown = []
    for number, step in enumerate(asked.steps):
        latest += START_SECONDS * 1000
        shown.append(_step(number, step, now, latest))
        expiry = step.get("failover", {}).get("expiry_time")
        waits = expiry or overdue.receipt_window(step["to"]["type"], receipt_window)
        latest += int(backoff.LONGEST_SEND * 1000) + waits * 1000
    document: dict[str, Any] = {"template": "failover", "dry_run": True}
    if asked.client_ref:
        document["client_ref"] = asked.client_ref
    webhooks_to = asked.webhook_url or status_url
    return {**document, "webhooks_to": webhooks_to, "steps": shown, "over_at_latest": iso(latest)}


def _step(number: int, step: dict[str, Any], earliest: int, latest: int) -> dict[str, Any]:
    document: dict[str, Any] = {"step": number, "channel": step["to"]["type"], "from": step["from"], "to": step["to"]}
    document.update(step.get("failover", {}))
    if reference := client_ref.of_customer(step):
        document["client_ref"] = reference
    document["earliest_send"] = iso(earliest)
    document["latest_send"] = iso(latest)
    return document
