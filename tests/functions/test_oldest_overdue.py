"""How long the oldest overdue workflow waits: what each run of reconcile tells, and the alarm that watches it."""

from failover.adapters import aws
from tests.examples import NOW
from tests.left_behind import MINUTE, SHARDS, id_in, left_in, metrics, started
from tests.world import template


def test_a_partition_that_cannot_be_read(world, reconciling, monkeypatch, output):
    """The others are looked after all the same; how long the oldest waits is not known then, and not told."""
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
    """A run without the time to read every partition does not tell how long the oldest waits."""
    left = iter([55_000] * (SHARDS - 1))
    reconciling.run(NOW, lambda: next(left, 0))
    assert "OldestOverdueSeconds" not in output()


def test_how_long_the_oldest_waits(world, reconciling, output):
    """Each run tells how long the oldest has been overdue, in seconds, whichever partition it is in; 0: nothing is."""
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
    """One value is written in each run, so the alarm looks at each minute."""
    assert template()["Resources"]["ReconcileBehind"]["Properties"]["Period"] == 60
