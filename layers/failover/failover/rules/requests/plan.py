"""What would happen: when each step of a request could be sent, at the earliest and at the latest."""

from typing import Any

from failover.rules.sending import backoff, client_ref
from failover.rules.timing.instants import iso
from failover.rules.workflow import overdue

START_SECONDS = 30
"""From the request to the first send, and from each decision to the next send: functions start, engines queue."""


def planned(steps: list[dict[str, Any]], now: int, receipt_window: int) -> dict[str, Any]:
    """The answer to `?dry_run=true`; times in ms, `receipt_window` as configured (seconds).

    Each step could be sent at once, if those before it fail at once. The latest is when all of them take their whole
    time to be sent, and expire. Later than that a step is sent only where something had to be repaired.
    """
    latest = now
    shown = []
    for number, step in enumerate(steps):
        latest += START_SECONDS * 1000
        shown.append(_step(number, step, now, latest))
        expiry = step.get("failover", {}).get("expiry_time")
        waits = expiry or overdue.receipt_window(step["to"]["type"], receipt_window)
        latest += int(backoff.longest_send(expiry) * 1000) + waits * 1000
    return {"template": "failover", "dry_run": True, "steps": shown, "over_at_latest": iso(latest)}


def _step(number: int, step: dict[str, Any], earliest: int, latest: int) -> dict[str, Any]:
    document: dict[str, Any] = {"step": number, "channel": step["to"]["type"], "from": step["from"], "to": step["to"]}
    document.update(step.get("failover", {}))
    if reference := client_ref.of_customer(step):
        document["client_ref"] = reference
    document["earliest_send"] = iso(earliest)
    document["latest_send"] = iso(latest)
    return document
