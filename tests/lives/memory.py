"""The table in memory: the methods and errors of the DynamoDB adapters over plain dictionaries.

It is fast enough for tens of thousands of histories. `test_memory` compares it with the real adapters over moto. The
items are the immutable `Workflow` objects themselves.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from failover.adapters.aws import Unavailable
from failover.adapters.callers import Outdated
from failover.adapters.table import AlreadyExists, new_write_id, with_write
from failover.adapters.workflow.store import (
    Conflict,
    KeyInUse,
    KeyUsed,
    Once,
    Pointer,
    PointerTaken,
    Vanished,
)
from failover.rules.formats.pages import Page, Position
from failover.rules.formats.stored import UnreadableItem
from failover.rules.pacing import turns
from failover.rules.pacing.lane import Lane, LaneState, Turn
from failover.rules.workflow import retention
from failover.rules.workflow.listing import Filters
from failover.rules.workflow.state import Workflow

type Item = dict[str, Any]
type Messages = list[dict[str, Any]]
type Call = Callable[[str, Callable[[], Any]], Any]


def _undisturbed(_: str, act: Callable[[], Any]) -> Any:
    return act()


@dataclass(frozen=True)
class Content:
    messages: Messages
    retention: int
    expires_at: int


@dataclass(frozen=True)
class HostItem:
    timed_out: frozenset[str]
    probe_at: int
    expires_at: int
    probe_by: str = ""


@dataclass
class Items:
    """The table's items. `now` is the adapters' clock.

    `call` makes each call; `written` is called with each write of a workflow.
    """

    now: Callable[[], int]
    call: Call = _undisturbed
    written: Callable[[Workflow | None, Workflow], None] = lambda _, __: None
    flows: dict[str, Workflow] = field(default_factory=dict)
    contents: dict[str, Content] = field(default_factory=dict)
    pointers: dict[str, tuple[str, Pointer]] = field(default_factory=dict)
    keys: dict[str, Once] = field(default_factory=dict)
    entries: dict[tuple[str, str], int] = field(default_factory=dict)
    """The TTL of the entry that leads from a recipient to a workflow."""
    webhooks: dict[tuple[str, int], Item] = field(default_factory=dict)
    accounts: dict[str, Item] = field(default_factory=dict)
    applications: dict[str, Item] = field(default_factory=dict)
    hosts: dict[tuple[str, str], HostItem] = field(default_factory=dict)
    lanes: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """(next free time in µs, shift, closed until) by name."""
    unreadable: dict[str, int] = field(default_factory=dict)
    """The due time (ms) of each workflow whose item was edited by hand until it was unreadable."""

    def copy(self) -> dict[str, Any]:
        """All items as they are now: they are never changed, only replaced."""
        return {name: dict(items) for name, items in vars(self).items() if isinstance(items, dict)}

    def put(self, flow: Workflow) -> None:
        before = self.flows.get(flow.id)
        self.flows[flow.id] = flow
        self.written(before, flow)

    def present(self, expires_at: int | None) -> bool:
        """Whether the adapters still see an item: the table's TTL may be late."""
        return expires_at is None or expires_at > self.now() // 1000

    def flow(self, workflow_id: str) -> Workflow | None:
        if workflow_id in self.unreadable:
            raise UnreadableItem("timeline")
        flow = self.flows.get(workflow_id)
        return flow if flow and self.present(flow.expires_at) else None

    def messages(self, flow: Workflow) -> Messages | None:
        content = self.contents.get(flow.id)
        if content is None or not self.present(content.expires_at):
            return None
        return content.messages if self.present(retention.content_expires_at(flow, content.retention)) else None

    def store_token(self, workflow_id: str, step: int, token: str) -> bool:
        """The write of the state machine's `Outcome`. Returns False if its condition is not met."""
        flow = self.flows.get(workflow_id)
        if flow is None or not flow.running or flow.steps[step].outcome is not None:
            return False
        self.put(replace(flow, task_token=token, version=flow.version + 1))
        return True

    def forget(self, now: int) -> None:
        """Delete the items whose TTL is over at `now` (ms), as the table does."""
        past = now // 1000
        self.flows = {k: v for k, v in self.flows.items() if v.expires_at is None or v.expires_at > past}
        self.contents = {k: v for k, v in self.contents.items() if v.expires_at > past}
        self.pointers = {k: v for k, v in self.pointers.items() if v[1].expires_at > past}
        self.keys = {k: v for k, v in self.keys.items() if v.expires_at > past}
        self.entries = {k: v for k, v in self.entries.items() if v > past}
        self.webhooks = {k: v for k, v in self.webhooks.items() if v["expires_at"] > past}
        self.hosts = {k: v for k, v in self.hosts.items() if v.expires_at > past}


