"""The function `reconcile` on a clock set by hand, and the overdue workflows that it finds."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from types import ModuleType
from typing import Any, ClassVar

import boto3
from moto.backends import get_backend

from failover.outside import Outside
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.workflow import transitions
from failover.rules.workflow.state import Workflow
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.world import REGION, World

MINUTE = 60_000
SHARDS = 8
CONTENT = [MESSENGER, SMS]


@dataclass
class Reconciling:
    """The function `reconcile`, as EventBridge calls it."""

    world: World
    app: ModuleType
    now: int = NOW
    counted: ClassVar[str] = "looked_after"
    """What a run counts in its answer."""

    def __post_init__(self) -> None:
        self.app.outside.now = lambda: self.now
        self.app.outside.sleep = self._wait

    def _wait(self, seconds: float) -> None:
        self.now += ceil(seconds * 1000)

    def run(self, at: int | None = None, time_left: Callable[[], int] = lambda: 55_000) -> int:
        """Run once at an instant (ms), which becomes the present, and return the number of workflows processed."""
        self.now = self.now if at is None else at

        class Context:
            def get_remaining_time_in_millis(self) -> int:
                return time_left()

        number: int = self.app.handler({}, Context())[self.counted]
        return number

    def started(self) -> dict[str, Any]:
        """The input of every execution started, by name."""
        sfn = boto3.client("stepfunctions")
        listed = sfn.list_executions(stateMachineArn=self.world.state_machine)["executions"]
        described = [sfn.describe_execution(executionArn=one["executionArn"]) for one in listed]
        return {one["name"]: json.loads(one["input"]) for one in described}

    def died(self, name: str = f"{ID}-1", status: str = "FAILED") -> None:
        """End an execution with a status."""
        machine = get_backend("stepfunctions")["123456789012"][REGION].state_machines[0]
        (execution,) = [one for one in machine.executions if one.name == name]
        execution.status = status

    def write(self, workflow: Workflow) -> Workflow:
        """Write the next state of a stored workflow."""
        return self.world.store.write(workflow)


class Starting(Reconciling):
    """The function `start_workflows`, likewise."""

    counted = "started"


def metrics(output: str) -> list[dict[str, Any]]:
    """The metrics written, as CloudWatch reads them: names, values and dimensions other than function and stack.

    Threads of a test may write two objects on one line; functions on AWS have a process each.
    """
    lines = [json.loads(line) for line in output.replace("}{", "}\n{").splitlines() if '"_aws"' in line]
    return [{k: v for k, v in line.items() if k not in ("_aws", "service", "stack")} for line in lines]


def id_in(shard: int, number: int = 0) -> str:
    """An id whose workflow is in the given partition of the index."""
    return f"{shard:08x}-0000-4000-8000-{number:012d}"


def left_in(world: World, shard: int, number: int = 0, due_at: int = NOW) -> Workflow:
    """Store a workflow of two steps in the given shard of the index, whose second execution was never started."""
    return world.put(replace(workflow(*TWO_STEPS), id=id_in(shard, number), due_at=due_at, attempt=2), CONTENT)


def started(reconciling: Reconciling) -> set[str]:
    """The ids of the workflows that have had a second execution."""
    return {name.removesuffix("-2") for name in reconciling.started()}


def sent(flow: Workflow, number: int, now: int = NOW) -> Any:
    return transitions.answered(transitions.claimed(flow, number, now), number, Accepted("u"), now)


def rejected(flow: Workflow, number: int, now: int = NOW) -> Any:
    return transitions.received(flow, number, Receipt("rejected", "u", None, None), now)


class Died(BaseException):
    """The end of a process, which no code can catch."""


def mortal(outside: Outside, when: str) -> list[int]:
    """Die `before` or `after` a request that reads or writes a workflow or its execution.

    The first item of the list returned is the number of requests made until then.
    """
    spared: list[int] = []

    def count(model: Any, **_: Any) -> None:
        if model.name == "Query":
            return
        if not spared[0]:
            raise Died
        spared[0] -= 1

    for client in (outside.table.client, outside.executions.client):
        client.meta.events.register(f"{when}-call", count)
    return spared
