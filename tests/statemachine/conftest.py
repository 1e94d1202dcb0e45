import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend

from failover.rules.sending.client_ref import client_ref
from failover.rules.workflow.state import Workflow
from local.moto import exact_waits
from tests.conftest import ONE_SESSION, one_write_at_a_time, only_moto
from tests.examples import ID
from tests.messages_server import MessagesServer, Request
from tests.world import SEND_FUNCTIONS, World, callback_event, http_event, load

PATIENCE = 60


@dataclass
class Machine:
    """The real state machine on moto's interpreter, with the real functions behind it."""

    world: World
    messages: MessagesServer
    handlers: dict[str, Callable[[Any, Any], Any]]
    message_status: Callable[[Any, Any], Any]
    workflows_api: Callable[[Any, Any], Any]
    invocations: list[str] = field(default_factory=list)

    def deploy(self) -> None:
        """Load the send functions, with the environment of now."""
        self.handlers = {f"workflows-{name.replace('_', '-')}": load(name).handler for name in SEND_FUNCTIONS}

    def invoke(self, function_name: str, payload: str) -> tuple[Any, bool]:
        """(answer, failed) as from Lambda; any exception of a handler is a failed invocation."""
        name, _, alias = function_name.partition(":")
        assert alias == "live"
        self.invocations.append(name)
        try:
            return self.handlers[name](json.loads(payload), None), False
        except BaseException as error:  # noqa: BLE001 - so does a dying process
            return {"errorMessage": str(error), "errorType": type(error).__name__}, True

    def start(self, flow: Workflow, content: list[dict[str, Any]]) -> None:
        self.world.put(flow, content)
        self.world.executions.start(flow, flow.created_at)

    def run(self, flow: Workflow, content: list[dict[str, Any]]) -> list[str]:
        """Start a workflow, wait for its execution to end, and return the names of the states entered."""
        self.start(flow, content)
        return self.wait_for_the_end()

    def wait_for_the_end(self, attempt: int = 1) -> list[str]:
        self.wait_until(lambda: self.execution(attempt)["status"] != "RUNNING")
        return self.states()

    def execution(self, attempt: int = 1) -> dict[str, Any]:
        sfn = boto3.client("stepfunctions")
        arn = self.world.state_machine.replace(":stateMachine:", ":execution:") + f":{ID}-{attempt}"
        described: dict[str, Any] = sfn.describe_execution(executionArn=arn)
        return described

    def history(self) -> list[dict[str, Any]]:
        arn = self.execution()["executionArn"]
        pages = boto3.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def states(self) -> list[str]:
        return [e["stateEnteredEventDetails"]["name"] for e in self.history() if "stateEnteredEventDetails" in e]

    def receipt(self, number: int, status: str, **more: Any) -> None:
        """Deliver a status callback for a step."""
        body = {"message_uuid": f"uuid-{number}", "status": status, "client_ref": client_ref(ID, number), **more}
        answer = self.message_status(callback_event(body), None)
        assert answer["statusCode"] == 200, answer

    def advance(self, number: int) -> dict[str, Any]:
        """The API's answer to the customer who advances a step."""
        headers = {"Authorization": self.world.basic, "Content_Type": "application/json"}
        event = http_event("POST", f"/workflows/{ID}/advance", json.dumps({"step": number}), **headers)
        answer: dict[str, Any] = self.workflows_api(event, None)
        return answer

    def wait_for_race(self, number: int) -> None:
        """Wait until a step's race has stored its token."""
        self.wait_until(lambda: self._racing(number))

    def _racing(self, number: int) -> bool:
        flow = self.world.read(ID)
        return flow.task_token is not None and flow.steps[number].phase != "pending"

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "condition never met"
            time.sleep(0.02)

    def sent(self) -> list[str]:
        """The channels of the requests, in order."""
        return [request.body["channel"] for request in self.messages.requests]

    def when_sent(self, number: int, *statuses: str) -> None:
        """Deliver statuses of a step before the Messages API answers its send."""
        meanwhile = self.messages.meanwhile

        def deliver(request: Request) -> None:
            meanwhile(request)
            if request.body["client_ref"] == client_ref(ID, number):
                for status in statuses:
                    self.receipt(number, status)

        self.messages.meanwhile = deliver


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, messages: MessagesServer) -> Iterator[Machine]:
    only_moto(monkeypatch)
    exact_waits()
    running: Any = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
    with mock_aws(config=ONE_SESSION | running):
        world = World(monkeypatch.setenv, messages.url)
        machine = Machine(world, messages, {}, load("message_status").handler, load("workflows_api").handler)
        machine.deploy()

        def invoke(
            _: LambdaSimpleBackend, function_name: str, qualifier: str | None, body: Any, headers: Any, answer: Any
        ) -> bytes:
            result, failed = machine.invoke(function_name, body)
            if failed:
                answer["x-amz-function-error"] = "Handled"
            return json.dumps(result).encode()

        monkeypatch.setattr(LambdaSimpleBackend, "invoke", invoke)
        one_write_at_a_time(monkeypatch)
        yield machine
