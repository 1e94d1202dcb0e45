"""What is known about one workflow, as plain data without texts, addresses and URLs."""

from dataclasses import dataclass

from failover.rules.workflow.state import Workflow


@dataclass(frozen=True)
class Moment:
    """One thing that happened."""

    at: int
    """Milliseconds since the epoch."""
    source: str
    """`workflow`, `execution`, `log` or `webhook`."""
    text: str


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver a webhook."""

    number: int
    at: int
    milliseconds: int
    answer: int | None = None
    """The HTTP status; None if there was none."""
    error: str | None = None
    """Why there was no answer."""

    @property
    def result(self) -> str:
        return self.error or str(self.answer)

    @property
    def delivered(self) -> bool:
        return self.answer is not None and 200 <= self.answer < 300


@dataclass(frozen=True)
class Webhook:
    """The webhook of one entry of the timeline."""

    sequence: int
    state: str
    """`pending`, `delivered` or `failed`."""
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Execution:
    """One execution of the state machine."""

    number: int
    """1, 2, …: it is named `<workflow id>-<number>`."""
    status: str
    """`RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`."""
    started_at: int
    ended_at: int | None = None
    moments: tuple[Moment, ...] = ()
    """From its history: what was invoked, waited for, and failed."""


@dataclass(frozen=True)
class Story:
    workflow: Workflow
    now: int
    webhooks: tuple[Webhook, ...] = ()
    executions: tuple[Execution, ...] = ()
    logs: tuple[Moment, ...] = ()
    gaps: tuple[str, ...] = ()
    """What could not be read, in words: a verdict may lack it."""


def seconds(milliseconds: float) -> str:
    """Return a duration for people: `0.4 s`, `412 s`, `2 h 5 min`."""
    if milliseconds < 10_000:
        return f"{milliseconds / 1000:.1f} s"
    whole = round(milliseconds / 1000)
    if whole < 600:
        return f"{whole} s"
    minutes = round(whole / 60)
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


@dataclass(frozen=True)
class Finding:
    """Why something took long."""

    milliseconds: int
    """How much of the time it explains."""
    text: str
