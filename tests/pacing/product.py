"""The product of tests/lives, with processes that overlap in time, and Lambda's limit on how many run at once.

Handlers, rules and state machine are the real ones. A send is a process that sleeps while it waits for the vendor. The
API and the callbacks are answered at once, and hold their Lambda for as long as they take on AWS.
"""

import contextlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from random import Random
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import yaml

from failover import observability
from failover.observability import logger
from failover.outside import Outside
from failover.rules.callers import account_secrets
from failover.settings import from_environment
from failover.use_cases.workflow import transition
from tests.examples import NOW, SMS, VIBER, request
from tests.lives.calls import Died
from tests.lives.engine import Engine, Execution
from tests.lives.machine import Ids
from tests.lives.neighbours import status_url
from tests.lives.promises import Promises
from tests.lives.stack import API_SECRET, SETTINGS, Stack
from tests.pacing.processes import Processes
from tests.pacing.vendor import Behaviour, LimitedVendor
from tests.world import ROOT

START_SECONDS = (0.02, 0.08)
"""Between which a send begins after the state machine has asked for it."""
HELD_SECONDS = {"workflows_api": 0.06, "message_status": 0.05}
"""How long these functions hold their Lambda."""
CALLBACK_RETRY_SECONDS = 5
"""After which the vendor repeats a callback that was not answered 200."""

TWO_STEPS = request({**VIBER, "failover": {"expiry_time": 600, "condition_status": "delivered"}}, SMS)


class Throttled(Exception):
    """Lambda did not start the function."""


@cache
def _retries(state: str) -> list[dict[str, Any]]:
    """The retries of a state, with the pauses that the file has."""
    machine = yaml.safe_load((ROOT / "statemachine/failover.asl.yaml").read_text())
    retries: list[dict[str, Any]] = machine["States"][state].get("Retry", [])
    return retries


def _retry(state: str, error: str) -> dict[str, Any]:
    return next(one for one in _retries(state) if error in one["ErrorEquals"] or "States.ALL" in one["ErrorEquals"])


class OverlappingEngine(Engine):
    """Runs each execution by itself: as soon as it is ready, in a process of its own."""

    processes: Processes
    pause: Callable[[dict[str, Any], int], None]
    """Lets the pause pass before a retry of this kind and number."""

    def __init__(self, like: Engine, processes: Processes, pause: Callable[[dict[str, Any], int], None]) -> None:
        super().__init__(**vars(like))
        self.processes, self.pause = processes, pause
        self._busy: set[str] = set()

    def _enter(self, execution: Execution, name: str) -> None:
        super()._enter(execution, name)
        self._schedule(execution)

    def _task(self, execution: Execution, state: dict[str, Any]) -> None:
        if execution.tries:
            self.pause(_retry(execution.state, "States.TaskFailed"), execution.tries)
        super()._task(execution, state)

    def _schedule(self, execution: Execution) -> None:
        """Have it proceed when its timer ends, or else at once, by a process."""
        if not execution.running:
            return
        if execution.until is None:
            self.processes.start(0, lambda: self._proceed(execution))
        else:
            seconds = (execution.until - self.processes.now) / 1000
            self.processes.do(seconds, lambda: execution.until and self._proceed(execution))

    def _proceed(self, execution: Execution) -> None:
        if execution.name in self._busy or not execution.ready(self.clock()):
            return
        self._busy.add(execution.name)
        self.proceed(execution)
        self._busy.remove(execution.name)
        self._schedule(execution)


