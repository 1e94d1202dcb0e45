"""Erasure by recipient. It has no URL: IAM decides who may invoke it."""

from typing import Any

from failover.edges.command_edge import audited
from failover.errors import Temporary
from failover.observability import unavailable, unexpected
from failover.outside import Outside
from failover.use_cases.callers.commands import CommandRefused
from failover.use_cases.erasure.commands import COMMANDS, carry_out

outside = Outside().ready("executions", "recipient_secret", "recipients", "store")


class ErasureFailed(Exception):
    """AWS is busy or something unexpected has happened; the log has the rest. The same command continues."""


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Carry out a command of docs/erasure.md, "Commands", and return its answer.

    Raises CommandRefused and ErasureFailed, so that the invocation fails, too.
    """
    try:
        return audited(event, context, COMMANDS, lambda: carry_out(outside, event))
    except CommandRefused:
        raise
    except Temporary as error:
        unavailable(error)
        raise ErasureFailed("busy: repeat the command") from None
    except Exception as error:
        unexpected(error)
        raise ErasureFailed("see the log, then repeat the command") from None
