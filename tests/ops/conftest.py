from collections.abc import Callable, Iterator

import pytest
from botocore.stub import Stubber

from ops.clients import client
from tests.world import REGION


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
