"""Reconcile under faults: workflows that always fail, full partitions, deaths and twins (F16, F19)."""

import json
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError

from failover.adapters import aws
from failover.outside import Outside
from failover.rules.receipts.receipt import Receipt
from failover.rules.workflow import transitions
from failover.use_cases.workflow import overdue, reconcile
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import HOUR, NOW, SMS, TWO_STEPS, workflow
from tests.inline import Inline
from tests.left_behind import CONTENT, MINUTE, SHARDS, Died, id_in, left_in, metrics, mortal, started


def refuse(client, operation, wanted):
    """Make Step Functions or DynamoDB refuse, for good, the calls whose parameters match `wanted`."""

    def refusing(params, **_):
        if wanted(params):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "447700900000"}}, operation)

    service = client.meta.service_model.service_name
    client.meta.events.register(f"provide-client-params.{service}.{operation}", refusing)


@pytest.fixture
def two_per_shard(monkeypatch):
    """A run takes two workflows from each partition instead of fifty."""
    monkeypatch.setattr(overdue, "MOST_PER_SHARD", 2)


def test_bounded(world, reconciling, two_per_shard, monkeypatch):
    """A run lists a limited number of workflows per partition, oldest first, and leaves the rest to the next run."""
    monkeypatch.setattr(overdue, "MOST_LISTINGS", 1)
    for number, age in enumerate((3, 9, 1, 7)):
        left_in(world, 0, number, NOW - age * MINUTE)
    left_in(world, 5)
    assert reconciling.run(NOW) == 3
    assert started(reconciling) == {id_in(0, 1), id_in(0, 3), id_in(5)}
    assert reconciling.run(NOW + 1) == 2
    assert len(started(reconciling)) == 5


def test_as_long_as_there_is_time(world, reconciling, two_per_shard):
    """A run with enough time repairs all overdue workflows of a partition, however many there are."""
    for number in range(7):
        left_in(world, 0, number)
    assert reconciling.run(NOW) == 7
    assert len(started(reconciling)) == 7


def test_workflows_with_something_to_send_come_first(world, reconciling, two_per_shard):
    """A workflow that has something to send is repaired before any number that only wait for a receipt."""
    for number in range(6):
        flow = replace(transitions.claimed(workflow("sms"), 0, NOW - 80 * HOUR * 1000), id=id_in(0, number))
        world.put(flow, [SMS])
    left_in(world, 0, 9)
    seconds = iter([55_000] * (SHARDS + 1))
    assert reconciling.run(NOW, lambda: next(seconds, 0)) == 1
    assert started(reconciling) == {id_in(0, 9)}
    assert reconciling.run(NOW + 1) == 6
    assert {world.read(id_in(0, number)).reason for number in range(6)} == {"unconfirmed"}


def test_one_that_fails(world, reconciling, output):
    """A workflow that cannot be repaired delays no other; its failure is counted, in fixed words."""
    for shard in range(3):
        left_in(world, shard)
    refuse(reconciling.app.outside.executions.client, "StartExecution", lambda asked: id_in(1) in asked["name"])
    output()
    assert reconciling.run(NOW) == 3
    assert started(reconciling) == {id_in(0), id_in(2)}
    written = output()
    assert {"UnexpectedFailures": [1.0], "error": "AwsError"} in metrics(written)
    assert "447700900000" not in written


