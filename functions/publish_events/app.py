"""The table's stream: a webhook that is new in a timeline goes on the queue; an end begins to count for the content."""

from typing import Any

from failover import task_edge
from failover.adapters.table import plain
from failover.observability import unexpected
from failover.outside import Outside
from failover.rules.workflow import Workflow, from_plain
from failover.use_cases.publish import end_content, publish

outside = Outside()


def handler(event: dict[str, Any], context: Any) -> None:
    """`event`: records of DynamoDB Streams with both images; the template lets through state items only.

    The webhooks of all records come first: none of them waits for the table.
    """
    with task_edge.guarded():
        changes = [change for record in event["Records"] if (change := _change(record["dynamodb"]))]
        publish(outside, changes)
        for change in changes:
            end_content(outside, *change)


def _change(images: dict[str, Any]) -> tuple[Workflow | None, Workflow] | None:
    """The workflow before, if there was one, and after; None: there is none, or none that can be read.

    One that cannot be read says nothing about its webhooks, and tried again it would hold up those of all others.
    """
    before, after = images.get("OldImage"), images.get("NewImage")
    try:
        return after and (from_plain(plain(before)) if before else None, from_plain(plain(after)))
    except Exception as error:  # noqa: BLE001 - loud, and the records behind it go on
        unexpected(error)
        return None
