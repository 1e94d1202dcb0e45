"""The handler of every `send_<channel>` function: the state machine's task that sends one step."""

from collections.abc import Callable
from typing import Any

from failover.edges.task_edge import guarded
from failover.outside import Outside
from failover.rules.workflow.itinerary import asked_step
from failover.use_cases.sending.send import send


def handler(outside: Outside, channel: str) -> Callable[[dict[str, Any], Any], None]:
    """Return the handler that sends steps over `channel`."""
    outside.ready("lanes", "messages_secret", "store")

    def send_step(event: dict[str, Any], _context: Any) -> None:
        """`event`: {"workflow": id, "step": number}. Returns nothing: the result is in the table."""
        with guarded():
            workflow_id, number = asked_step(event)
        with guarded(workflow_id):
            send(outside, channel, workflow_id, number)

    return send_step
