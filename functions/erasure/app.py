"""Erasure by recipient. It has no URL: IAM decides who may invoke it."""

from typing import Any

from failover.edges.command_edge import carried_out
from failover.errors import Temporary
from failover.observability import unavailable, unexpected
from failover.outside import Outside
from failover.use_cases.erasure.commands import COMMANDS

outside = Outside().ready("executions", "recipient_secret", "recipients", "store")


class ErasureFailed(Exception):
    """AWS is busy or something unexpected has happened; the log has the rest. The same command continues."""


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Carry out a command of docs/erasure.md, "Commands", and return its answer.

    Raises CommandRefused and ErasureFailed.
    """
    return carried_out(COMMANDS, outside, event, context, _failed)


def _failed(error: Exception) -> ErasureFailed:
    if isinstance(error, Temporary):
        unavailable(error)
        return ErasureFailed("busy: repeat the command")
    unexpected(error)
    return ErasureFailed("see the log, then repeat the command")