class Product(Stack):
    """`run` runs one invocation of a function; `pass_seconds` lets time pass."""

    def __init__(
        self,
        vendor: Behaviour,
        environment: dict[str, str] | None = None,
        lambdas: int = 1000,
        seed: int = 0,
    ) -> None:
        """`environment` is that of the functions; `lambdas` how many of them may run at once."""
        self.lambdas = lambdas
        self.random = Random(seed)
        self.processes = Processes(NOW)
        self.running: Counter[str] = Counter()
        """Lambdas that run, by kind: `send` for all channels, or the function."""
        self.most: Counter[str] = Counter()
        """The most that ran at once, by kind and for `all`."""
        self.throttled: Counter[str] = Counter()
        """Invocations that Lambda did not start, by kind."""
        self.metrics: Counter[str] = Counter()
        self.posted: dict[str, int] = {}
        """When each workflow was posted (ms)."""
        self._behaviour, self._environment = vendor, environment or {}
        super().__init__(Promises().written)

    @property
    def now(self) -> int:
        return self.processes.now

    @now.setter
    def now(self, _: int) -> None:
        """Only the processes move time on."""

    @property
    def flows(self) -> dict[str, Any]:
        return self.table.items.flows

    def _outside(self) -> Outside:
        self.table.items.written = self._written  # without the stream
        self.engine = OverlappingEngine(self.engine, self.processes, self._pause)
        self.vendor = LimitedVendor(
            self.calls, self.wait, behaviour=self._behaviour, now=self._clock, report=self._report, random=self.random
        )
        outside = super()._outside()
        outside.jitter = self.random.random
        known = {name: value for name, value in vars(from_environment(self._environment)).items() if value}
        outside.settings = replace(SETTINGS, **known)
        return outside

    def wait(self, seconds: float) -> None:
        self.processes.sleep(seconds)

    def pass_seconds(self, seconds: float) -> None:
        self.processes.run(self.now + round(seconds * 1000))

    # ---------------------------------------------------------------- Lambda
    def run(self, kind: str, act: Callable[[], Any], _fate: Any = None) -> Any:
        """Run one invocation, and return its answer or the exception that ended it.

        What asked for a function that Lambda does not start gets Died; the state machine asks again.
        """
        attempt = 0
        while self.running.total() >= self.lambdas:
            self.throttled[kind] += 1
            retry = _retry("Send", "Lambda.TooManyRequestsException")
            attempt += 1
            if kind != "send":
                return Died()
            if attempt > retry["MaxAttempts"]:
                return Throttled()
            self._pause(retry, attempt)
        self.running[kind] += 1
        self.most[kind] = max(self.most[kind], self.running[kind])
        self.most["all"] = max(self.most["all"], self.running.total())
        try:
            if kind == "send":
                self.wait(self.random.uniform(*START_SECONDS))
            return act()
        except Exception as error:  # noqa: BLE001 - the caller judges it
            return error
        finally:
            self.processes.do(HELD_SECONDS.get(kind, 0), lambda: self.running.subtract([kind]))

    def _pause(self, retry: dict[str, Any], number: int) -> None:
        longest = min(retry["IntervalSeconds"] * retry["BackoffRate"] ** (number - 1), retry["MaxDelaySeconds"])
        self.wait(self.random.uniform(0, longest))

    # ---------------------------------------------------------------- what comes from outside
    def add_account(self, account: str) -> None:
        secrets = [account_secrets.kept(API_SECRET)]
        self.table.callers.add_account(
            account, {"name": "tests", "secrets": secrets, "created_at": NOW, "status_url": status_url(account)}
        )

    def offer(self, account: str, per_second: float, seconds: float, body: dict[str, Any] = TWO_STEPS) -> None:
        """Have an account post this many workflows a second from now on, one at a random time of each interval."""
        for number in range(round(per_second * seconds)):
            self.processes.do((number + self.random.random()) / per_second, lambda: self._post(account, body))

    def _post(self, account: str, body: dict[str, Any]) -> None:
        at = self.now
        answer = self.call(account, "POST", "/workflows", body)
        if answer is not None:
            assert answer[0] == 202, answer
            self.posted[answer[1]["workflow_uuid"]] = at

    def _report(self, place: tuple[str, int], seconds: float) -> None:
        self.processes.do(seconds, lambda: self._call_back(self.status(*place, "delivered")))

    def _call_back(self, callback: dict[str, Any]) -> None:
        answer = self.receive(callback)
        if answer is None or answer[0] != 200:
            self.processes.do(CALLBACK_RETRY_SECONDS, lambda: self._call_back(callback))

    def repair_each_minute(self) -> None:
        """Run the functions that are scheduled each minute."""

        def run(function: Callable[[], Any]) -> None:
            self.processes.start(60, lambda: run(function))
            function()

        for function in (self.start_workflows, self.reconcile):
            self.processes.start(60, lambda function=function: run(function))


class _Metrics:
    """A metric, in place of Powertools' provider, which would print it."""

    counted: ClassVar[Counter[str]]

    def __init__(self, **_: Any) -> None:
        self.name, self.value = "", 0.0

    def add_metric(self, name: str, _: Any, value: float) -> None:
        self.name, self.value = name, value

    def flush_metrics(self) -> None:
        self.counted[self.name] += self.value  # type: ignore[assignment]

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_, **__: None


@contextlib.contextmanager
def simulated(vendor: Behaviour, environment: dict[str, str] | None = None, **more: Any) -> Iterator[Product]:
    """A product of its own. Its log is not written, and its metrics are only counted."""
    with contextlib.ExitStack() as undo, pytest.MonkeyPatch.context() as patch:
        patch.setattr(uuid, "uuid4", Ids())
        product = Product(vendor, environment, **more)
        undo.callback(product.processes.end)
        patch.setattr(transition, "time", SimpleNamespace(sleep=product.wait))
        patch.setattr(transition, "random", product.random)
        metrics = type("Metrics", (_Metrics,), {"counted": product.metrics})
        patch.setattr(observability, "AmazonCloudWatchEMFProvider", metrics)
        undo.callback(logger.setLevel, logger.log_level)
        logger.setLevel("CRITICAL")
        yield product
