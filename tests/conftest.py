import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend
from schemathesis.pytest.plugin import SchemathesisFunction
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from failover.observability import logger
from tests import permissions
from tests.lives.figures import pytest_terminal_summary  # noqa: F401 - a hook
from tests.messages_server import MessagesServer
from tests.world import REGION, World

pytest_plugins = ["tests.browser"]


class OneStack(LoadScopeScheduling):
    """Give each test to the next free worker, except those of deployed stacks, which share one."""

    def _split_scope(self, nodeid: str) -> str:
        return "stack" if nodeid.startswith(("tests/e2e/", "tests/upgrade/test_upgrade.py")) else nodeid


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each operation that schemathesis tests an id of its own.

    pytest makes the id from the name of their function, so they all have the same one. pytest-xdist looks tests up by
    id, and would run only one of them.
    """
    for item in items:
        if isinstance(item, SchemathesisFunction) and item.id.params is None:
            item._id = item.id.with_params(item.operation_label)
    repeated = [item for item, times in Counter(item.nodeid for item in items).items() if times > 1]
    if repeated:
        raise pytest.UsageError(f"several tests have the same id: {', '.join(repeated)}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneStack:
    return OneStack(config, log)


@pytest.fixture(autouse=True)
def nothing_denied() -> Iterator[None]:
    """No function calls AWS for anything that its role in the template does not allow."""
    permissions.denied.clear()
    yield
    assert permissions.denied == []


@pytest.fixture
def messages() -> Iterator[MessagesServer]:
    """A scripted Messages API on loopback."""
    server = MessagesServer()
    yield server
    server.close()


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """The log lines and metrics written since the last read."""
    written = io.StringIO()
    logger.registered_handler.setStream(written)

    def read() -> str:
        captured = capsys.readouterr()
        return written.getvalue() + captured.out + captured.err

    return read


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, messages: MessagesServer) -> Iterator[World]:
    """AWS as moto simulates it, with the template's table, secrets and state machine; executions are only recorded."""
    only_moto(monkeypatch)
    with mock_aws(config=ONE_SESSION):
        yield World(monkeypatch.setenv, messages.url)


ONE_SESSION: Any = {"core": {"reset_boto3_session": False}}
"""For moto: keep boto3's session between tests. A new one reads the models of every service again."""


def only_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which no call can leave for AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "test")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.setenv(name, REGION)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


def one_write_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make moto's conditional writes atomic, as DynamoDB's are."""
    lock = threading.RLock()
    for name in ("put_item", "update_item", "transact_write_items"):
        method = getattr(DynamoDBBackend, name)

        def locked(*arguments: Any, _method: Any = method, **more: Any) -> Any:
            with lock:
                return _method(*arguments, **more)

        monkeypatch.setattr(DynamoDBBackend, name, locked)


def at_once(*acts: Callable[[], Any]) -> None:
    """Run every act in its own thread, all released together."""
    barrier = threading.Barrier(len(acts))
    failures: list[Exception] = []

    def run(act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001 - a thread must not lose it
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
