"""How long the starts of an hour without Step Functions take to be worked off (F43), by counted calls.

A tenth of a stack in a small Region: StartExecution takes 15 calls a second, and 80 at once; `start_workflows` makes
10, and requests arrive at 5 a second. No clock of this machine is involved.
"""

import bisect
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

from failover.adapters.aws import Unavailable
from failover.adapters.workflow.overdue_index import Overdue, OverduePage
from failover.outside import Outside
from failover.rules.workflow import transitions
from failover.rules.workflow.overdue import SHARDS
from failover.settings import from_environment
from failover.use_cases.workflow.start import start_workflows
from tests.examples import NOW, TWO_STEPS, workflow
from tests.inline import Inline
from tests.left_behind import MINUTE, id_in

HOUR = 60 * MINUTE
NEW = replace(workflow(*TWO_STEPS), timeline=())
REFILL, BURST, STARTS, ARRIVING = 15, 80, 10, 5


class Region:
    """Step Functions' quota, the requests that arrive, and the queue of those that were not started."""

    def __init__(self):
        self.now, self.tokens, self.refilled_at, self.number = NOW, BURST, NOW, 0
        self.flows, self.shards = {}, [[] for _ in range(SHARDS)]
        self.starts = Counter()
        self.late = self.live = 0

    def take(self):
        if self.now < NOW + HOUR:
            raise Unavailable("stepfunctions: ServiceUnavailable")
        self.tokens = min(BURST, self.tokens + (self.now - self.refilled_at) / 1000 * REFILL)
        self.refilled_at = self.now
        if self.tokens < 1:
            raise Unavailable("stepfunctions: ThrottlingException")
        self.tokens -= 1

    def pass_until(self, at):
        """Let the requests until then arrive: each tries to start its workflow, and stores it."""
        while (arrives := NOW + self.number * 1000 // ARRIVING) <= at:
            self.now = max(self.now, arrives)
            flow = transitions.accepted(
                replace(
                    workflow(*TWO_STEPS), id=id_in(self.number % SHARDS, self.number), created_at=arrives, timeline=()
                )
            )
            self.number += 1
            try:
                self.take()
                self.live += 1
            except Unavailable:
                self.flows[flow.id] = flow
                shard = int(flow.id[:8], 16)
                self.shards[shard].append(Overdue(flow.id, flow.due_at, f"unstarted#{shard}"))
        self.now = max(self.now, at)

    def sleep(self, seconds):
        self.pass_until(self.now + round(seconds * 1000))

    # ------------------------------------------------ what the function calls
    def start(self, flow, _):
        self.take()
        self.starts[flow.id] += 1
        return True

    def write(self, flow, _):
        del self.flows[flow.id]  # its first step is claimed
        self.late += 1
        return flow

    def read_many(self, ids, *_, **__):
        return {one: self.flows[one] for one in ids if one in self.flows}

    def page(self, _, shard, now, limit, after=None):
        listed = self.shards[shard]
        while listed and listed[0].workflow_id not in self.flows and after is None:
            del listed[0]
        first = 0 if after is None else bisect.bisect_right(listed, after, key=lambda one: one.due_at)
        found = [one for one in listed[first : first + limit] if one.due_at <= now]
        more = found[-1].due_at if len(found) == limit else None
        return OverduePage([one for one in found if one.workflow_id in self.flows], more)

    def waiting(self):
        return sum(flow.due_at <= self.now for flow in self.flows.values())


def test_an_hour_without_step_functions():
    """What an hour's requests left is started within thirty minutes, while as many go on arriving; each once."""
    region = Region()
    settings = from_environment({"TABLE_NAME": "workflows", "STARTS_PER_SECOND": str(STARTS)})
    outside = Outside(settings=settings, now=lambda: region.now, sleep=region.sleep, pool=Inline)
    adapters = {"store": region, "overdue": region, "executions": SimpleNamespace(start=region.start)}
    vars(outside).update(adapters)
    minutes, left = 0, None
    while minutes <= 60 or region.waiting():
        begun = NOW + minutes * MINUTE
        region.pass_until(begun)
        if minutes == 60:
            left = len(region.flows)
        start_workflows(outside, lambda begun=begun: region.now < begun + MINUTE)
        minutes += 1
    assert left == 3600 * ARRIVING
    assert minutes - 60 <= 30
    assert set(region.starts.values()) == {1}
    assert region.late >= left
    assert region.live + region.late + len(region.flows) == region.number, "none is lost"
