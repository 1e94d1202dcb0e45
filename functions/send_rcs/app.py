"""The state machine's task that sends one step over `rcs`."""

from typing import Any

from failover.edges import task_edge
from failover.outside import Outside
from failover.use_cases.sending.send import send

outside = Outside()


def handler(event: dict[str, Any], context: Any) -> None:
    """`event`: {"workflow": id, "step": number}. Returns nothing: the result is in the table."""
    with task_edge.sending(event) as (workflow_id, number):
        send(outside, "rcs", workflow_id, number)
