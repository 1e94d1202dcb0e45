"""The age of the oldest overdue workflow: the metric of each reconcile run, and its alarm."""

from failover.adapters import aws
from tests.examples import NOW
from tests.left_behind import MINUTE, SHARDS, id_in, left_in, metrics, started
from tests.world import template


def test_a_partition_that_cannot_be_read(world, reconciling, monkeypatch, output):
    """If one partition cannot be read, the others are repaired, and the age, which is unknown, is not reported."""
    for shard in (0, 1):
        left_in(world, shard)
    index = reconciling.app.outside.overdue
    page = index.page

    def throttled(queue, shard, *more):
        if (queue, shard) == ("due", 0):
            raise aws.Unavailable("dynamodb: ThrottlingException")
        return page(queue, shard, *more)

    monkeypatch.setattr(index, "page", throttled)
    output()
    assert reconciling.run(NOW) == 1
    assert started(reconciling) == {id_in(1)}
    assert "OldestOverdueSeconds" not in output()


def test_no_time_to_read_them_all(reconciling, output):
    """A run without the time to read every partition does not report the age."""
    seconds = iter([55_000] * (SHARDS - 1))
    reconciling.run(NOW, lambda: next(seconds, 0))
    assert "OldestOverdueSeconds" not in output()


def test_how_long_the_oldest_waits(world, reconciling, output):
    """Each run reports in seconds how long the oldest workflow of all partitions has been overdue, or 0 if none is."""
    output()
    reconciling.run(NOW)
    assert metrics(output()) == [{"OldestOverdueSeconds": [0.0]}]
    left_in(world, 3, due_at=NOW - 310_500)
    left_in(world, 6, due_at=NOW - 20_000)
    left_in(world, 7, due_at=NOW + MINUTE)
    reconciling.run(NOW)
    assert {"OldestOverdueSeconds": [310.0]} in metrics(output())
    reconciling.run(NOW)
    assert {"OldestOverdueSeconds": [0.0]} in metrics(output())


def test_a_value_each_minute():
    """Each run writes one value, so the alarm evaluates every minute."""
    assert template()["Resources"]["ReconcileBehind"]["Properties"]["Period"] == 60
