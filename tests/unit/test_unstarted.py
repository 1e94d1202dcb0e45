"""Which workflows are in the queue `unstarted`, and since when, as pure functions."""

from dataclasses import dataclass, replace

import pytest

from failover.rules.sending.answers import Accepted
from failover.rules.workflow import overdue, transitions
from failover.rules.workflow.itinerary import itinerary
from failover.rules.workflow.state import Step
from tests.examples import ID, NOW, THREE_STEPS, TWO_STEPS, workflow

SHARD = int(ID[:8], 16) % overdue.SHARDS


@dataclass(frozen=True)
class WaitingStep(Step):
    """A step that has no turn yet."""

    waiting_since: int | None = None


def claimed():
    return transitions.claimed(workflow(*TWO_STEPS), 0, NOW)


def waiting():
    flow = workflow(*TWO_STEPS)
    return replace(flow, steps=(WaitingStep("messenger", "read", 600, waiting_since=NOW), *flow.steps[1:]))


def last_claimed():
    return transitions.claimed(transitions.answered(claimed(), 0, Accepted("u"), NOW), 1, NOW + 1_000_000)


@pytest.mark.parametrize(
    ("flow", "queue"),
    [
        (workflow(*THREE_STEPS), "unstarted"),
        (workflow("sms"), "unstarted"),
        (replace(workflow(*TWO_STEPS), attempt=2), "due"),
        (claimed(), "due"),
        (waiting(), "due"),
        (last_claimed(), "silent"),
        (transitions.claimed(workflow("sms"), 0, NOW), "silent"),
        (transitions.cancelled(workflow(*TWO_STEPS), NOW), "unpublished"),
    ],
)
def test_queue(flow, queue):
    """A running workflow is unstarted until a step is claimed or waits for its turn, or an execution has died."""
    assert overdue.partition(flow) == f"{queue}#{SHARD}"
    assert overdue.unstarted(flow) == (queue == "unstarted")


def test_due():
    """A new workflow is due once its POST can no longer be at work: API Gateway ends that after 29 seconds."""
    assert transitions.accepted(workflow(*TWO_STEPS)).due_at == NOW + 30_000


def test_the_same_input_at_any_time():
    """Until a step has begun, an execution's input depends on nothing that changes: a start is idempotent."""
    flow = workflow(*THREE_STEPS)
    later = replace(flow, version=7, due_at=NOW + 9, writes=("a",))
    assert itinerary(later, NOW + 10**9) == itinerary(flow, NOW)
