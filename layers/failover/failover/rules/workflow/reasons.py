"""Why a step ended without success, in words that a person can act on (docs/api.md, "Timeline")."""

from collections.abc import Sequence
from typing import Any

from failover.rules.channels.statuses import FAILURES
from failover.rules.workflow.state import Entry, Step

RESTORED = "restored from a backup: steps that had not begun by then may have been sent, and none is sent now"


def of_step(step: Step, outcome: str, detail: str = "") -> str:
    """Return one line: `expired after 600 s: last status delivered, wanted read`, `rejected: 1300 Not part of …`.

    `detail` of `advanced` is how long the step had waited: `after 7 s`.
    """
    if outcome in ("expired", "advanced"):
        waited = f"{detail} of {step.expiry_time} s" if outcome == "advanced" else f"after {step.expiry_time} s"
        return f"{outcome} {waited}: last status {step.status or 'none'}, wanted {step.condition_status}"
    if outcome == "unconfirmed":
        return outcome
    if not step.begun:
        return f"{outcome}: the send never began"
    return f"{outcome}: {detail}" if detail else outcome


def of_patience(timeline: Sequence[Entry], number: int, patience: int) -> str:
    """Return why a step was left that waited for `patience` seconds: it had no turn, or was not taken."""
    postponed = [one["reason"] for one in timeline if one["event"] == "postponed" and one["step"] == number]
    return f"not taken for {patience} s: {postponed[-1]}" if postponed else f"no turn within {patience} s"


def of_error(error: dict[str, Any] | None) -> str:
    """Return `<code> <reason>` of a failure's error object, or the part that it has."""
    if not error:
        return ""
    return " ".join(str(part) for part in (error.get("code"), error.get("reason")) if part)


def reported(timeline: Sequence[Entry], number: int, failure: str) -> dict[str, Any] | None:
    """Return the first code and the first reason in the callbacks of one failure of a step's message, or None."""
    merged: dict[str, Any] | None = None
    for entry in timeline:
        if entry["event"] == "status" and entry["step"] == number and entry["status"] == failure:
            merged = completed(merged, entry.get("error"))
    return merged


def explanation(timeline: Sequence[Entry], number: int, failure: str) -> dict[str, Any] | None:
    """Return the error of a step's message: as `reported`, completed from its other failures.

    Those count only if nothing was known before them, or if their code is the same: two errors are never mixed.
    """
    merged: dict[str, Any] | None = None
    for entry in timeline:
        if entry["event"] == "status" and entry["step"] == number and entry["status"] in FAILURES:
            error = entry.get("error")
            if entry["status"] == failure or not merged or (error and error.get("code") == merged.get("code")):
                merged = completed(merged, error)
    return merged


def completed(earlier: dict[str, Any] | None, later: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the error `earlier` with the fields that only `later` has. No value of `earlier` is replaced."""
    if not earlier or not later:
        return earlier or later
    return {**later, **{name: value for name, value in earlier.items() if value not in (None, "")}}


def of_entry(entry: Entry, timeline: Sequence[Entry]) -> str:
    """Return the reason of a `left` entry, including details that later callbacks added."""
    outcome = entry.get("outcome")
    detail = of_error(explanation(timeline, entry["step"], outcome)) if outcome in FAILURES else ""
    return f"{outcome}: {detail}" if detail else str(entry.get("reason", ""))


def of_workflow(timeline: Sequence[Entry]) -> str | None:
    """Return the reason of the last `left` entry, which is that of a workflow in `error`. Returns None without one."""
    entries = [entry for entry in timeline if entry["event"] == "left"]
    return of_entry(entries[-1], timeline) if entries else None
