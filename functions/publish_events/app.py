"""The table's stream: queue each new webhook."""

from typing import Any

from failover.adapters.table import plain
from failover.edges import task_edge
from failover.observability import unexpected
from failover.outside import Outside
from failover.rules.workflow.state import from_plain
from failover.use_cases.webhooks.publish import StreamRecord, publish, stream_record

outside = Outside().ready("store", "webhook_queue")


def handler(event: dict[str, Any], context: Any) -> None:
    """`event`: records of DynamoDB Streams with both images, state items only (template.yaml)."""
    with task_edge.guarded():
        publish(outside, [found for record in event["Records"] if (found := _change(record))])


def _change(record: dict[str, Any]) -> StreamRecord | None:
    """The change in a record. Returns None for a removal, and for an item that cannot be read.

    Retrying an item that was edited by hand would only delay all other workflows of its shard.
    """
    try:
        images = record["dynamodb"]
        before, after = images.get("OldImage"), images.get("NewImage")
        if not after:
            return None
        return stream_record(from_plain(plain(before)) if before else None, from_plain(plain(after)))
    except Exception as error:  # noqa: BLE001 - logged and counted; the records behind it go on
        unexpected(error)
        return None
