"""The limits of an account: lanes of its own, from which a request takes a turn now or is refused."""

from failover.rules.pacing.lane import Lane

MOST_PER_SECOND = 1000
"""What DynamoDB writes to one item in a second."""
RETRY_AFTER = 1
"""Seconds after a refusal until a request is accepted again, unless others come before it.

It holds for each limit of at least one a second, and if the limit was another one before.
"""
SECONDS_AT_ONCE = 2
"""So many seconds' worth of workflows are accepted at once after a pause."""
SUMMARIES_PER_SECOND = 2
"""A summary of 1,000 workflows takes a function five seconds."""
SUMMARIES_AT_ONCE = 20


def of_workflows(account: str, per_second: int) -> Lane:
    """The lane of the workflows that an account creates."""
    return Lane(f"accepted#{account}", per_second, burst=per_second * SECONDS_AT_ONCE)


def of_summaries(account: str) -> Lane:
    """The lane of the summaries that an account requests."""
    return Lane(f"summary#{account}", SUMMARIES_PER_SECOND, burst=SUMMARIES_AT_ONCE)