@dataclass
class Store:
    items: Items

    def create(
        self,
        workflow: Workflow,
        content: Messages,
        content_retention: int,
        once: Once | None = None,
        recipients: Sequence[str] = (),
    ) -> None:
        def act() -> bool:
            kept = self.items.keys.get(once.key) if once else None
            if kept and kept.expires_at > workflow.created_at // 1000:
                return kept is once  # a transaction that its client repeats has one token, and is made once
            if workflow.id not in self.items.flows:
                expires_at = retention.content_expires_at(workflow, content_retention)
                self.items.contents[workflow.id] = Content(content, content_retention, expires_at)
                entries_expire_at = retention.entries_expire_at(workflow, content_retention)
                self.items.entries |= {(one, workflow.id): entries_expire_at for one in recipients}
                if once:
                    self.items.keys[once.key] = once
                self.items.put(workflow)
            return True

        if self.items.call("write", act) or once is None:
            return
        first = self.find_once(once.key)
        if first is None or first.expires_at <= workflow.created_at // 1000:
            raise KeyInUse("dynamodb: the same Idempotency-Key is in use")
        if first.workflow_id != workflow.id:
            raise KeyUsed(first)

    def find_once(self, once_key: str) -> Once | None:
        def act() -> Once | None:
            once = self.items.keys.get(once_key)
            return once if once and self.items.present(once.expires_at) else None

        return self.items.call("read", act)

    def read(self, workflow_id: str) -> Workflow | None:
        return self.items.call("read", lambda: self.items.flow(workflow_id))

    def read_many(
        self,
        ids: Iterable[str],
        unreadable: Callable[[UnreadableItem], None] | None = None,
        *,
        consistent: bool = False,  # noqa: ARG002 - as the adapter
    ) -> dict[str, Workflow]:
        def act() -> dict[str, Workflow]:
            found = {}
            for workflow_id in ids:
                try:
                    if flow := self.items.flow(workflow_id):
                        found[workflow_id] = flow
                except UnreadableItem as error:
                    if unreadable is None:
                        raise
                    unreadable(error)
            return found

        return self.items.call("read", act)

    def read_whole(self, workflow_id: str) -> tuple[Workflow, Messages | None] | None:
        def act() -> tuple[Workflow, Messages | None] | None:
            flow = self.items.flow(workflow_id)
            return (flow, self.items.messages(flow)) if flow else None

        return self.items.call("read", act)

    def end_content(self, workflow: Workflow) -> None:
        def act() -> None:
            content = self.items.contents.get(workflow.id)
            if content and self.items.present(content.expires_at):
                expires_at = retention.content_expires_at(workflow, content.retention)
                self.items.contents[workflow.id] = replace(content, expires_at=expires_at)

        self.items.call("write", act)

    def write(self, workflow: Workflow, pointer: Pointer | None = None) -> Workflow:
        write_id = new_write_id()
        written = replace(workflow, version=workflow.version + 1, writes=with_write(workflow.writes, write_id))

        def act() -> bool:
            current = self.items.flows.get(workflow.id)
            if current is None or current.version != workflow.version:
                return False
            if pointer is not None:
                self._point(workflow.id, pointer)
            self.items.put(written)
            return True

        try:
            if self.items.call("write", act):
                return written
        except Unavailable:
            current = self.read(workflow.id)
            if current is None or write_id not in current.writes:
                raise
            return written
        current = self.read(workflow.id)
        if current is None:
            raise Vanished
        if write_id not in current.writes:
            raise Conflict(current)
        return written

    def _point(self, workflow_id: str, pointer: Pointer) -> None:
        known = self.items.pointers.get(pointer.message_uuid)
        if known and (known[0], known[1].step) != (workflow_id, pointer.step):
            raise PointerTaken
        self.items.pointers[pointer.message_uuid] = workflow_id, pointer

    def find_message(self, message_uuid: str) -> tuple[str, int] | None:
        def act() -> tuple[str, int] | None:
            found = self.items.pointers.get(message_uuid)
            return (found[0], found[1].step) if found and self.items.present(found[1].expires_at) else None

        return self.items.call("read", act)