def test_those_that_always_fail_stand_last(world, reconciling, two_per_shard):
    """F16: any number of workflows that fail every time delay the others of their partition by at most a minute."""
    for number in range(4):
        left_in(world, 0, number, NOW - HOUR)
    left_in(world, 0, 9)
    refuse(reconciling.app.outside.executions.client, "StartExecution", lambda asked: id_in(0, 9) not in asked["name"])
    for minute in range(3):
        reconciling.run(NOW + minute * MINUTE // 2)
    assert started(reconciling) == {id_in(0, 9)}


def test_one_that_cannot_be_read(world, reconciling, output):
    """An item that is no longer a valid workflow is counted and delays no other."""
    left_in(world, 0)
    left_in(world, 0, 1)
    boto3.client("dynamodb").update_item(
        TableName=world.table,
        Key={"pk": {"S": f"workflow#{id_in(0)}"}, "sk": {"S": "state"}},
        UpdateExpression="REMOVE steps",
    )
    reconciling.run(NOW)
    assert started(reconciling) == {id_in(0, 1)}
    assert "UnexpectedFailures" in output()


@pytest.mark.parametrize(
    "raised", [aws.Unavailable("stepfunctions: Throttling"), aws.AwsError("stepfunctions", "Gone")]
)
def test_tried_again_a_minute_later(world, reconciling, monkeypatch, output, raised):
    """F2: a repair that failed temporarily is repeated in the next run, not four minutes later."""
    left_in(world, 0)

    def start(*_):
        raise raised

    with monkeypatch.context() as patched:
        patched.setattr(reconciling.app.outside.executions, "start", start)
        reconciling.run(NOW)
    assert ("UnexpectedFailures" in output()) == isinstance(raised, aws.AwsError)
    assert reconciling.run(NOW + MINUTE) == 1
    assert started(reconciling) == {id_in(0)}


def test_no_time_left(world, reconciling):
    """With less than ten seconds left nothing is begun."""
    left_in(world, 0)
    assert reconciling.run(NOW, lambda: 10_000) == 0
    assert started(reconciling) == set()
    assert reconciling.run(NOW, lambda: 10_001) == 1


def test_time_runs_out(world, reconciling):
    """A run that runs out of time ends after the workflow it has begun, and the next run takes the rest."""
    for shard in range(3):
        left_in(world, shard)
    seconds = iter([55_000] * (SHARDS + 2))
    assert reconciling.run(NOW, lambda: next(seconds, 0)) == 2
    assert len(started(reconciling)) == 2
    reconciling.run(NOW)
    assert len(started(reconciling)) == 3


def test_a_full_partition(world, reconciling, two_per_shard):
    """If the time suffices for one partition only, each partition comes first in its turn, so none waits for ever."""
    for shard in range(SHARDS):
        for number in range(2 * SHARDS if shard == 0 else 2):
            left_in(world, shard, number)
    for minute in range(SHARDS):
        seconds = iter([55_000] * (SHARDS + 2))
        assert reconciling.run(NOW + minute * MINUTE, lambda seconds=seconds: next(seconds, 0)) == 2
    assert {id_[:8] for id_ in started(reconciling)} == {id_in(shard)[:8] for shard in range(SHARDS)}


def test_at_a_pace(world, reconciling, monkeypatch):
    """Nine workflows that may need a look at their execution are repaired each second, and ten at once."""
    monkeypatch.setattr(reconciling.app.outside, "pool", Inline)
    for number in range(27):
        left_in(world, number % SHARDS, number)
    assert reconciling.run(NOW) == 27
    assert 1_800 <= reconciling.now - NOW <= 2_000


def test_log_keys(world, reconciling, output):
    """Each line of a repair names its own workflow, although several are repaired at once."""
    for number in range(16):
        left_in(world, number % SHARDS, number)
    refuse(reconciling.app.outside.executions.client, "StartExecution", lambda asked: True)  # noqa: ARG005
    output()
    reconciling.run(NOW)
    lines = [json.loads(line) for line in output().splitlines() if '"unexpected failure"' in line]
    assert sorted(line["workflow_id"] for line in lines) == sorted(id_in(n % SHARDS, n) for n in range(16))


def never_started(flow):
    return replace(flow, attempt=2)


def execution_dead(flow):
    claimed = transitions.claimed(flow, 0, NOW)
    return transitions.received(claimed, 0, Receipt("rejected", "u", None, None), NOW)


def fifth_dead(flow):
    return replace(execution_dead(flow), attempt=transitions.MOST_ATTEMPTS)


def silent(flow):
    return transitions.claimed(execution_dead(flow), 1, NOW)


WAYS = {never_started: ({2}, "running"), execution_dead: ({1, 2}, "running"), fifth_dead: ({5}, "error")}
WAYS[silent] = (set(), "error")
"""For each way to be overdue: the number of executions and the workflow's status after repair."""


def left_behind(world, reconciling, way, number):
    flow = world.put(replace(way(workflow(*TWO_STEPS)), id=id_in(number % SHARDS, number), due_at=NOW), CONTENT)
    if way in (execution_dead, fifth_dead):
        world.executions.start(flow, NOW)
        reconciling.died(f"{flow.id}-{flow.attempt}")
    return flow.id


def settled(world, reconciling, way, workflow_id):
    """Check the repaired workflow, then remove it."""
    executions, status = WAYS[way]
    flow = world.read(workflow_id)
    assert flow.status == status
    assert {name for name in reconciling.started() if workflow_id in name} == {f"{workflow_id}-{n}" for n in executions}
    assert flow.attempt == max(executions, default=1)
    assert [entry["event"] for entry in flow.timeline].count("error") == (status == "error")
    if flow.running:
        reconciling.write(transitions.cancelled(flow, NOW))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_death_at_every_call(world, reconciling, way, when):
    """A run that dies before or after any of its calls does no harm: the next runs finish its work, once."""
    at, deaths = NOW + (80 * HOUR * 1000 if way is silent else 0), 0
    dying = Outside(now=lambda: at)
    spared = mortal(dying, when)
    for call in range(7):
        workflow_id = left_behind(world, reconciling, way, call)
        spared[:] = [call]
        try:
            reconcile.reconcile(dying)
        except Died:
            deaths += 1
        for later in (at, at + MINUTE):
            reconciling.run(later)
        settled(world, reconciling, way, workflow_id)
    assert deaths >= 3


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_twins(world, reconciling, monkeypatch, output, way):
    """Of any number of runs on one workflow at the same instant, one acts."""
    one_write_at_a_time(monkeypatch)
    at = NOW + (80 * HOUR * 1000 if way is silent else 0)
    twins = [Outside(now=lambda: at) for _ in range(3)]
    for number in range(8):
        workflow_id = left_behind(world, reconciling, way, number)
        output()
        at_once(*[lambda twin=twin: reconcile.reconcile(twin) for twin in twins])
        acts = [metric for metric in metrics(output()) if "WorkflowsReconciled" in metric]
        assert len(acts) == (way is not never_started)  # a start that changes nothing is not counted
        settled(world, reconciling, way, workflow_id)
