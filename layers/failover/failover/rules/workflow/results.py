"""What a change of a workflow comes to: that it has ended, how long that took, and what its messages cost."""

from dataclasses import dataclass
from decimal import Decimal

from failover.rules.workflow.costs import costs
from failover.rules.workflow.race import Change


@dataclass(frozen=True)
class Completed:
    """The workflow ended with success. Both times end with the status that met the condition."""

    channel: str
    """Of the step whose condition was met."""
    seconds_to_condition: float
    """Since the Messages API answered that step's send, or since its claim if the status overtook the answer."""
    seconds_to_complete: float
    """Since the workflow was created."""


@dataclass(frozen=True)
class Failed:
    """The workflow ended in error."""

    reason: str
    """The outcome of its last step."""


def ending(change: Change) -> Completed | Failed | None:
    """Return how a change ended the workflow with success or in error. Returns None if it did neither."""
    before, after = change.before, change.after
    if not before.running or after.ended_at is None:
        return None
    if after.status == "error":
        return Failed(after.steps[-1].outcome or "")
    if after.status != "completed":
        return None
    step = after.steps[after.timeline[-1]["step"]]
    since = step.answered_at or step.claimed_at or after.ended_at
    return Completed(step.channel, _seconds(since, after.ended_at), _seconds(after.created_at, after.ended_at))


def _seconds(since: int, until: int) -> float:
    return max(until - since, 0) / 1000


def spent(change: Change) -> dict[str, Decimal]:
    """Return by how much a change raised the price of the workflow's messages, for each currency.

    A price that replaces one in another currency lowers that one: its amount is negative.
    """
    if len(change.before.timeline) == len(change.after.timeline):
        return {}
    before, after = costs(change.before.timeline), costs(change.after.timeline)
    differences = {one: after.get(one, Decimal(0)) - before.get(one, Decimal(0)) for one in sorted({*before, *after})}
    return {currency: price for currency, price in differences.items() if price}
