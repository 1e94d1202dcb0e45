"""How a step is closed and a workflow ends, and when its end is reported again."""

from dataclasses import replace
from typing import Any

from failover.rules.channels.statuses import reached
from failover.rules.workflow import reasons, retention
from failover.rules.workflow.costs import costs
from failover.rules.workflow.state import End, Workflow


def closed(workflow: Workflow, number: int, outcome: str, now: int, detail: str = "") -> Workflow:
    """Close step `number` without success. If it is the last, the workflow ends in error."""
    reason = reasons.of_step(workflow.steps[number], outcome, detail)
    workflow = workflow.with_step(number, outcome=outcome)
    workflow = workflow.with_entry(now, "left", step=number, outcome=outcome, reason=reason)
    return ended(workflow, "error", now, step=number, reason=reason) if workflow.is_last(number) else workflow


def ended(workflow: Workflow, status: End, now: int, **details: Any) -> Workflow:
    """End the workflow, with the one entry that is the final report."""
    workflow = workflow.with_entry(now, status, **details)
    return replace(
        workflow,
        status=status,
        reason=details.get("reason"),
        ended_at=now,
        expires_at=retention.forgotten_at(now, workflow.record_retention),
    )


def amended(before: Workflow, after: Workflow, now: int) -> Workflow:
    """Repeat the final report if a status after the end changes the total, or shows that two messages arrived."""
    twice = messages_delivered(after) > max(1, messages_delivered(before))
    if not twice and costs(before.timeline) == costs(after.timeline):
        return after
    return after.with_entry(now, "amended")


def messages_delivered(workflow: Workflow) -> int:
    """Return how many messages have reached the recipient."""
    return sum(any(map(reached, step.statuses)) for step in workflow.steps)
