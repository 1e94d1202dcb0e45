"""What a number of workflows per second asks of each resource."""

from dataclasses import dataclass

from failover.rules.workflow.overdue import SHARDS
from local.capacity.profiles import LANES_OF_A_POST, LANES_OF_A_SEND, WAIT, Profile

MINUTELY = 2
"""Functions that run once a minute, for most of it at worst: `reconcile` and `start_workflows`."""
LOG_OVERHEAD = 26
"""Bytes that CloudWatch Logs charges for each line in addition."""
LOG_LINE = 230
"""Bytes of a line of ours, on average; a test counts them."""


@dataclass(frozen=True)
class Durations:
    """Milliseconds, of a warm function with 256 MB (workflows_api: 512). Assumptions: no machine of ours is AWS."""

    workflows_api: float = 150
    send: float = 450
    """Of which the vendor takes 350 to answer."""
    message_status: float = 60
    publish_events: float = 5
    """For each record of a batch."""
    deliver_webhook: float = 200
    """Of which the customer's server takes 150 to answer."""

    def of(self, function: str) -> float:
        found: float = getattr(self, function)
        return found


TYPICAL = Durations()

type Demand = dict[str, float]
"""By resource. All are per second, except what is open or runs at once."""


def demand(profile: Profile, rate: float, *, waits: float = 0, durations: Durations = TYPICAL) -> Demand:
    """Return what `rate` workflows per second of a profile ask of each resource.

    `waits`: how often each send has to wait for its turn.
    """
    waiting = profile.messages * waits
    sends = profile.messages + waiting * WAIT.invocations
    invocations: Demand = {**profile.invocations, "send": sends}
    invocations["publish_events"] += waiting * WAIT.records
    at_once = {name: number * durations.of(name) / 1000 for name, number in invocations.items()}
    at_once["send"] += waiting * WAIT.milliseconds / 1000
    lanes = LANES_OF_A_POST + LANES_OF_A_SEND * sends + WAIT.lanes * waiting
    of_one = {
        "POSTs": 1,
        "callbacks": profile.callbacks,
        "API requests": 1 + profile.callbacks,
        "StartExecution": 1,
        "starts of a backlog": 1,  # so that it takes no longer than the outage that it comes from
        "StateTransition": profile.states + waiting * WAIT.states,
        "SendTaskFailure": profile.signals,
        "DescribeExecution": 0,  # only `reconcile` calls it, and only for executions that are overdue
        "open executions": profile.life,
        **{f"invocations of {name}": number for name, number in invocations.items()},
        **{f"{name} at once": number for name, number in at_once.items()},
        "invocations": sum(invocations.values()),
        "functions at once": sum(at_once.values()),
        "table writes": profile.writes + waiting * WAIT.writes + lanes,
        "table reads": profile.reads + waiting * WAIT.reads,
        **{f"writes of index {name}": units for name, units in profile.indexes.items()},
        "writes of a partition of index due": profile.indexes["due"] / SHARDS,
        "writes of an account in index listed": profile.indexes["listed"],
        "reads of an account's item": 1 + profile.webhooks,
        "writes of the key's lane": sends,
        "stream records": profile.records + waiting * WAIT.records,
        "SQS messages": profile.webhooks,
        "webhook attempts": profile.webhooks,
        "vendor requests": profile.messages,
        "log bytes": profile.log_bytes * (1 + LOG_OVERHEAD / LOG_LINE),
    }
    asked = {resource: rate * number for resource, number in of_one.items()}
    asked["functions at once"] += MINUTELY
    return asked
