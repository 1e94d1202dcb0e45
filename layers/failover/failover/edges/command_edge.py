"""Log every command of the functions that have no address and that IAM alone guards.

A function does not see who invokes it. CloudTrail does, under the same request id: docs/permissions.md, "Who gave which
command".
"""

from collections.abc import Callable, Container
from typing import Any

from failover.observability import logger
from failover.rules.formats import ids
from failover.use_cases.callers.commands import Answer, CommandRefused


def audited(event: Any, context: Any, actions: Container[str], act: Callable[[], Answer]) -> Answer:
    """The answer of `act`, which carries out the command `event`. Raises what `act` raises.

    Writes one line, unless the process is killed: the action, if it is one of `actions`, the account and application,
    and the outcome. Nothing else of the event is logged, and of the answer no secret.
    """
    given = event if isinstance(event, dict) else {}
    action = given.get("action")
    named, outcome = _named(given), "failed"
    try:
        answer = act()
    except CommandRefused:
        outcome = "refused"
        raise
    else:
        named, outcome = {**named, **_named(answer)}, "done"
        return answer
    finally:
        logger.info(
            "command",
            action=action if isinstance(action, str) and action in actions else None,
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
