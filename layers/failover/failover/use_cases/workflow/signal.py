"""Tell the race in the state machine what has been decided."""

from failover.adapters import aws
from failover.adapters.workflow.executions import InvalidTaskToken
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.workflow import transitions
from failover.rules.workflow.state import Workflow


def signal(outside: Outside, before: Workflow, after: Workflow) -> None:
    """End the race if `after` decides it. That is stored already: whatever fails here, a timer still ends it."""
    told = transitions.signal(before, after)
    if told is None:
        return
    try:
        in_time = tell(outside, *told)
    except (aws.Unavailable, aws.AwsError) as error:
        logger.error("decided, but the race could not be told", error=str(error))
        count("SignalsLost")
        return
    logger.info("race told", signal=told[1], in_time=in_time)


def tell(outside: Outside, task_token: str, error: str) -> bool:
    """End the race that waits with this token; False: it had ended already, or the token is none (counted).

    Raises `aws.Unavailable` and `aws.AwsError`.
    """
    try:
        return outside.executions.tell(task_token, error)
    except InvalidTaskToken:
        logger.error("Step Functions does not know the task token")
        count("InvalidTaskTokens")
        return False
