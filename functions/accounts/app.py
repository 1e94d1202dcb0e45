"""Accounts and applications. It has no URL: IAM decides who may invoke it, and so register callers."""

from typing import Any

from failover.edges.command_edge import audited
from failover.observability import unexpected
from failover.outside import Outside
from failover.use_cases.callers.commands import CommandRefused
from failover.use_cases.callers.register import COMMANDS, register

outside = Outside().ready("callers", "webhook_secret")


class RegistrationFailed(Exception):
    """Something unexpected; the log has the rest."""


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Carry out a command of docs/operations.md, "Accounts and applications", and return its answer.

    Raises CommandRefused and RegistrationFailed, so that the invocation fails, too.
    """
    try:
        return audited(event, context, COMMANDS, lambda: register(outside, event))
    except CommandRefused:
        raise
    except Exception as error:
        unexpected(error)
        raise RegistrationFailed("see the log") from None
