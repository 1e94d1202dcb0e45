"""Guard the functions that have no client: only `TaskFailed`, with fixed words, and `NotYourTurn` leave them.

Their caller retries: the state machine a send, the queue a delivery, the stream its records. Step Functions keeps an
exception's words in the execution's history, and the words of a foreign exception may quote personal data.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from failover.errors import Failure, Temporary
from failover.observability import count, logger, unavailable, unexpected
from failover.rules.pacing.turns import NotYourTurn
from failover.rules.sending.vendor_credentials import UnusableCredentials
from failover.rules.workflow.itinerary import InvalidInput
from failover.rules.workflow.transitions import TooEarly


class TaskFailed(Failure):
    """The task failed. The log says why; retrying is safe."""


@contextmanager
def guarded(workflow_id: str | None = None) -> Iterator[None]:
    """Log with the workflow's id. Raises TaskFailed for every exception but NotYourTurn, which has our own words."""
    if workflow_id is not None:
        logger.append_keys(workflow_id=workflow_id)
    try:
        yield
    except NotYourTurn as error:
        logger.info("waiting", until=str(error))
        count("SendsPutOff")
        raise
    except InvalidInput as error:
        logger.error("invalid input", field=str(error))
        count("InvalidInputs")
        raise TaskFailed("the input does not name a step") from None
    except TooEarly:
        logger.warning("claim too early, given up")
        raise TaskFailed("the step before has time left") from None
    except UnusableCredentials as error:
        logger.error("unusable credentials", error=str(error))
        count("UnexpectedFailures", error=type(error).__name__)
        raise TaskFailed("the credentials of the Messages API cannot be used") from None
    except Temporary as error:
        unavailable(error)
        raise TaskFailed("the service is busy") from None
    except Exception as error:
        unexpected(error)
        raise TaskFailed("the task failed; see the log") from None
    finally:
        logger.remove_keys(["workflow_id"])


_RESERVE_MS = 10_000
"""Time to finish what has begun."""


def time_left(context: Any) -> Callable[[], bool]:
    """A function that tells whether a run may begin something more. `context`: Lambda's."""
    return lambda: bool(context.get_remaining_time_in_millis() > _RESERVE_MS)
