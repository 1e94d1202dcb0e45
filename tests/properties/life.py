"""A workflow's life in memory: the real use cases, over a table, a state machine and a Messages API that may break.

The table writes on condition of the version, as DynamoDB does; the state machine does what failover.asl.yaml says; each
of the three can be the last thing a process sees before it dies.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from failover import problems
from failover.adapters.store import Conflict, Overdue
from failover.rules import transitions
from failover.rules.answers import NotTaken, Refused
from failover.rules.itinerary import itinerary
from failover.rules.receipt import Receipt
from failover.rules.workflow import Workflow, from_plain, to_plain
from failover.use_cases.authenticate import Caller
from failover.use_cases.cancel import cancel
from failover.use_cases.reconcile import reconcile
from failover.use_cases.send import send
from failover.use_cases.signal import signal
from failover.use_cases.transition import transition
from tests.examples import MESSENGER, NOW

TRIES = 9
"""Sends of one step before the state machine gives it up: the first, and its retries."""


class Died(BaseException):
    """The process is gone."""


@dataclass
class Execution:
    """What the state machine does with one itinerary."""

    steps: list[dict[str, Any]]
    name: str
    status: str = "RUNNING"
    tries: int = 0
    until: int | None = None
    """While a race is on, when its timer ends."""

    @property
    def token(self) -> str:
        return f"{self.name}/{self.steps[0]['number']}"

    def next_step(self) -> None:
        self.steps, self.tries, self.until = self.steps[1:], 0, None


@dataclass
class Life:
    """`written` sees each write: before, after, and the time."""

    flow: Workflow
    written: Callable[[Workflow, Workflow, int], None]
    answers: Callable[[], Any]
    """Gives the answer of the Messages API; anything may happen meanwhile."""
    described: Callable[[], None]
    """Is called once reconcile has been told of an execution's status, before it acts on it."""
    now: int = NOW
    fuse: tuple[int, str] | None = None
    """How many calls of the outside the process still lives to see, and whether it dies before or after the next."""
    executions: dict[str, Execution] = field(default_factory=dict)
    requested: Counter[int] = field(default_factory=Counter)
    """Requests by step that the Messages API has taken, or may have taken."""

    def __post_init__(self) -> None:
        self.outside: Any = SimpleNamespace(
            store=self,
            executions=self,
            messages=lambda _: SimpleNamespace(prepare=lambda: None, send=self._request),
            settings=SimpleNamespace(messages_version="v1", table_name="workflows"),
            now=lambda: self.now,
            sleep=self.wait,
            jitter=lambda: 0.0,
        )

    def _call[T](self, act: Callable[[], T]) -> T:
        calls, when = self.fuse or (-1, "")
        if calls == 0 and when == "before":
            raise Died
        result = act()
        if calls == 0:
            raise Died
        if self.fuse:
            self.fuse = (calls - 1, when)
        return result

    # ---------------------------------------------------------------- the table
    def read(self, _: str) -> Workflow:
        return self._call(lambda: from_plain(to_plain(self.flow)))

    def read_whole(self, workflow_id: str) -> tuple[Workflow, list[dict[str, Any]]]:
        return self.read(workflow_id), [MESSENGER] * len(self.flow.steps)

    def write(self, workflow: Workflow, _: Any = None) -> Workflow:
        def act() -> Workflow:
            if workflow.version != self.flow.version:
                raise Conflict(self.flow)
            before, self.flow = self.flow, replace(workflow, version=workflow.version + 1)
            self.written(before, self.flow, self.now)
            return self.flow

        return self._call(act)

    def overdue(self, shard: int, now: int, _: int) -> list[Overdue]:
        due_at = self.flow.due_at
        return [Overdue(self.flow.id, due_at)] if shard == 0 and due_at is not None and due_at <= now else []

    # ---------------------------------------------------------------- the state machine
    def start(self, workflow: Workflow, now: int) -> None:
        self._call(lambda: self._start(f"{workflow.id}-{workflow.attempt}", itinerary(workflow, now)))

    def _start(self, name: str, given: dict[str, Any] | None) -> None:
        assert given is not None, "an execution with nothing to do"
        assert not any(personal in json.dumps(given) for personal in ("Hello", "sim-")), "I8"
        steps, rest = [], given["rest"]
        while rest:
            steps.append(rest["step"])
            rest = rest.get("rest")
        self.executions.setdefault(name, Execution(steps, name))

    def status(self, workflow: Workflow) -> str | None:
        execution = self._call(lambda: self.executions.get(f"{workflow.id}-{workflow.attempt}"))
        status = execution.status if execution else None
        self.described()
        return status

    def tell(self, task_token: str, error: str) -> bool:
        return self._call(lambda: self._tell(task_token, error))

    def _tell(self, task_token: str, error: str) -> bool:
        for execution in self.executions.values():
            if execution.status == "RUNNING" and execution.until is not None and execution.token == task_token:
                if error == "ConditionMet":
                    execution.status = "SUCCEEDED"
                else:
                    execution.next_step()
                return True
        return False

    def act(self, execution: Execution) -> None:
        """An execution does what is next: a send, which may fail, or its timer, if that has ended."""
        if execution.status != "RUNNING":
            return
        if execution.until is not None:
            if self.now >= execution.until:
                execution.next_step()
            return
        number, last = execution.steps[0]["number"], len(execution.steps) == 1
        execution.tries += 1
        if self.survives(lambda: send(self.outside, "messenger", self.flow.id, number)):
            execution.status = "SUCCEEDED" if last else execution.status
        elif execution.tries < TRIES:
            return
        elif last:
            execution.status = "FAILED"
        if not last:
            self._race(execution, number)

    def _race(self, execution: Execution, number: int) -> None:
        if not self.flow.running or self.flow.steps[number].outcome is not None:
            execution.next_step()
            return
        execution.until = self.now + execution.steps[0]["expiry_time"] * 1000
        self.flow = replace(self.flow, task_token=execution.token, version=self.flow.version + 1)

    # ---------------------------------------------------------------- what happens
    def survives(self, act: Callable[[], Any]) -> bool:
        """Do something; False: it failed, or the process died."""
        try:
            act()
        except (Died, transitions.TooEarly):
            return False
        finally:
            self.fuse = None
        return True

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    def _request(self, body: dict[str, Any]) -> Any:
        number, answer = int(body["client_ref"].rpartition(".")[2]), self.answers()
        if not isinstance(answer, NotTaken | Refused):
            self.requested[number] += 1
        return self._call(lambda: answer)

    def receive(self, number: int, receipt: Receipt) -> None:
        def act() -> None:
            flow = self.read(self.flow.id)
            if told := transition(
                self.outside.store, flow, lambda w: transitions.received(w, number, receipt, self.now)
            ):
                signal(self.outside, *told)

        self.survives(act)

    def cancel(self) -> None:
        def act() -> None:
            try:
                cancel(self.outside, Caller(self.flow.account), self.flow.id)
            except problems.Problem:
                assert not self.flow.running

        self.survives(act)

    def reconcile(self) -> None:
        self.survives(lambda: reconcile(self.outside))
