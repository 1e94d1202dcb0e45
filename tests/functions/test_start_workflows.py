"""Workflows that no POST has started are started later: in order of age, at a pace, each once (F2, F43)."""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError

from failover.adapters import aws
from failover.outside import Outside
from failover.rules.workflow import transitions
from failover.use_cases.workflow import reconcile
from failover.use_cases.workflow.start import start_workflows
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import ID, MESSENGER, NOW, SMS, THREE_STEPS, TWO_STEPS, request, workflow
from tests.inline import Inline
from tests.left_behind import CONTENT, MINUTE, SHARDS, Died, Starting, id_in, metrics, mortal
from tests.world import load

DUE = NOW + 30_000


@pytest.fixture
def starting(world):
    """The function `start_workflows` with a clock of its own."""
    return Starting(world, load("start_workflows"))


def left(world, shard, number=0, due_at=NOW):
    """Store a workflow that was never started, due at `due_at`."""
    return world.put(replace(workflow(*TWO_STEPS), id=id_in(shard, number), due_at=due_at), CONTENT)


def answer(starting, code, refused=bool):
    """Step Functions answers this error to the starts whose name is `refused`."""

    def refusing(params, **_):
        if refused(params["name"]):
            raise ClientError({"Error": {"Code": code, "Message": "447700900000"}}, "StartExecution")

    event = "provide-client-params.stepfunctions.StartExecution"
    starting.app.outside.executions.client.meta.events.register(event, refusing)
    return lambda: starting.app.outside.executions.client.meta.events.unregister(event, refusing)


def test_never_started(world, starting, output):
    """F2: a workflow that was stored but not started is started within two minutes, as its first execution."""
    world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])
    assert starting.run(DUE - 1) == 0
    output()
    assert starting.run(DUE) == 1
    assert list(starting.started()) == [f"{ID}-1"]
    assert {"StartsLate": [1.0]} in metrics(output())
    assert world.read(ID).due_at == DUE + 4 * MINUTE, "unless its first step is claimed before"
    assert starting.run(DUE + MINUTE) == 0


def test_never_started_twice(world, starting, output):
    """F2: an execution that runs after all, because an answer was lost or a twin was faster, remains the only one."""
    flow = world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])
    world.executions.start(flow, NOW)
    assert starting.run(DUE) == 1
    assert list(starting.started()) == [f"{ID}-1"]
    assert "UnexpectedFailures" not in output()
    assert world.read(ID).attempt == 1


def test_calls(world, starting):
    """A run costs a query of each shard, one read for fifty workflows, and a start and a write for each of them."""
    for number in range(50):
        left(world, number % SHARDS, number)
    calls = Counter()
    for client in (starting.app.outside.table.client, starting.app.outside.executions.client):
        client.meta.events.register("before-call", lambda model, **_: calls.update([model.name]))
    assert starting.run(DUE) == 50
    again = 2 * SHARDS
    assert calls == {"Query": again, "BatchGetItem": 1, "StartExecution": 50, "PutItem": 50}


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT", "SUCCEEDED"])
def test_an_execution_that_died(world, starting, output, status):
    """F19: if the first execution has ended without a claim, the second one is started, without a look at the first."""
    world.executions.start(world.put(workflow(*THREE_STEPS), CONTENT), NOW)
    starting.died(status=status)
    assert starting.run(DUE) == 1
    assert set(starting.started()) == {f"{ID}-1", f"{ID}-2"}
    assert {"WorkflowsReconciled": [1.0], "action": "resumed"} in metrics(output())
    flow = world.read(ID)
    assert (flow.attempt, flow.due_at) == (2, DUE + 8 * MINUTE)


def test_an_execution_with_another_input(world, starting):
    """If an execution of an earlier release runs with another input, a second one runs beside it."""
    flow = world.put(workflow(*TWO_STEPS), CONTENT)
    world.executions.start(replace(flow, steps=flow.steps[1:]), NOW)
    starting.run(DUE)
    assert set(starting.started()) == {f"{ID}-1", f"{ID}-2"}


@pytest.mark.parametrize(
    "meanwhile",
    [
        transitions.cancelled(workflow(*TWO_STEPS), NOW),
        transitions.claimed(workflow(*TWO_STEPS), 0, NOW),
        replace(workflow(*TWO_STEPS), attempt=2),
    ],
    ids=["cancelled", "claimed", "resumed"],
)
def test_moved_on(world, starting, meanwhile):
    """A workflow that has been cancelled, claimed or resumed is not started, although the index still shows it."""
    flow = world.put(workflow(*TWO_STEPS), CONTENT)
    index = starting.app.outside.overdue
    lagging = index.page("unstarted", int(ID[:8], 16) % SHARDS, DUE, 1)
    world.store.write(replace(meanwhile, version=flow.version))
    index.page = lambda _, shard, *__: replace(lagging, found=lagging.found if shard == 0 else [], next=None)
    before = world.read(ID)
    assert starting.run(DUE) == 0
    assert (starting.started(), world.read(ID)) == ({}, before)


