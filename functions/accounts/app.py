"""Accounts and applications. No address leads here: whoever may invoke this function may register callers."""

from typing import Any

from failover.observability import unexpected
from failover.outside import Outside
from failover.use_cases.callers.register import InvalidCommand, register

outside = Outside()


class RegistrationFailed(Exception):
    """Something unexpected; the log has the rest."""


def handler(event: Any, context: Any) -> dict[str, str]:
    """`event`: a command of `use_cases.callers.register`; the answer holds the new ids, and a secret this once."""
    try:
        return register(outside, event)
    except InvalidCommand as error:
        return {"error": str(error)}
    except Exception as error:
        unexpected(error)
        raise RegistrationFailed("see the log") from None
