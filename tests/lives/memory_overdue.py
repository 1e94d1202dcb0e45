"""The overdue index in memory."""

from dataclasses import dataclass
from typing import Any

from failover.adapters.workflow.overdue_index import Overdue, OverduePage
from failover.rules.workflow.overdue import SHARDS, Queue, partition
from tests.lives.memory import Items


def queue_of_edited(shard: int) -> Queue:
    """The queue of the items of a shard that were edited by hand."""
    return "due" if shard % 2 else "unstarted"


@dataclass
class OverdueIndex:
    items: Items

    def page(self, queue: Queue, shard: int, now: int, limit: int, after: Any = None) -> OverduePage:
        wanted = f"{queue}#{shard}"

        def act() -> OverduePage:
            found = [
                Overdue(flow.id, flow.due_at, wanted)
                for flow in self.items.flows.values()
                if flow.due_at is not None and flow.due_at <= now and partition(flow) == wanted
            ]
            found += [
                Overdue(workflow_id, at, wanted)
                for workflow_id, at in self.items.unreadable.items()
                if queue == queue_of_edited(shard) and at <= now and int(workflow_id[:8], 16) % SHARDS == shard
            ]
            found.sort(key=lambda one: (one.due_at, one.workflow_id))
            if after is not None:
                found = [one for one in found if (one.due_at, one.workflow_id) > after]
            page = found[:limit]
            return OverduePage(page, (page[-1].due_at, page[-1].workflow_id) if len(page) == limit else None)

        return self.items.call("look for overdue", act)

    def set_due_at(self, overdue: Overdue, now: int, until: int) -> None:
        def act() -> None:
            if self.items.unreadable.get(overdue.workflow_id, until) <= now:
                self.items.unreadable[overdue.workflow_id] = until

        self.items.call("write", act)
