"""The invariants that must hold after a load, with or without faults."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from failover.rules.sending import backoff
from failover.rules.workflow import publication
from failover.rules.workflow.state import Entry, Workflow

ENDS = ("completed", "error", "cancelled")
_LONGEST_SEND = 90_000
"""Milliseconds after its claim in which every send has ended, unless its process died."""


def broken(
    posted: set[str], flows: dict[str, Workflow], requests: Counter[str], arrived: set[tuple[str, int]]
) -> list[str]:
    """Describe every violation.

    `flows` are the workflows in the table by id. `requests` counts the requests that the Messages API accepted, or may
    have accepted, by `client_ref`. `arrived` has (workflow id, sequence) of each webhook that arrived.
    """
    violations = [f"lost: {workflow_id} was accepted but is not in the table" for workflow_id in posted - flows.keys()]
    for flow in flows.values():
        violations += (f"{flow.id}: {violation}" for violation in _of_one(flow))
        expected = {entry["sequence"] for entry in publication.webhooks(flow)}
        missing = expected - {sequence for workflow_id, sequence in arrived if workflow_id == flow.id}
        violations += (f"{flow.id}: I10: webhook {sequence} did not arrive" for sequence in sorted(missing))
    violations += (f"{reference}: I3: requested {many} times" for reference, many in requests.items() if many > 1)
    return violations


def _of_one(flow: Workflow) -> Iterator[str]:
    if flow.running and not silent(flow):
        yield "I5: it is not over"
    events = [entry["event"] for entry in flow.timeline]
    ends = [number for number, event in enumerate(events) if event in ENDS]
    if len(ends) > 1:
        yield f"I1: it ended {len(ends)} times"
    sending = [(number, entry["step"]) for number, entry in enumerate(flow.timeline) if entry["event"] == "sending"]
    for number, step in sending:
        if ends and number > ends[0]:
            yield f"I4: step {step} was claimed after the end"
        if step > 0 and not any(_given_up(entry, step - 1) for entry in flow.timeline[:number]):
            yield f"I2: step {step} was claimed before step {step - 1} was given up"
    yield from (f"I2: step {step} was given up before its expiry" for step in _given_up_early(flow))
    yield from (f"I3: step {step} was claimed twice" for step in _claimed_twice(flow))
    last = [entry for entry in unsendable(flow) if flow.is_last(entry["step"])]
    yield from (f"lost: the last step was never sent, {entry['reason']}" for entry in last)


def _claimed_twice(flow: Workflow) -> Iterator[int]:
    """Yield the steps with a claim after another one that had not been postponed."""
    claimed = set()
    for entry in flow.timeline:
        if entry["event"] == "sending":
            if entry["step"] in claimed:
                yield entry["step"]
            claimed.add(entry["step"])
        elif entry["event"] == "postponed":
            claimed.discard(entry["step"])


def unsendable(flow: Workflow) -> list[Entry]:
    """Return the entries of steps that were left because the Messages API did not take their message in time."""
    return [entry for entry in flow.timeline if entry["event"] == "left" and entry.get("outcome") == "unsendable"]


def _given_up_early(flow: Workflow) -> Iterator[int]:
    """Yield the steps that were given up as expired too early: counted from the answer, or from its last moment."""
    for entry in flow.timeline:
        step = flow.steps[entry.get("step", 0)]
        began = step.answered_at or (step.claimed_at or 0) + backoff.LONGEST_SEND * 1000
        if entry["event"] == "left" and _expired(entry) and entry["at"] < began + (step.expiry_time or 0) * 1000:
            yield entry["step"]


def silent(flow: Workflow) -> bool:
    """Return whether the workflow can only wait for a receipt of its last message, which may never have been sent."""
    last = flow.steps[-1]
    return flow.running and last.phase in ("claimed", "unknown") and not last.statuses


def sending(flow: Workflow, now: int) -> bool:
    """Return whether the send of the last message may still be under way at `now` (ms)."""
    last = flow.steps[-1]
    return last.phase == "claimed" and now < (last.claimed_at or 0) + _LONGEST_SEND


def _given_up(entry: Entry, step: int) -> bool:
    return bool(entry["event"] == "left" and entry["step"] == step)


def lateness(flows: Iterable[Workflow]) -> list[float]:
    """Return the seconds from each step's expiry to the next step, for steps whose send was answered."""
    late = []
    for flow in flows:
        for entry, following in pairwise(flow.timeline):
            if _followed(entry, following) and _expired(entry):
                step = flow.steps[entry["step"]]
                if step.answered_at is not None:
                    late.append((entry["at"] - step.answered_at) / 1000 - (step.expiry_time or 0))
    return late


def next_after_failure(flows: Iterable[Workflow]) -> list[float]:
    """Return the seconds from each failed message to the claim of the next step."""
    return [
        (following["at"] - entry["at"]) / 1000
        for flow in flows
        for entry, following in pairwise(flow.timeline)
        if _followed(entry, following) and not _expired(entry)
    ]


def _followed(entry: Entry, following: Entry) -> bool:
    return bool(entry["event"] == "left" and following["event"] == "sending")


def _expired(entry: Entry) -> bool:
    return str(entry["reason"]).startswith("expired")


def webhook_lags(flows: dict[str, Workflow], first: dict[tuple[str, int], float]) -> list[float]:
    """Return the seconds from each timeline entry to the first arrival of its webhook."""
    at = {(flow.id, entry["sequence"]): entry["at"] / 1000 for flow in flows.values() for entry in flow.timeline}
    return [arrived - at[key] for key, arrived in first.items() if key in at]


def identity(body: dict[str, Any]) -> tuple[str, int]:
    """Return (workflow id, sequence) of a webhook."""
    link = body["_links"].get("workflow") or body
    return link["workflow_uuid"], body["sequence"]


def quantiles(seconds: list[float]) -> str:
    """Format p50, p95, p99 and the maximum as one line."""
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    p50, p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.95, 0.99))
    return f"p50 {p50:7.3f} s   p95 {p95:7.3f} s   p99 {p99:7.3f} s   max {ordered[-1]:7.3f} s   of {len(ordered)}"
