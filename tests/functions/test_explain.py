"""What `ops explain` reads about a workflow, on moto; the whole command runs against the local stack in tests/e2e."""

import boto3
import pytest
from botocore.exceptions import ClientError

from failover.adapters.workflow.store import Pointer
from failover.rules.workflow import transitions
from ops.clients import client
from ops.explain import gather
from ops.explain.gather import NotFound, Stack, query_of
from tests import messages_server as server
from tests.examples import ID, NOW
from tests.functions.conftest import ended, task_of
from tests.world import REGION

LOGS = "/aws/lambda/workflows-send-sms"


@pytest.fixture(autouse=True)
def no_old_clients():
    """Clients of an earlier test belong to its moto."""
    client.cache_clear()


@pytest.fixture
def stack(world):
    boto3.client("logs").create_log_group(logGroupName=LOGS)
    return Stack(REGION, world.store._table, world.state_machine, (LOGS,), sleep=lambda _: None)


def test_what_is_found(world, stack, stored):
    """The state, the execution and its status are found by the workflow's id."""
    world.executions.start(stored, NOW)
    story = stack.story(ID)
    assert story.workflow == world.read(ID)
    (execution,) = story.executions
    assert (execution.number, execution.status) == (1, "RUNNING")


def test_an_execution_that_is_missing(stored, stack):
    """A workflow whose execution was never started is explained without it, and the answer says so."""
    story = stack.story(ID)
    assert story.executions == ()
    assert any(gap.startswith("execution 1: it was never started") for gap in story.gaps)


def test_attempts(world, deliver, customer, stack):
    """Each attempt at a webhook is found with its answer."""
    ended(world)
    customer.script = [server.http(503)]
    deliver(task_of(world))
    (webhook,) = stack.story(ID).webhooks
    assert (webhook.state, [one.answer for one in webhook.attempts]) == ("pending", [503])


def test_by_message(world, stored, stack):
    """A message's id leads to its workflow."""
    claimed = transitions.claimed(world.read(ID), 0, NOW)
    world.store.write(claimed, Pointer("uuid-0", 0, 4_000_000_000))
    assert stack.by_message("uuid-0") == ID
    with pytest.raises(NotFound):
        stack.by_message("uuid-1")


def test_unknown(stack):
    """A workflow that this stack does not have is not found."""
    with pytest.raises(NotFound):
        stack.story("00000000-0000-4000-8000-000000000000")


def test_a_service_that_refuses(stored, stack, monkeypatch):
    """What AWS refuses to show is a gap with the error's name and not its words; the rest is shown."""

    class Refusing:
        def start_query(self, **_):
            error = {"Code": "AccessDeniedException", "Message": "447700900001 is not authorized"}
            raise ClientError({"Error": error}, "StartQuery")

    known = gather.client
    monkeypatch.setattr(gather, "client", lambda name, region: Refusing() if name == "logs" else known(name, region))
    story = stack.story(ID)
    assert "the logs: StartQuery was answered AccessDeniedException" in story.gaps
    assert not any("447700900001" in gap for gap in story.gaps)


def test_a_query_that_takes_long(stored, stack, monkeypatch):
    """A query is waited for, and one that does not end in time is a gap."""
    waited = []

    class Slow:
        def start_query(self, **asked):
            assert asked["queryString"] == query_of(ID)
            return {"queryId": "q"}

        def get_query_results(self, **_):
            return {"status": "Running", "results": []}

    known = gather.client
    monkeypatch.setattr(gather, "client", lambda name, region: Slow() if name == "logs" else known(name, region))
    object.__setattr__(stack, "sleep", waited.append)
    assert any("running after" in gap for gap in stack.story(ID).gaps)
    assert sum(waited) == gather.PATIENCE
