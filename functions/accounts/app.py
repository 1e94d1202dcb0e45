"""Accounts and applications. It has no URL: IAM decides who may invoke it, and so register callers."""

from typing import Any

from failover.edges.command_edge import carried_out
from failover.observability import unexpected
from failover.outside import Outside
from failover.use_cases.callers.register import COMMANDS

outside = Outside().ready("callers", "webhook_secret")


class RegistrationFailed(Exception):
    """Something unexpected; the log has the rest."""


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Carry out a command of docs/operations.md, "Accounts and applications", and return its answer.

    Raises CommandRefused and RegistrationFailed.
    """
    return carried_out(COMMANDS, outside, event, context, _failed)


def _failed(error: Exception) -> RegistrationFailed:
    unexpected(error)
    return RegistrationFailed("see the log")