def test_a_claim_before_the_write(world, starting):
    """A send that claims the first step between the start and the write after it is not disturbed."""
    world.put(workflow(*TWO_STEPS), CONTENT)
    start = starting.app.outside.executions.start

    def claimed_at_once(flow, now):
        start(flow, now)
        starting.write(transitions.claimed(world.read(ID), 0, now))
        return True

    starting.app.outside.executions.start = claimed_at_once
    assert starting.run(DUE) == 1
    flow = world.read(ID)
    assert (flow.steps[0].phase, flow.due_at) == ("claimed", DUE + 4 * MINUTE)


def test_one_that_fails(world, starting, output):
    """A workflow that cannot be started delays no other, and comes after all others from then on."""
    for shard in range(3):
        left(world, shard)
    answer(starting, "InvalidExecutionInput", lambda name: id_in(1) in name)
    output()
    assert starting.run(NOW) == 2
    assert set(starting.started()) == {f"{id_in(0)}-1", f"{id_in(2)}-1"}
    written = output()
    assert {"UnexpectedFailures": [1.0], "error": "AwsError"} in metrics(written)
    assert "447700900000" not in written
    assert world.read(id_in(1)).due_at == NOW + MINUTE
    (line,) = [json.loads(line) for line in written.splitlines() if "unexpected failure" in line]
    assert line["workflow_id"] == id_in(1), "the log says which, although many are started at once"


def test_one_that_is_always_refused(world, starting):
    """A workflow for which Step Functions is never available delays no other, and is left in front."""
    for shard in range(3):
        left(world, shard, due_at=NOW + shard - 3)
    over = answer(starting, "InternalServerError", lambda name: id_in(0) in name)
    assert starting.run(NOW) == 2
    assert world.read(id_in(0)).due_at == NOW - 3
    over()
    assert starting.run() == 1


def test_one_that_cannot_be_read(world, starting, output):
    """An item that is no longer a valid workflow is counted, delays no other, and is left alone for an hour."""
    left(world, 0)
    left(world, 0, 1)
    boto3.client("dynamodb").update_item(
        TableName=world.table,
        Key={"pk": {"S": f"workflow#{id_in(0)}"}, "sk": {"S": "state"}},
        UpdateExpression="REMOVE steps",
    )
    assert starting.run(NOW) == 1
    assert "UnexpectedFailures" in output()
    assert starting.run(NOW + MINUTE) == 0
    assert "UnexpectedFailures" not in output()


def test_no_time_left(world, starting):
    """With less than ten seconds left nothing is begun, and the next run goes on."""
    for shard in range(3):
        left(world, shard, due_at=NOW + shard - 3)
    assert starting.run(NOW, lambda: 10_000) == 0
    seconds = iter([10_001] * 2)
    assert starting.run(NOW, lambda: next(seconds, 0)) == 2
    assert set(starting.started()) == {f"{id_in(0)}-1", f"{id_in(1)}-1"}
    assert starting.run(NOW) == 1


def test_a_shard_that_cannot_be_read(world, starting, monkeypatch, output):
    """If one shard cannot be read, the others are started, and the age, which is unknown, is not reported."""
    for shard in (0, 1):
        left(world, shard)
    index = starting.app.outside.overdue
    page = index.page

    def throttled(queue, shard, *more):
        if shard == 0:
            raise aws.Unavailable("dynamodb: ThrottlingException")
        return page(queue, shard, *more)

    monkeypatch.setattr(index, "page", throttled)
    assert starting.run(NOW) == 1
    assert "OldestUnstartedSeconds" not in output()


def test_how_long_the_oldest_waits(world, starting, output):
    """Each run reports in seconds how long the oldest unstarted workflow has been due, or 0 if none is."""
    output()
    starting.run(NOW)
    assert metrics(output()) == [{"OldestUnstartedSeconds": [0.0]}]
    left(world, 3, due_at=NOW - 310_500)
    left(world, 6, due_at=NOW - 20_000)
    starting.run(NOW)
    assert {"OldestUnstartedSeconds": [310.0]} in metrics(output())


@pytest.mark.parametrize("when", ["before", "after"])
def test_death_at_every_call(world, starting, when):
    """A run that dies before or after any of its calls loses no workflow and starts none twice."""
    dying, deaths = Outside(now=lambda: NOW), 0
    spared = mortal(dying, when)
    for call in range(5):
        flow = left(world, call, call)
        spared[:] = [call]
        try:
            start_workflows(dying)
        except Died:
            deaths += 1
        starting.run(NOW)
        assert [name for name in starting.started() if flow.id in name] == [f"{flow.id}-1"]
        assert world.read(flow.id).attempt == 1
        assert starting.run(NOW) == 0
    assert deaths >= 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_death_as_it_resumes(world, starting, reconciling, when):
    """A run that dies as it resumes a workflow leaves that to the next run, or to `reconcile`."""
    dying = Outside(now=lambda: NOW)
    spared = mortal(dying, when)
    for call in range(6):
        flow = left(world, call, call)
        world.executions.start(flow, NOW)
        starting.died(f"{flow.id}-1")
        spared[:] = [call]
        with suppress(Died):
            start_workflows(dying)
        starting.run(NOW)
        reconciling.run(NOW)
        assert {name for name in starting.started() if flow.id in name} == {f"{flow.id}-1", f"{flow.id}-2"}
        assert world.read(flow.id).attempt == 2