@dataclass
class Lanes:
    items: Items

    def reserve(self, lane: Lane, now: int, latest: int) -> Turn | None:
        def act() -> Turn | None:
            free_at, shift, closed_until = self.items.lanes.get(lane.name, (0, 0, 0))
            reserved = max(free_at, now * 1000)
            if latest < now or reserved > latest * 1000 + lane.tolerance:
                return None
            self.items.lanes[lane.name] = reserved + lane.interval, shift, closed_until
            return Turn(max(now, -(-(reserved - lane.tolerance) // 1000), closed_until), shift)

        return self.items.call("reserve a turn", act)

    def close(self, name: str, now: int, until: int) -> LaneState:
        def act() -> LaneState:
            free_at, shift, closed_until = self.items.lanes.get(name, (0, 0, 0))
            if closed_until < until:
                moved = until - max(now, closed_until)
                free_at = free_at + moved * 1000 if free_at >= now * 1000 else until * 1000
                self.items.lanes[name] = free_at, shift + moved, until
            return self._state(name)

        return self.items.call("close a lane", act)

    def open(self, name: str, now: int) -> LaneState:
        def act() -> LaneState:
            free_at, shift, closed_until = self.items.lanes.get(name, (0, 0, 0))
            if closed_until > now + turns.SHORT:
                moved = closed_until - now
                self.items.lanes[name] = free_at - moved * 1000, shift - moved, now
            return self._state(name)

        return self.items.call("open a lane", act)

    def state(self, name: str) -> LaneState:
        return self.items.call("look at a lane", lambda: self._state(name))

    def _state(self, name: str) -> LaneState:
        free_at, shift, closed_until = self.items.lanes.get(name, (0, 0, 0))
        return LaneState(-(-free_at // 1000), shift, closed_until)


@dataclass
class Callers:
    items: Items

    def find_account(self, api_key: str) -> Item | None:
        return self.items.call("read the account", lambda: self.items.accounts.get(api_key))

    def add_account(self, api_key: str, account: Item) -> None:
        def act() -> None:
            if api_key in self.items.accounts:
                raise AlreadyExists("account")
            self.items.accounts[api_key] = dict(account)

        self.items.call("write", act)

    def find_application(self, application_id: str) -> Item | None:
        return self.items.call("read the account", lambda: self.items.applications.get(application_id))

    def add_application(self, application_id: str, application: Item) -> None:
        def act() -> None:
            account = self.items.accounts.get(application["account"])
            if account is None or application_id in self.items.applications:
                raise Outdated
            self.items.accounts[application["account"]] = {**account, "version": (account.get("version") or 0) + 1}
            self.items.applications[application_id] = dict(application)

        self.items.call("write", act)

    def replace(self, known: Item, **changes: Any) -> None:
        items = self.items.applications if "public_key" in known else self.items.accounts
        place = next((place for place, item in items.items() if item["created_at"] == known["created_at"]), None)

        def act() -> None:
            if place is None or items[place].get("version") != known.get("version"):
                raise Outdated
            changed = {**known, **changes, "version": (known.get("version") or 0) + 1}
            items[place] = {name: value for name, value in changed.items() if value is not None}

        self.items.call("write", act)


@dataclass
class Listing:
    items: Items

    def page(self, account: str, filters: Filters) -> Page:
        def act() -> Page:
            found = sorted(
                (flow for flow in map(self.items.flow, self.items.flows) if flow and _wanted(flow, account, filters)),
                key=lambda flow: (flow.created_at, flow.id),
                reverse=True,
            )
            if after := filters.after:
                found = [flow for flow in found if (flow.created_at, flow.id) < (after.at, after.key)]
            shown = found[: filters.limit]
            last = shown[-1] if len(found) > len(shown) else None
            return Page(list(map(_listed, shown)), last and Position(last.created_at, last.id))

        return self.items.call("read", act)


def _wanted(flow: Workflow, account: str, filters: Filters) -> bool:
    return (
        flow.account == account
        and filters.since <= flow.created_at <= filters.until
        and filters.status in (None, flow.status)
        and filters.client_ref in (None, flow.client_ref)
        and (filters.channel is None or any(step.channel == filters.channel for step in flow.steps))
    )


def _listed(flow: Workflow) -> Item:
    known = {"reason": flow.reason, "client_ref": flow.client_ref, "ended_at": flow.ended_at}
    return {
        "pk": f"workflow#{flow.id}",
        "word": flow.word,
        "status": flow.status,
        "created_at": flow.created_at,
        "channels": sorted({step.channel for step in flow.steps}),
        **{name: value for name, value in known.items() if value is not None},
    }
