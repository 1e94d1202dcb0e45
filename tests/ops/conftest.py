import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from ops import deployed
from ops.clients import client
from tests.world import REGION, World, load


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Stubber]]:
    """AWS's answers, one after the other, by service: `stub("iam").add_response(…)`. All of them must be asked for."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    client.cache_clear()
    stubbers: dict[str, Stubber] = {}

    def of(service: str) -> Stubber:
        if service not in stubbers:
            stubbers[service] = Stubber(client(service, REGION))
            stubbers[service].activate()
        return stubbers[service]

    yield of
    for stubber in stubbers.values():
        stubber.assert_no_pending_responses()
    client.cache_clear()


class Lambda:
    """Runs the real function `accounts`, as Lambda does, with what may happen `before` and `after` a command."""

    def __init__(self) -> None:
        self.function = load("accounts")
        self.actions: list[str] = []
        self.before: Callable[[str], object] = lambda _: None
        self.after: Callable[[str], object] = lambda _: None

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto's names
        assert FunctionName.endswith("-accounts")
        event = json.loads(Payload)
        self.actions.append(event["action"])
        self.before(event["action"])
        try:
            answer: dict[str, Any] = {"Payload": self.function.handler(event, None)}
        except Exception as error:  # noqa: BLE001 - as Lambda does
            failed = {"errorType": type(error).__name__, "errorMessage": "private"}
            answer = {"Payload": failed, "FunctionError": "Unhandled"}
        self.after(event["action"])
        return {**answer, "Payload": io.BytesIO(json.dumps(answer["Payload"]).encode())}

    def accounts(self) -> dict[str, str]:
        """The names of all accounts but that of the tests, by key."""
        listed = self.function.handler({"action": "list_accounts", "limit": 100}, None)["accounts"]
        return {one["api_key"]: one["name"] for one in listed if one["name"] != "tests"}


def during(action: str, error: BaseException) -> Callable[[str], None]:
    """What happens at one command: the process dies there, or it gets no answer."""

    def happens(called: str) -> None:
        if called == action:
            raise error

    return happens


def no_answer() -> BaseException:
    return ReadTimeoutError(endpoint_url="https://secret.test")


@pytest.fixture
def aws_lambda(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    """AWS as moto simulates it, with the function `accounts`."""
    client.cache_clear()
    played = Lambda()
    monkeypatch.setattr(deployed, "invoking", lambda _: played)
    yield played
    client.cache_clear()
