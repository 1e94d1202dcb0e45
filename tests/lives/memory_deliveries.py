"""The deliveries' part of the table in memory: attempts, and hosts that let them time out."""

from dataclasses import dataclass, replace

from failover.adapters.deliveries import Known
from failover.rules import due
from failover.rules.delivery import Task
from failover.rules.hanging import KEPT_SECONDS, PROBE_SECONDS, Host
from failover.rules.workflow import Workflow
from tests.lives.memory import HostItem, Item, Items


@dataclass
class Deliveries:
    items: Items

    def prepare(self, task: Task) -> Known | None:
        def act() -> Known | None:
            flow = self.items.flow(task.workflow_id)
            account = self.items.accounts.get(task.account)
            if flow is None or account is None or (flow.account, flow.application) != (task.account, task.application):
                return None
            last = self._seen(flow.id, task.sequence).get("last_attempt", 0)
            application = self.items.applications.get(task.application or "")
            return Known(flow, self.items.messages(flow), account, application, last)

        return self.items.call("read", act)

    def record(self, workflow: Workflow, task: Task, attempt: Item, state: str) -> None:
        def act() -> None:
            place = workflow.id, task.sequence
            known = self.items.webhooks.get(place, {"last_attempt": 0, "attempts": []})
            if known["last_attempt"] >= task.attempt:
                return
            self.items.webhooks[place] = {
                "state": state,
                "last_attempt": task.attempt,
                "expires_at": workflow.expires_at or due.pointers_expire_at(workflow, attempt["at"]),
                "attempts": [*known["attempts"], attempt],
            }

        self.items.call("write", act)

    def of(self, workflow_id: str) -> dict[int, Item]:
        def act() -> dict[int, Item]:
            places = [place for place in self.items.webhooks if place[0] == workflow_id]
            return {number: item for place, number in places if (item := self._seen(place, number))}

        return self.items.call("read", act)

    def _seen(self, workflow_id: str, sequence: int) -> Item:
        item = self.items.webhooks.get((workflow_id, sequence), {})
        return item if self.items.present(item.get("expires_at")) else {}


@dataclass
class Hosts:
    items: Items

    def find(self, account: str, name: str) -> Host:
        def act() -> Host:
            item = self.items.hosts.get((account, name))
            return item.host if item and self.items.present(item.expires_at) else Host(account, name)

        return self.items.call("read", act)

    def probe(self, host: Host, now: int) -> bool:
        if now < host.probe_at:
            return False

        def act() -> bool:
            item = self._item(host)
            if item is None or item.host.probe_at != host.probe_at:
                return False
            self._put(replace(item.host, probe_at=now + PROBE_SECONDS * 1000), item.expires_at)
            return True

        return self.items.call("write", act)

    def timed_out(self, host: Host, now: int) -> None:
        def act() -> None:
            item = self._item(host)
            timeouts = item.host.timeouts + 1 if item else 1
            probe_at = now + PROBE_SECONDS * 1000
            self._put(replace(host, timeouts=timeouts, probe_at=probe_at), due.forgotten_at(now, KEPT_SECONDS))

        self.items.call("write", act)

    def answered(self, host: Host) -> None:
        def act() -> None:
            item = self._item(host) or HostItem(Host(host.account, host.name), None)
            self._put(replace(item.host, timeouts=0), item.expires_at)

        self.items.call("write", act)

    def _item(self, host: Host) -> HostItem | None:
        return self.items.hosts.get((host.account, host.name))

    def _put(self, host: Host, expires_at: int | None) -> None:
        self.items.hosts[host.account, host.name] = HostItem(host, expires_at)
