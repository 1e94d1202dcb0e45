"""Start the workflows whose POST has not started them, oldest first, at a pace that leaves room for new ones.

A start is idempotent by its name, so nothing is written before it. A run may die at any call, or have a twin: the next
one starts the same workflow again, which changes nothing, and then postpones it. What Step Functions refuses for now
stays in front.
"""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import batched, chain, islice

from failover.adapters import aws
from failover.adapters.workflow.overdue_index import Overdue
from failover.observability import count_many, logger, measure_seconds, passed_over, unavailable, unexpected
from failover.outside import Outside
from failover.rules.timing.pace import Pace
from failover.rules.workflow import origin, transitions
from failover.rules.workflow.overdue import SHARDS, unstarted
from failover.rules.workflow.state import Workflow
from failover.use_cases.workflow.in_parallel import Done, in_parallel
from failover.use_cases.workflow.overdue import reconciled, set_aside
from failover.use_cases.workflow.transition import mark_restored, transition

WORKERS = 16
"""Threads. At 100 starts a second, a start and its write may take 160 ms."""
AT_ONCE = 50
"""Workflows that one call reads, or lists of one shard."""


def start_workflows(outside: Outside, time_left: Callable[[], bool] = lambda: True) -> int:
    """Start every unstarted workflow while there is time. Returns of how many an execution is known to run.

    Measures how long the oldest has waited, if the whole queue could be read.
    """
    _ = outside.store, outside.executions  # `in_parallel` says why
    pace = Pace(outside.settings.starts_per_second)
    started = in_parallel(outside, _unstarted(outside), lambda one: _try(outside, one), pace, WORKERS, time_left)
    if started:
        count_many("StartsLate", started)
        logger.info("workflows started", number=started)
    return started


def _try(outside: Outside, workflow: Workflow) -> Done[Workflow]:
    logger.thread_safe_append_keys(workflow_id=workflow.id)
    try:
        return _start(outside, workflow)
    except Exception as error:
        passed_over(error)  # one broken workflow must not delay the others
    return Done()


def _start(outside: Outside, workflow: Workflow) -> Done[Workflow]:
    if origin.elsewhere(workflow, outside.here):
        mark_restored(outside, workflow)
        return Done()
    try:
        running = outside.executions.start(workflow, outside.now())
    except aws.Unavailable as error:
        unavailable(error)
        return Done(refused=True, rest=workflow)
    except Exception:
        transition(outside, workflow, lambda current: transitions.repair_begun(current, outside.now()))
        raise
    if not running:
        return Done(rest=_resumed(outside, workflow))
    transition(outside, workflow, lambda current: transitions.repair_done(current, outside.now()))
    return Done(number=1)


def _resumed(outside: Outside, workflow: Workflow) -> Workflow | None:
    """Prepare the next execution, since this one has ended without a claim. Returns None if none is needed.

    Step Functions answers the same if it runs with another input, that of an earlier release. Then both run, as after
    a redrive: each step is still claimed, and sent, once.
    """

    def decide(current: Workflow) -> Workflow | None:
        return transitions.resumed(current, workflow.attempt, outside.now()) if unstarted(current) else None

    change = transition(outside, workflow, decide)
    if change is None:
        return None
    reconciled("resumed")
    return change.after


def _unstarted(outside: Outside) -> Iterator[Workflow]:
    """All workflows of the queue, oldest first, then those that have become due meanwhile; each once."""
    seen: set[str] = set()
    while True:
        before = len(seen)
        listed = _oldest_first(outside, measured=not before)
        for some in batched((one for one in listed if one.workflow_id not in seen), AT_ONCE, strict=False):
            seen.update(one.workflow_id for one in some)
            yield from _read(outside, some)
        if len(seen) == before:
            return


def _oldest_first(outside: Outside, *, measured: bool) -> Iterable[Overdue]:
    """All shards of the queue as one, by their due time. A shard that cannot be read ends there."""
    index, now = outside.overdue, outside.now()
    unread: set[int] = set()

    def of(shard: int) -> Iterator[Overdue]:
        after = None
        while True:
            try:
                page = index.page("unstarted", shard, now, AT_ONCE, after)
            except aws.Unavailable as error:
                unavailable(error)
                unread.add(shard)
                return
            yield from page.found
            if (after := page.next) is None:
                return

    merged = merge(*map(of, range(SHARDS)), key=lambda one: one.due_at)
    first = list(islice(merged, 1))
    if measured and not unread:
        measure_seconds("OldestUnstartedSeconds", max([(now - one.due_at) // 1000 for one in first], default=0))
    return chain(first, merged)


def _read(outside: Outside, listed: Iterable[Overdue]) -> Iterator[Workflow]:
    """The workflows that are still to be started. The index lags a moment behind."""
    now = outside.now()
    try:
        found = outside.store.read_many([one.workflow_id for one in listed], unexpected, consistent=True)
    except aws.Unavailable as error:
        unavailable(error)
        return
    for one in listed:
        workflow = found.get(one.workflow_id)
        if workflow is None:
            logger.error("an unstarted workflow cannot be read", workflow_id=one.workflow_id)
            set_aside(outside, one)
        elif unstarted(workflow) and workflow.due_at is not None and workflow.due_at <= now:
            yield workflow
