"""Why a step was left, in words a person can act on."""

from typing import Any

from failover.rules.workflow import Step


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
    return " ".join(str(part) for part in (told.get("code"), told["reason"]) if part)
