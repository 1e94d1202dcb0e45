"""Summarize an account's workflows of a span of time."""

from collections.abc import Mapping
from typing import Any

from failover import problems
from failover.observability import unexpected
from failover.outside import Outside
from failover.rules.formats.pages import InvalidFilters
from failover.rules.workflow import summary
from failover.use_cases.callers.authenticate import Caller
from failover.use_cases.requests import limits


def summarize(outside: Outside, caller: Caller, query: Mapping[str, str]) -> dict[str, Any]:
    """The summary of the newest workflows in a span, at most 1,000. Raises Problem (400, 429)."""
    now = outside.now()
    try:
        asked = summary.parse(query, now)
    except InvalidFilters as error:
        raise problems.invalid_parameters(error.faults) from None
    limits.check_summaries(outside, caller)
    ids, more = outside.listing.newest(caller.account, asked.since, asked.until, summary.MOST_WORKFLOWS)
    found = outside.store.read_many(ids, unexpected).values()
    return summary.summary([flow for flow in found if flow.account == caller.account], asked, now, exact=not more)
