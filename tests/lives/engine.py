"""Step Functions in memory: an interpreter for failover.asl.yaml.

It supports the parts of the language that the file uses. The adapter calls it like the AWS client: starting an
execution enters the first state, and `send_task_failure` ends a race. Nothing else happens by itself: the history
lets an execution `proceed` once it is `ready`, so it decides in which order executions and other processes run.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws import Unavailable
from failover.rules.timing.instants import from_iso
from failover.rules.workflow.state import Workflow
from tests.lives.calls import Calls
from tests.world import state_machine_definition

DEAD = ("FAILED", "ABORTED", "TIMED_OUT")


@cache
def definition() -> dict[str, Any]:
    return json.loads(state_machine_definition("workflows"))


@dataclass(frozen=True)
class Failed:
    """A failed invocation, as Lambda reports it."""

    error: str
    """The type of the exception."""
    cause: str
    """JSON with its `errorMessage`."""


def invocation(result: Any) -> Failed | None:
    """Return the failure of an invocation with this result: None, unless it is an exception."""
    if not isinstance(result, BaseException):
        return None
    name = type(result).__name__
    return Failed(name, json.dumps({"errorMessage": str(result), "errorType": name}))


@dataclass
class Execution:
    name: str
    input: dict[str, Any]
    state: str
    data: Any
    """The input of the current state: `$`."""
    status: str = "RUNNING"
    tries: int = 0
    until: int | None = None
    """When the running timer ends (ms), or None if the state can proceed now."""
    entered: int = 0
    """States entered, which is what Step Functions charges for."""
    tokens: int = 0
    waits: int = 0
    """How often it has waited for a turn."""

    @property
    def token(self) -> str:
        return f"{self.name}/{self.tokens}"

    @property
    def step(self) -> dict[str, Any]:
        """The step that it sends, races or waits to send."""
        return (self.data if "step" in self.data else self.data["rest"])["step"]

    @property
    def running(self) -> bool:
        return self.status == "RUNNING"

    @property
    def racing(self) -> bool:
        return self.running and self.state == "Race"

    def waits_for(self, workflow: Workflow, number: int) -> bool:
        """Return True if its race of this step waits, with the token that the workflow has."""
        return self.racing and self.step["number"] == number and self.token == workflow.task_token

    def ready(self, now: int) -> bool:
        return self.running and (self.until or 0) <= now


@dataclass
class Engine:
    """Runs executions. `invoke(name, event)` runs a function and returns its failure or None.

    `store_token(workflow, step, token)` is the write of the state `Outcome`.
    """

    calls: Calls
    clock: Callable[[], int]
    invoke: Callable[[str, dict[str, Any]], Failed | None]
    store_token: Callable[[str, int, str], bool]
    started: Callable[[str], None]
    """Called with each execution's input, as text."""
    executions: dict[str, Execution] = field(default_factory=dict)
    given_up: set[tuple[str, int]] = field(default_factory=set)
    """(workflow, step) whose sends failed until no retry was left."""

    # ---------------------------------------------------------------- what the adapter calls
    def start_execution(self, *, name: str, input: str, **_: Any) -> None:  # noqa: A002 - as AWS calls it
        def act() -> None:
            if (known := self.executions.get(name)) and known.running and known.input == json.loads(input):
                return
            if known:
                raise _error("ExecutionAlreadyExists")
            self.started(input)
            given = json.loads(input)
            assert given["rest"], "an execution with nothing to do"
            self.executions[name] = execution = Execution(name, given, "", given)
            self._enter(execution, definition()["StartAt"])

        self.calls("start an execution", act)

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803 - as AWS calls it
        execution = self.calls("describe an execution", lambda: self.executions.get(executionArn.rpartition(":")[2]))
        if execution is None:
            raise _error("ExecutionDoesNotExist")
        return {"status": execution.status}

    def send_task_failure(self, *, taskToken: str, error: str) -> None:  # noqa: N803 - as AWS calls it
        self.calls("signal the race", lambda: self._signal(taskToken, error))

    def _signal(self, token: str, error: str) -> None:
        execution = self.executions.get(token.partition("/")[0])
        if execution is None:
            raise _error("InvalidToken")
        if not execution.running or execution.token != token or execution.state != "Race":
            raise _error("TaskTimedOut")
        self._catch(execution, error)

    # ---------------------------------------------------------------- what the histories call
    def proceed(self, execution: Execution) -> None:
        """Take the next step of an execution: a try of a task, or the end of a timer."""
        if not execution.ready(self.clock()):
            return
        state = definition()["States"][execution.state]
        if execution.until is not None:
            execution.until = None
            if execution.state == "Race":
                execution.entered += 1  # Expired
                self._catch(execution, "Expired")
            else:
                self._enter(execution, state["Next"])
        elif state["Type"] == "Task":
            self._task(execution, state)

    def _enter(self, execution: Execution, name: str) -> None:
        execution.state, execution.entered, execution.tries = name, execution.entered + 1, 0
        state = definition()["States"][name]
        match state["Type"]:
            case "Choice":
                (choice,) = state["Choices"]
                chosen = choice["Next"] if _present(execution.data, choice["Variable"]) else state["Default"]
                execution.data = _value_at(execution.data, state["OutputPath"])
                self._enter(execution, chosen)
            case "Succeed":
                execution.status = "SUCCEEDED"
            case "Wait":
                execution.until = self._end_of_wait(execution, state)
            case "Pass":
                execution.data = {name: _made(execution.data, value) for name, value in state["Parameters"].items()}
                execution.data = {name.removesuffix(".$"): value for name, value in execution.data.items()}
                self._enter(execution, state["Next"])
            case "Parallel":
                self._race(execution, state)

    def _task(self, execution: Execution, state: dict[str, Any]) -> None:
        parameters = state["Parameters"]
        assert parameters["FunctionName.$"] == "States.Format('workflows-send-{}:live', $.step.channel)"
        event = {"workflow": execution.input["workflow"], "step": execution.step["number"]}
        assert set(parameters["Payload"]) == {f"{name}.$" for name in event}
        execution.tries += 1
        failed = self.invoke(f"send_{execution.step['channel']}", event)
        if not execution.running:
            return
        if failed is None:
            self._leave(execution, state)
            return
        retry = next(one for one in state["Retry"] if {failed.error, "States.ALL"} & set(one["ErrorEquals"]))
        if execution.tries > retry["MaxAttempts"]:
            if retry is state["Retry"][-1]:
                self.given_up.add((execution.input["workflow"], execution.step["number"]))
            self._catch(execution, failed.error, failed.cause)

    def _end_of_wait(self, execution: Execution, state: dict[str, Any]) -> int:
        data = execution.data
        if "TimestampPath" in state:
            execution.waits += 1
            return from_iso(_value_at(data, state["TimestampPath"])) // 1000 * 1000  # Step Functions cuts fractions off
        return self.clock() + int(_value_at(data, state["SecondsPath"])) * 1000

    def _race(self, execution: Execution, state: dict[str, Any]) -> None:
        """Start both branches: the timer, and the one that stores its token in the table."""
        timer, outcome = (branch["States"][branch["StartAt"]] for branch in state["Branches"])
        execution.entered += 2
        execution.tokens += 1
        execution.until = self.clock() + _value_at(execution.data, timer["SecondsPath"]) * 1000
        assert _value_at(execution.data, outcome["TimeoutSecondsPath"]) * 1000 + self.clock() > execution.until
        token, step = execution.token, execution.step["number"]
        try:
            stored = self.calls("store the token", lambda: self.store_token(execution.input["workflow"], step, token))
        except Unavailable:
            stored, error = False, "DynamoDb.SomethingElse"
        else:
            error = "DynamoDb.ConditionalCheckFailedException"
        if not stored:
            self._catch(execution, error)

    def _leave(self, execution: Execution, state: dict[str, Any]) -> None:
        if state.get("End"):
            execution.status = "SUCCEEDED"
        else:
            self._enter(execution, state["Next"])

    def _catch(self, execution: Execution, error: str, cause: str = "") -> None:
        execution.until = None
        for catch in definition()["States"][execution.state].get("Catch", []):
            if error in catch["ErrorEquals"] or "States.ALL" in catch["ErrorEquals"]:
                if catch["ResultPath"] is not None:
                    place = catch["ResultPath"].removeprefix("$.")
                    execution.data = {**execution.data, place: {"Error": error, "Cause": cause}}
                self._enter(execution, catch["Next"])
                return
        execution.status = "FAILED"


def condition_of_outcome(step: int) -> dict[str, Any]:
    """The parameters of `Outcome` that are the same for every execution, for DynamoDB's client."""
    _, branch = definition()["States"]["Race"]["Branches"]
    parameters = branch["States"]["Outcome"]["Parameters"]
    (text,) = re.findall(r"States.Format\('(.*)', \$\.step\.number\)", parameters["ConditionExpression.$"])
    names = ("TableName", "UpdateExpression", "ExpressionAttributeNames")
    return {**{name: parameters[name] for name in names}, "ConditionExpression": text.format(step)}


def _value_at(at: Any, path: str) -> Any:
    for part in path.removeprefix("$.").split("."):
        at = at[part]
    return at


def _made(data: Any, value: str) -> Any:
    """The value of one of a Pass state's parameters."""
    if value == "$":
        return data
    (path,) = re.findall(r"States.StringToJson\((.*)\)", value)
    return json.loads(_value_at(data, path))


def _present(at: Any, path: str) -> bool:
    try:
        _value_at(at, path)
    except KeyError:
        return False
    return True


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "")
