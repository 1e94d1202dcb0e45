"""Keep an account within its limits (docs/api.md, "Limits of an account")."""

from failover import problems
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.pacing.lane import Lane
from failover.rules.requests import limits
from failover.use_cases.callers.authenticate import Caller


def may_create(outside: Outside, caller: Caller) -> bool:
    """Take a turn for one more workflow of this account. Returns False if it has used up its limit."""
    per_second = _workflows_per_second(outside, caller)
    return per_second == 0 or _take_turn(outside, limits.of_workflows(caller.account, per_second))


def too_many_workflows(outside: Outside, caller: Caller) -> problems.Problem:
    """429, counted and logged."""
    count("WorkflowsLimited")
    lane = limits.of_workflows(caller.account, _workflows_per_second(outside, caller))
    return _too_many(caller, "create", "workflows", lane)


def check_summaries(outside: Outside, caller: Caller) -> None:
    """Take a turn for one more summary of this account. Raises Problem (429) if it has used up its limit."""
    lane = limits.of_summaries(caller.account)
    if not _take_turn(outside, lane):
        count("SummariesLimited")
        raise _too_many(caller, "request", "summaries", lane)


def _workflows_per_second(outside: Outside, caller: Caller) -> int:
    own = caller.workflows_per_second
    return outside.settings.account_workflows_per_second if own is None else own


def _take_turn(outside: Outside, lane: Lane) -> bool:
    now = outside.now()
    return outside.lanes.reserve(lane, now, latest=now) is not None


def _too_many(caller: Caller, verb: str, what: str, lane: Lane) -> problems.Problem:
    logger.info("limit used up", api_key=caller.account)
    return problems.Problem(
        problems.RATE_LIMITED,
        f"This account may {verb} {lane.per_second} {what} per second, and {lane.burst} at once.",
        headers={"Retry-After": str(limits.RETRY_AFTER)},
    )
