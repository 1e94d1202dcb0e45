"""The limits of an account: what `Retry-After` promises, at any limit."""

from failover.rules.requests import limits

LANES = [limits.of_workflows("x", limit) for limit in range(1, limits.MOST_PER_SECOND + 1)]
WAIT = limits.RETRY_AFTER * 1_000_000


def used_up(lane):
    """Microseconds from now to the free time of a lane that has just given its last turn."""
    return lane.tolerance + lane.interval


def test_retry_after():
    """`RETRY_AFTER` seconds after its last turn each lane has another one."""
    for lane in [*LANES, limits.of_summaries("x")]:
        assert used_up(lane) - lane.tolerance <= WAIT


def test_retry_after_a_change():
    """The same, to the millisecond, if the limit was any other one before."""
    assert max(map(used_up, LANES)) <= WAIT + min(lane.tolerance for lane in LANES) + 1000


def test_lanes_are_each_accounts_own():
    """Accounts share no lane, and an account's workflows and summaries do not either."""
    lanes = [lane for account in "ab" for lane in (limits.of_workflows(account, 5), limits.of_summaries(account))]
    assert len({lane.name for lane in lanes}) == 4
