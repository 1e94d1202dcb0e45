"""The edge of the functions the state machine calls: only an error of ours, with fixed words, may leave.

Step Functions keeps an exception's text in the execution's history, and the text of a foreign exception may quote
what it was given.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from failover.observability import logger, unexpected
from failover.rules.transitions import TooEarly


class SendFailed(Exception):
    """The task failed; the log has the rest. The state machine tries again, which is safe."""


@contextmanager
def guarded(event: dict[str, Any]) -> Iterator[None]:
    """Log under the workflow's id, and let out nothing but SendFailed."""
    logger.append_keys(workflow_id=event.get("workflow"))
    try:
        yield
    except TooEarly:
        logger.warning("far ahead of the timer", step=event.get("step"))
        raise SendFailed("the step before has time left") from None
    except Exception as error:
        unexpected(error)
        raise SendFailed("the send failed; see the log of this workflow") from None
    finally:
        logger.remove_keys(["workflow_id"])
