"""What a limit at the vendor does to a load: requests a second there, and the workflows' delay, order and channels."""

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Self

from failover.rules.workflow.state import Workflow
from local.load import verdict

_ENDS_OF_A_SEND = frozenset({"sent", "unsent", "unknown", "postponed"})


@dataclass(frozen=True)
class Requests:
    """The requests that the sandbox counted against its limit."""

    taken: tuple[float, ...]
    """When each one was, in seconds since the epoch, in order."""
    refused: tuple[float, ...]

    @classmethod
    def logged(cls, lines: Iterable[str]) -> Self:
        """Read the sandbox's lines `sandbox: request`."""
        found = sorted((datetime.fromisoformat(line["timestamp"]).timestamp(), line["taken"]) for line in _read(lines))
        return cls(tuple(at for at, taken in found if taken), tuple(at for at, taken in found if not taken))

    @property
    def all(self) -> tuple[float, ...]:
        return tuple(sorted(self.taken + self.refused))


def _read(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    for line in map(json.loads, lines):
        if line.get("message") == "sandbox: request":
            yield line


def most_in_a_second(instants: Collection[float]) -> int:
    """Return how many of these instants (s, in order) at most lie within one second."""
    ordered = list(instants)
    return max((number - bisect_left(ordered, at - 1) for number, at in enumerate(ordered, 1)), default=0)


def mean_per_second(instants: Collection[float]) -> float:
    """Return how many of these instants (s) there were in a second, from the first to the last."""
    lasted = max(instants, default=0.0) - min(instants, default=0.0)
    return len(instants) / max(1.0, lasted)


def sent_at(flow: Workflow) -> int | None:
    """Return when (ms) the Messages API answered the first message of a workflow. Returns None if it never took it.

    It took a message that it refused as invalid, and may have taken one that it failed to answer.
    """
    first = flow.steps[0]
    return first.answered_at if first.phase in ("sent", "unknown") or first.outcome == "refused" else None


def delays(flows: Iterable[Workflow]) -> list[float]:
    """Return the seconds from the POST of each workflow until its first message was sent, if it was."""
    return [(at - flow.created_at) / 1000 for flow in flows if (at := sent_at(flow)) is not None]


def overtaken(flows: Iterable[Workflow]) -> list[float]:
    """Return for each workflow whose first message was sent after that of a younger one, by how many seconds."""
    by_age = sorted((flow.created_at, at) for flow in flows if (at := sent_at(flow)) is not None)
    first_of_younger = list(accumulate((at for _, at in reversed(by_age)), min))[::-1][1:]
    return [
        (at - younger) / 1000 for (_, at), younger in zip(by_age[:-1], first_of_younger, strict=True) if younger < at
    ]


def most_in_flight(flows: Iterable[Workflow]) -> int:
    """Return the largest number of sends under way at once, from their claims to their answers."""
    changes = sorted(change for flow in flows for change in _changes(flow))
    return max(accumulate((by for _, by in changes), initial=0))


def _changes(flow: Workflow) -> Iterator[tuple[int, int]]:
    """Yield (ms, 1) for each send that began, and (ms, -1) for each that ended."""
    under_way = set()
    for entry in flow.timeline:
        step = entry.get("step")
        if entry["event"] == "sending":
            under_way.add(step)
            yield entry["at"], 1
        elif step in under_way and entry["event"] in _ENDS_OF_A_SEND | {"left"}:
            under_way.remove(step)
            yield entry["at"], -1


def reached(flows: Iterable[Workflow]) -> Counter[str]:
    """Count the workflows by the channel on which their condition was met, or `none`."""
    return Counter(next((step.channel for step in flow.steps if step.outcome == "met"), "none") for flow in flows)


def report(flows: Collection[Workflow], requests: Requests, limit: float) -> Iterator[str]:
    """Yield the lines of the figures."""
    events = Counter(entry["event"] for flow in flows for entry in flow.timeline)
    unsent = Counter(entry["reason"] for flow in flows for entry in verdict.unsendable(flow))
    late = sorted(overtaken(flows))
    yield f"limit       {limit:g} requests a second at the sandbox"
    yield (
        f"            {len(requests.taken)} taken, {len(requests.refused)} refused with 429; in a second "
        f"{mean_per_second(requests.all):.1f} on average, {most_in_a_second(requests.all)} at most, "
        f"{most_in_a_second(requests.taken)} of them taken"
    )
    yield f"in flight   {most_in_flight(flows)} sends at once, at most"
    yield f"delay       {verdict.quantiles(delays(flows))}, from POST until the first message was sent"
    yield f"order       {len(late)} workflows after a younger one, by at most {late[-1] if late else 0:.1f} s"
    yield f"timeline    {events['waiting']} times `waiting`, {events['postponed']} times `postponed`"
    yield f"reached     {_listed(reached(flows))}"
    yield f"given up    {_listed(unsent) or 'no step'}, without a send"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{many} {name}" for name, many in sorted(counts.items()))
