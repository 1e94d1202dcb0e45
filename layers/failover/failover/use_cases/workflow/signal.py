"""End the race that waits in the state machine."""

from failover.adapters import aws
from failover.adapters.workflow.executions import InvalidTaskToken
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.workflow.race import Signal


def try_to_end_race(outside: Outside, signal: Signal) -> None:
    """End the race of a decision that is stored already: if this fails, `reconcile` or the timer ends it."""
    try:
        in_time = end_race(outside, signal)
    except (aws.Unavailable, aws.AwsError) as error:
        logger.error("signal lost", error=str(error))
        count("SignalsLost")
        return
    logger.info("race signalled", signal=signal.error, in_time=in_time)


def end_race(outside: Outside, signal: Signal) -> bool:
    """End a race. Returns False if it had ended already, or if the token is invalid (which is counted).

    Raises `aws.Unavailable` and `aws.AwsError`.
    """
    try:
        return outside.executions.end_race(signal)
    except InvalidTaskToken:
        logger.error("Step Functions does not know the task token")
        count("InvalidTaskTokens")
        return False
