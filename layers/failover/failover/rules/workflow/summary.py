"""What many workflows have done: outcomes, failovers, prices and times (docs/api.md, "Summary")."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from failover.rules.channels.statuses import meets
from failover.rules.formats.pages import INSTANT, Query, instant
from failover.rules.timing.instants import iso
from failover.rules.workflow.closing import messages_delivered
from failover.rules.workflow.costs import grand_totals
from failover.rules.workflow.presentation import sent, usage
from failover.rules.workflow.state import STATES, Entry, Step, Workflow
from failover.rules.workflow.transitions import FINAL_CONDITION

MOST_WORKFLOWS = 1000
"""Workflows that one summary looks at."""
MOST_POINTS = 100
"""Points of one curve."""
_HOUR = 3_600_000
_DAY = 24 * _HOUR


@dataclass(frozen=True)
class Asked:
    """The span of a summary, in milliseconds; both ends count."""

    since: int
    until: int


def parse(query: Mapping[str, str], now: int) -> Asked:
    """Return the span in a query string, by default the 24 hours before `until`, which is `now` by default.

    Ignores unknown parameters; raises InvalidFilters.
    """
    asked, reason = Query(query), f"Should be {INSTANT}"
    until = asked.read("until", instant, now, reason)
    since = asked.read("since", instant, max(until - _DAY, 0), reason)
    asked.check()
    return Asked(since, until)


def summary(workflows: Iterable[Workflow], asked: Asked, now: int, exact: bool) -> dict[str, Any]:
    """Return the answer for the workflows of a span, in any order.

    `exact` is False if the span may have more workflows than these.
    """
    flows = list(workflows)
    return {
        "as_of": iso(now),
        "since": iso(asked.since),
        "until": iso(asked.until),
        "exact": exact,
        "workflows": len(flows),
        "outcomes": _by_status(flows),
        "reached": _reached(flows),
        "reached_twice": sum(messages_delivered(flow) > 1 for flow in flows),
        "failovers": _failovers(flows),
        **usage(grand_totals(flow.timeline for flow in flows)),
        "hours": _hours(flows),
        "times": _times(flows),
    }


def _by_status(flows: Iterable[Workflow]) -> dict[str, int]:
    counts = Counter(flow.status for flow in flows)
    return {status: counts[status] for status in STATES}


def _reached(flows: Iterable[Workflow]) -> list[dict[str, Any]]:
    completed = Counter(
        (entry["step"], flow.steps[entry["step"]].channel)
        for flow in flows
        for entry in flow.timeline
        if entry["event"] == "completed" and "step" in entry
    )
    return [
        {"step": number, "channel": channel, "workflows": count}
        for (number, channel), count in sorted(completed.items())
    ]


def _failovers(flows: Iterable[Workflow]) -> list[dict[str, Any]]:
    closed = Counter(
        (flow.steps[entry["step"]].channel, entry["outcome"])
        for flow in flows
        for entry in flow.timeline
        if entry["event"] == "left" and "outcome" in entry
    )
    return [
        {"channel": channel, "outcome": outcome, "steps": count} for (channel, outcome), count in sorted(closed.items())
    ]


def _hours(flows: Iterable[Workflow]) -> list[dict[str, Any]]:
    hours: dict[int, list[Workflow]] = {}
    for flow in flows:
        hours.setdefault(flow.created_at // _HOUR * _HOUR, []).append(flow)
    return [{"from": iso(hour), **_by_status(hours[hour])} for hour in sorted(hours)]


def _times(flows: Iterable[Workflow]) -> list[dict[str, Any]]:
    """Return a row for each channel and condition status of the steps whose message was, or may have been, accepted."""
    found: dict[tuple[str, str], list[tuple[Step, int | None]]] = {}
    for flow in flows:
        statuses = [entry for entry in flow.timeline if entry["event"] == "status"]
        for number, step in enumerate(flow.steps):
            condition = step.condition_status or FINAL_CONDITION
            met = _time_to(condition, step, [entry for entry in statuses if entry["step"] == number])
            if met is not None or sent(step) != "never_sent":
                found.setdefault((step.channel, condition), []).append((step, met))
    return [
        {"channel": channel, "condition_status": condition, **_of_steps(steps)}
        for (channel, condition), steps in sorted(found.items())
    ]


def _time_to(condition: str, step: Step, statuses: Iterable[Entry]) -> int | None:
    """Return the milliseconds from the answer to a step's send until a status met the condition, or None if none did.

    Counts from the claim if the answer is not known, and returns 0 if the status overtook the answer.
    """
    at: int | None = next((entry["at"] for entry in statuses if meets(entry["status"], condition)), None)
    if at is None:
        return None
    return max(at - (step.answered_at or step.claimed_at or at), 0)


def _of_steps(steps: Sequence[tuple[Step, int | None]]) -> dict[str, Any]:
    expiry_times = Counter(step.expiry_time for step, _ in steps if step.expiry_time is not None)
    times = Counter(met for _, met in steps if met is not None)
    return {
        "sent": len(steps),
        "met": times.total(),
        "expiry_times": [{"seconds": seconds, "steps": count} for seconds, count in sorted(expiry_times.items())],
        "curve": _curve(times),
    }


def _curve(times: Counter[int]) -> list[dict[str, Any]]:
    """Return how many steps took at most so long, at the shortest and the longest time and at up to 98 in between."""
    points, steps = [], 0
    for milliseconds, count in sorted(times.items()):
        steps += count
        points.append({"seconds": milliseconds / 1000, "steps": steps})
    if len(points) <= MOST_POINTS:
        return points
    return [points[number * (len(points) - 1) // (MOST_POINTS - 1)] for number in range(MOST_POINTS)]
