import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local import credentials, engines, stack
from local.__main__ import bring_up
from local.place import Place, free_port

PATIENCE = 240


_PLACES = {"test_application.py": -1, "test_ops.py": 1, "test_restore.py": 2, "test_delete.py": 3}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run first the test that stores an application, and last those that change secrets, table and stack.

    Each has more time than other tests: it deploys, or waits for what the stack does by itself.
    """
    items.sort(key=lambda item: _PLACES.get(item.path.name, 0))
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(900), append=False)


class Stack:
    """A deployed local stack, as its users see it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.account = credentials.read(place)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = self.account.basic

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, f"{self.place.url}{path}", timeout=60, **more)

    def _sandbox(self, **query: str) -> requests.Response:
        secret = stack.secret(self.place, "MessagesSecret")
        auth = credentials.Credentials(secret["api_key"], secret["api_secret"]).basic
        return self.call("GET", "/beta/sandbox/messages", params=query, headers={"Authorization": auth})

    def post(self, *steps: dict[str, Any]) -> str:
        """Post a workflow and return its id."""
        answer = self.call("POST", "/beta/workflows", json={"template": "failover", "workflow": list(steps)})
        assert answer.status_code == 202, answer.text
        workflow_id: str = answer.json()["workflow_uuid"]
        return workflow_id

    def get(self, workflow_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"/beta/workflows/{workflow_id}")
        assert answer.status_code == 200, answer.text
        workflow: dict[str, Any] = answer.json()
        return workflow

    def when(self, workflow_id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until a workflow meets a condition, and return it."""
        deadline = time.monotonic() + PATIENCE
        while not condition(workflow := self.get(workflow_id)):
            assert time.monotonic() < deadline, workflow
            time.sleep(0.2)
        return workflow

    def over(self, workflow_id: str) -> dict[str, Any]:
        return self.when(workflow_id, lambda workflow: workflow["status"] != "running")

    def requests(self, workflow_id: str) -> list[dict[str, Any]]:
        """The sandbox's record of each request for a workflow, in the order of its steps."""
        kept: list[dict[str, Any]] = []
        for number in range(3):
            kept += self._sandbox(client_ref=f"{workflow_id}.{number}").json()["messages"]
        return kept

    def sandbox_accepts_credentials(self) -> bool:
        """Whether the sandbox has read the credentials of the Messages API that are stored now."""
        return self._sandbox(client_ref=f"{uuid.uuid4()}.0").status_code == 200

    def messages(self, workflow_id: str) -> list[dict[str, Any]]:
        """The bodies of these requests."""
        return [request["body"] for request in self.requests(workflow_id)]

    def executing(self, workflow_id: str) -> bool:
        """Whether a workflow has a running execution."""
        machine = stack.resources(self.place)["StateMachine"]
        pages = stack.client(self.place, "stepfunctions").get_paginator("list_executions")
        running = pages.paginate(stateMachineArn=machine, statusFilter="RUNNING")
        return any(execution["name"].startswith(workflow_id) for page in running for execution in page["executions"])

    def sent(self, workflow_id: str) -> list[str]:
        """The channels of these requests, in the order of the steps."""
        return [body["channel"] for body in self.messages(workflow_id)]

    def sent_with(self, workflow_id: str) -> list[str]:
        """The form of credentials of each of these requests: `account` or `application`."""
        return [request["credentials"] for request in self.requests(workflow_id)]


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack on its own engines, beside one from `make up`."""
    place = Place(tmp_path_factory.mktemp("stack"), free_port(), free_port(), inbox_port=free_port())
    bring_up(place, lambda _: None)
    try:
        yield Stack(place)
    finally:
        engines.stop(place)


@pytest.fixture
def api_url(deployed: Stack) -> str:
    return deployed.place.api_url
