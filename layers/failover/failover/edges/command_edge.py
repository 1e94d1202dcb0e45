"""Carry out and log the commands of the functions that have no URL, which IAM alone guards.

A function does not see who invokes it. CloudTrail does, under the same request id: docs/permissions.md, "Who gave which
command".
"""

from collections.abc import Callable
from typing import Any

from failover.observability import logger
from failover.outside import Outside
from failover.rules.formats import ids
from failover.use_cases.callers.commands import Answer, CommandRefused, Commands


def carried_out(
    commands: Commands, outside: Outside, event: Any, context: Any, failed: Callable[[Exception], Exception]
) -> Answer:
    """Carry out the command `event`, and return its answer.

    Raises CommandRefused, or what `failed` makes of any other exception, so that the invocation fails, too.

    Writes one line, unless the process is killed: the action, if it is one of ours, the account and application, and
    the outcome. Nothing else of the event is logged, and of the answer no secret.
    """
    given = event if isinstance(event, dict) else {}
    action = given.get("action")
    named, outcome = _named(given), "failed"
    try:
        answer = commands.carry_out(outside, event)
        named, outcome = {**named, **_named(answer)}, "done"
        return answer
    except CommandRefused:
        outcome = "refused"
        raise
    except Exception as error:
        raise failed(error) from None
    finally:
        logger.info(
            "command",
            action=action if isinstance(action, str) and action in commands.entries else None,
            api_key=named.get("api_key"),
            application_id=named.get("application_id"),
            outcome=outcome,
            request_id=getattr(context, "aws_request_id", None),
        )


def _named(source: Answer) -> dict[str, str]:
    """The account and the application, if they have the form of our ids: any other text stays out of the log."""
    forms = {"api_key": ids.is_api_key, "application_id": ids.is_id}
    found = {name: source.get(name) for name in forms}
    return {name: value for name, value in found.items() if isinstance(value, str) and forms[name](value)}
