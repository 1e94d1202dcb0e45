"""Deliveries in memory: attempts, failed webhooks, and hosts with timeouts."""

from dataclasses import dataclass, replace

from failover.adapters.table import new_write_id
from failover.adapters.webhooks.deliveries import Known
from failover.rules.formats.pages import Page, Position, Span
from failover.rules.webhooks import delivery, failed
from failover.rules.webhooks.delivery import Task
from failover.rules.webhooks.hanging import KEPT_SECONDS, PROBE_SECONDS, Host
from failover.rules.workflow import retention
from failover.rules.workflow.state import Workflow
from tests.lives.memory import HostItem, Item, Items


@dataclass
class Deliveries:
    items: Items

    def known(self, task: Task) -> Known | None:
        def act() -> Known | None:
            flow = self.items.flow(task.workflow_id)
            account = self.items.accounts.get(task.account)
            if flow is None or account is None or (flow.account, flow.application) != (task.account, task.application):
                return None
            seen = self._seen(flow.id, task.sequence)
            application = self.items.applications.get(task.application or "")
            last, claim = seen.get("last_attempt", 0), seen.get("claim", {})
            content, at = self.items.messages(flow), claim.get("at")
            return Known(flow, content, account, application, last, at, seen.get("state"))

        return self.items.call("read", act)

    def claim(self, workflow: Workflow, sequence: int, number: int, now: int) -> str | None:
        claim_id = new_write_id()

        def act() -> bool:
            place = workflow.id, sequence
            known = self.items.webhooks.get(place, {"last_attempt": 0, "state": "pending", "made": {}})
            claim = known.get("claim", {})
            dead = claim and claim["at"] <= now - delivery.CLAIM_SECONDS * 1000
            if not (known["last_attempt"] < number or (known["last_attempt"] == number and dead)):
                return claim.get("id") == claim_id
            self.items.webhooks[place] = {
                **known,
                "last_attempt": number,
                "claim": {"id": claim_id, "at": now},
                "expires_at": workflow.expires_at or retention.pointers_expire_at(workflow, now),
            }
            return True

        return claim_id if self.items.call("write", act) else None

    def record(self, workflow: Workflow, sequence: int, claim_id: str, attempt: Item, state: str) -> None:
        def act(own: bool) -> bool:
            place = workflow.id, sequence
            known = self.items.webhooks.get(place)
            if known is None or (own and known.get("claim", {}).get("id") != claim_id):
                return False
            known = {**known, "made": {**known["made"], attempt["number"]: attempt}}
            if own:
                del known["claim"]
                known["state"] = state
                known = {name: value for name, value in known.items() if name not in failed.ATTRIBUTES}
                known |= failed.kept(workflow, sequence, attempt) if state == failed.STATE else {}
            self.items.webhooks[place] = known
            return True

        if not self.items.call("write", lambda: act(own=True)):
            self.items.call("write", lambda: act(own=False))

    def of(self, workflow_id: str) -> dict[int, Item]:
        def act() -> dict[int, Item]:
            places = [place for place in self.items.webhooks if place[0] == workflow_id]
            return {number: _recorded(item) for place, number in places if (item := self._seen(place, number))}

        return self.items.call("read", act)

    def _seen(self, workflow_id: str, sequence: int) -> Item:
        item = self.items.webhooks.get((workflow_id, sequence), {})
        return item if self.items.present(item.get("expires_at")) else {}


@dataclass
class FailedWebhooks:
    items: Items

    def page(self, account: str, span: Span) -> Page:
        def act() -> Page:
            found = sorted(map(_in_the_index, self.items.webhooks.items()), key=_order, reverse=True)
            found = [
                item
                for item in found
                if item["failed"] == account
                and span.since <= item["failed_at"] <= span.until
                and (span.after is None or _order(item) < (span.after.at, span.after.key))
                and self.items.present(item["expires_at"])
            ]
            shown = found[: span.limit]
            return Page(shown, Position(*_order(shown[-1])) if len(found) > len(shown) else None)

        return self.items.call("read", act)


def _in_the_index(placed: tuple[tuple[str, int], Item]) -> Item:
    (workflow_id, sequence), item = placed
    keys = {"pk": f"workflow#{workflow_id}", "sk": f"webhook#{sequence:05d}", "expires_at": item["expires_at"]}
    return keys | {"failed": None, "failed_at": 0} | {name: item[name] for name in failed.ATTRIBUTES if name in item}


def _order(item: Item) -> tuple[int, str]:
    return item["failed_at"], f"{item['pk'].removeprefix('workflow#')}.{item['sk'].removeprefix('webhook#')}"


@dataclass
class Hosts:
    items: Items

    def find(self, account: str, name: str) -> Host:
        def act() -> Host:
            item = self.items.hosts.get((account, name))
            if item is None or not self.items.present(item.expires_at):
                return Host(account, name)
            return Host(account, name, len(item.timed_out), item.probe_at)

        return self.items.call("read", act)

    def probe(self, host: Host, now: int) -> bool:
        if now < host.probe_at:
            return False

        probe_id = new_write_id()

        def act() -> bool:
            item = self._item(host)
            if item is None or (item.probe_at != host.probe_at and item.probe_by != probe_id):
                return False
            claimed = replace(item, probe_at=now + PROBE_SECONDS * 1000, probe_by=probe_id)
            self.items.hosts[host.account, host.name] = claimed
            return True

        return self.items.call("write", act)

    def timed_out(self, host: Host, attempt_id: str, now: int) -> None:
        def act() -> None:
            item = self._item(host)
            ids = item.timed_out if item and self.items.present(item.expires_at) else frozenset()
            ids = ids if host.hangs and item and self.items.present(item.expires_at) else ids | {attempt_id}
            self.items.hosts[host.account, host.name] = HostItem(
                ids, now + PROBE_SECONDS * 1000, retention.forgotten_at(now, KEPT_SECONDS)
            )

        self.items.call("write", act)

    def answered(self, host: Host) -> None:
        def act() -> None:
            if item := self._item(host):
                self.items.hosts[host.account, host.name] = replace(item, timed_out=frozenset())

        self.items.call("write", act)

    def _item(self, host: Host) -> HostItem | None:
        return self.items.hosts.get((host.account, host.name))


def _recorded(item: Item) -> Item:
    attempts = [attempt for _, attempt in sorted(item["made"].items())]
    return {"state": item["state"], "last_attempt": item["last_attempt"], "attempts": attempts}
