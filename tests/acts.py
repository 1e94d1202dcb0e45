"""What can happen to the tests' workflow: each act leads from one state to the next."""

from collections.abc import Callable
from typing import Any

from failover.rules.receipts.receipt import Receipt
from failover.rules.receipts.usage import Usage
from failover.rules.sending.answers import Accepted, Answer
from failover.rules.webhooks import bodies
from failover.rules.workflow import transitions
from failover.rules.workflow.state import Entry, Workflow
from tests.examples import NOW, TWO_STEPS, workflow

type Act = Callable[[Workflow], Workflow | None]

LATER = NOW + 700_000
"""The instant at which the first step's expiry is over."""


def lived(*acts: Act) -> Workflow:
    """The workflow after some acts, each of which changed something."""
    flow = workflow(*TWO_STEPS)
    for act in acts:
        after = act(flow)
        assert after is not None
        flow = after
    return flow


def claim(number: int, now: int = NOW) -> Act:
    return lambda flow: transitions.claimed(flow, number, now)


def answer(number: int, outcome: Answer, now: int = NOW) -> Act:
    return lambda flow: transitions.answered(flow, number, outcome, now)


def sent(number: int, now: int = NOW) -> Act:
    """Claimed, and accepted by the Messages API as `uuid-<number>`."""

    def act(flow: Workflow) -> Workflow | None:
        claimed = transitions.claimed(flow, number, now)
        return claimed and transitions.answered(claimed, number, Accepted(f"uuid-{number}"), now)

    return act


def status(number: int, word: str, happened_at: int | None = None, **more: Any) -> Act:
    """A callback for the message `uuid-<number>`."""
    receipt = Receipt(word, f"uuid-{number}", None, happened_at, **more)
    return lambda flow: transitions.received(flow, number, receipt, LATER)


def reported(flow: Workflow, entry: Entry | None = None) -> list[Usage]:
    """The totals of a final report: the given entry's, by default the last one's."""
    usage = bodies.body(flow, None, entry or flow.timeline[-1]).get("usage", [])
    return usage if isinstance(usage, list) else [usage]


def advanced(number: int, now: int = LATER) -> Act:
    return lambda flow: transitions.advanced(flow, number, now)


def cancelled(flow: Workflow) -> Workflow | None:
    return transitions.cancelled(flow, LATER)