def test_twins(world, starting, monkeypatch):
    """Any number of runs at the same instant start each workflow once, in the end with one write."""
    one_write_at_a_time(monkeypatch)
    flows = [left(world, number % SHARDS, number) for number in range(20)]
    twins = [Outside(now=lambda: NOW, sleep=lambda _: None) for _ in range(3)]
    at_once(*[lambda twin=twin: start_workflows(twin) for twin in twins])
    assert sorted(starting.started()) == sorted(f"{flow.id}-1" for flow in flows)
    assert {world.read(flow.id).version for flow in flows} == {2}
    assert {world.read(flow.id).attempt for flow in flows} == {1}


def test_reconcile_beside_it(world, starting):
    """`reconcile` does not look at the queue."""
    left(world, 0)
    assert reconcile.reconcile(Outside(now=lambda: NOW + 60 * MINUTE)) == 0


class Quota:
    """StartExecution's quota on the test's clock: `refill` a second, at most `burst` at once."""

    def __init__(self, client, now, refill, burst):
        self.now, self.refill, self.burst = now, refill, burst
        self.tokens, self.at = burst, now()
        self.refused = 0
        client.meta.events.register("provide-client-params.stepfunctions.StartExecution", self.take)

    def take(self, **_):
        now = self.now()
        self.tokens = min(self.burst, self.tokens + (now - self.at) / 1000 * self.refill)
        self.at = now
        if self.tokens < 1:
            self.refused += 1
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "StartExecution")
        self.tokens -= 1


def test_more_than_step_functions_starts(world, starting, monkeypatch):
    """F43: of ten times the quota none is lost, and each is started once, roughly in order of age."""
    outside = starting.app.outside
    monkeypatch.setattr(outside, "pool", Inline)
    quota = Quota(outside.executions.client, lambda: starting.now, refill=1, burst=5)
    monkeypatch.setattr(outside, "settings", replace(outside.settings, starts_per_second=1))
    arrived = [left(world, number % SHARDS, number, due_at=NOW + 100 * number).id for number in range(120)]
    order = []
    start = outside.executions.client.start_execution

    def recorded(**asked):
        started = start(**asked)
        order.append(asked["name"].removesuffix("-1"))
        return started

    monkeypatch.setattr(outside.executions.client, "start_execution", recorded)
    runs = 0
    while len(order) < len(arrived):
        begun = starting.now = NOW + (runs + 1) * MINUTE
        starting.run(begun, lambda begun=begun: 70_000 - (starting.now - begun))
        runs += 1
    assert sorted(order) == sorted(arrived), "none is lost, and none is started twice"
    places = {flow_id: place for place, flow_id in enumerate(arrived)}
    assert max(abs(places[flow_id] - place) for place, flow_id in enumerate(order)) <= 5
    assert runs <= 3, "120 at 1 a second take two minutes"
    assert quota.refused < 20


def test_out_of_reach(world, starting, monkeypatch, output):
    """While Step Functions takes nothing, a run ends after a few tries and changes no workflow."""
    monkeypatch.setattr(starting.app.outside, "pool", Inline)
    flows = [left(world, number % SHARDS, number, due_at=NOW - 100 + number) for number in range(60)]
    over = answer(starting, "ServiceUnavailable")
    assert starting.run(NOW) == 0
    assert output().count('"unavailable"') == 10
    assert [world.read(flow.id).version for flow in flows] == [1] * 60
    over()
    assert starting.run(NOW) == 60


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        ((400, "ThrottlingException"), 1),
        ((400, "ExecutionLimitExceeded"), 1),
        ((500, "InternalServerError"), 3),
        (EndpointConnectionError(endpoint_url="https://states.test"), 3),
    ],
)
def test_a_post_that_is_refused(app, call, output, fault, tries):
    """A POST makes one try if Step Functions takes no more starts, three if it cannot be reached; its 202 stands."""
    made = []

    def refuse(request, **_):
        made.append(request)
        if isinstance(fault, Exception):
            raise fault
        status, code = fault
        body = BytesIO(json.dumps({"__type": code}).encode())
        body.stream = lambda **_: iter([body.getvalue()])
        return AWSResponse(request.url, status, {}, body)

    app.outside.executions.client.meta.events.register_first("before-send.sfn.StartExecution", refuse)
    assert call("POST", "/workflows", request(MESSENGER, SMS))["statusCode"] == 202
    assert len(made) == tries
    assert {"WorkflowsNotStarted": [1.0]} in metrics(output())
