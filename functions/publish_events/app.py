"""The table's stream: what is new in a timeline, and is a webhook, goes on the queue."""

from typing import Any

from failover import task_edge
from failover.adapters.table import plain
from failover.outside import Outside
from failover.rules.workflow import Workflow, from_plain
from failover.use_cases.publish import publish

outside = Outside()


def handler(event: dict[str, Any], context: Any) -> None:
    """`event`: records of DynamoDB Streams with both images; the template lets through state items only."""
    with task_edge.guarded():
        changes = []
        for record in event["Records"]:
            before, after = (_workflow(record["dynamodb"].get(image)) for image in ("OldImage", "NewImage"))
            if after is not None:
                changes.append((before, after))
        publish(outside, changes)


def _workflow(image: dict[str, Any] | None) -> Workflow | None:
    return from_plain(plain(image)) if image else None
