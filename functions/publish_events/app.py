"""The table's stream: each webhook that is new in a timeline goes on the queue."""

from typing import Any

from failover.adapters.table import plain
from failover.edges import task_edge
from failover.observability import unexpected
from failover.outside import Outside
from failover.rules.workflow.state import from_plain
from failover.use_cases.webhooks.publish import Change, change, publish

outside = Outside()


def handler(event: dict[str, Any], context: Any) -> None:
    """`event`: records of DynamoDB Streams with both images; the template lets through state items only."""
    with task_edge.guarded():
        publish(outside, [found for record in event["Records"] if (found := _change(record))])


def _change(record: dict[str, Any]) -> Change | None:
    """What a record says has changed; None: nothing, or nothing that can be read.

    An item that someone has edited by hand says nothing about its webhooks. Tried again, it would hold up those of all
    other workflows of its shard.
    """
    try:
        images = record["dynamodb"]
        before, after = images.get("OldImage"), images.get("NewImage")
        if not after:
            return None
        return change(from_plain(plain(before)) if before else None, from_plain(plain(after)))
    except Exception as error:  # noqa: BLE001 - loud, and the records behind it go on
        unexpected(error)
        return None
