"""Which table a workflow was created in. In a restored table, its items come from another one (docs/restore.md).

A step that is pending in a restored table may have been sent from the table it was restored from. So nothing is sent
for a workflow of another table (ADR 12).
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from failover.rules.timing.instants import from_iso
from failover.rules.workflow.state import Workflow


@dataclass(frozen=True)
class Here:
    """The table that this function uses."""

    id: str
    """Different for each table, and for a table that is deleted and restored under the same name."""
    since: int | None
    """When its stream was enabled (ms). None if the stream's label does not say so."""


@cache
def table(stream_arn: str) -> Here | None:
    """Return the identity of the table with this stream. Returns None if this is no ARN, as under `sam local`.

    DynamoDB gives a stream its own label when it is enabled: the time. A restored table has no stream at first.
    """
    if "/stream/" not in stream_arn:
        return None
    try:
        since = from_iso(stream_arn.rpartition("/stream/")[2])
    except ValueError:
        since = None
    return Here(sha256(stream_arn.encode()).hexdigest()[:16], since)


def elsewhere(workflow: Workflow, here: Here | None) -> bool:
    """Return True if a workflow was created in another table than `here`.

    One that an earlier release created does not name its table. It is from another one if it is older than the stream.
    """
    if here is None:
        return False
    if workflow.table_id is None:
        return here.since is not None and workflow.created_at < here.since
    return workflow.table_id != here.id
