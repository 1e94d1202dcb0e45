"""Why a step was left, in words a person can act on."""

from collections.abc import Sequence
from typing import Any

from failover.rules.channels.statuses import FAILURES
from failover.rules.workflow.state import Entry, Step


def left(step: Step, outcome: str, detail: str = "") -> str:
    """One line: `expired after 600 s: last status delivered, wanted read`, `rejected: 1300 Not part of …`."""
    if outcome == "expired":
        return (
            f"expired after {step.expiry_time} s: last status {step.status or 'none'}, wanted {step.condition_status}"
        )
    if outcome == "unconfirmed":
        return outcome
    if step.phase == "pending":
        return f"{outcome}: the send never began"
    return f"{outcome}: {detail}" if detail else outcome


def error(told: dict[str, Any] | None) -> str:
    """`<code> <reason>` of a failure's error object, as far as it has them."""
    if not told:
        return ""
    return " ".join(str(part) for part in (told.get("code"), told.get("reason")) if part)


def reported(timeline: Sequence[Entry], number: int, failure: str) -> dict[str, Any] | None:
    """All that the callbacks of one failure of a step's message have said: the first code, and the first reason."""
    known: dict[str, Any] | None = None
    for entry in timeline:
        if entry["event"] == "status" and entry["step"] == number and entry["status"] == failure:
            known = completed(known, entry.get("error"))
    return known


def explanation(timeline: Sequence[Entry], number: int, failure: str) -> dict[str, Any] | None:
    """Why a step's message failed, in all that its callbacks have said: as `told`, completed by its other failures.

    Those count where nothing was known before them, or where they have the same code: two errors are not mixed.
    """
    known: dict[str, Any] | None = None
    for entry in timeline:
        if entry["event"] == "status" and entry["step"] == number and entry["status"] in FAILURES:
            said = entry.get("error")
            if entry["status"] == failure or not known or (said and said.get("code") == known.get("code")):
                known = completed(known, said)
    return known


def completed(known: dict[str, Any] | None, said: dict[str, Any] | None) -> dict[str, Any] | None:
    """`known` with the code and the reason that it lacks and that `said` has; nothing that is known is replaced."""
    if not known or not said:
        return known or said
    return {**said, **{name: value for name, value in known.items() if value not in (None, "")}}


def as_known(entry: Entry, timeline: Sequence[Entry]) -> str:
    """The reason of an entry `left` as far as it is known by now: what a later callback has added is in it."""
    outcome = entry.get("outcome")
    said = error(explanation(timeline, entry["step"], outcome)) if outcome in FAILURES else ""
    return f"{outcome}: {said}" if said else str(entry.get("reason", ""))


def of_the_end(timeline: Sequence[Entry]) -> str | None:
    """Why a workflow ended in error, as far as this much of its timeline tells: the reason of the step left last."""
    left = [entry for entry in timeline if entry["event"] == "left"]
    return as_known(left[-1], timeline) if left else None
