"""The promises (I1 to I13, and I15) that every history of the product has to keep, whatever breaks."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import simplejson

from failover.rules.channels.statuses import STATUSES
from failover.rules.webhooks import bodies
from failover.rules.workflow import publication, retention
from failover.rules.workflow.overdue import SLACK
from failover.rules.workflow.state import FINAL_REPORTS, MOST_ATTEMPTS, Workflow
from failover.rules.workflow.status_entries import MOST_STATUS_ENTRIES
from tests.lives.calls import Process
from tests.lives.neighbours import status_url
from tests.properties.test_histories import left_rightly, rises

PRIVATE = ("PRIVATE", "44770090", "sim-page", "vendor-secret", "signature-secret", "signing-key")
"""What texts, people's numbers and ids, secrets and customers' URLs of these tests have in them."""

CONTENT_DROPPED = b'"content_dropped"'
_OF_THE_CONTENT = ("to", "from", "client_ref", "content_dropped")

_REAL_TIME = re.compile(r'"Timestamp":[0-9]+')
"""When a metric was written, by the clock on the wall: once in a while its digits are a person's number."""

BUDGETS: dict[str, dict[str, int]] = {
    "post": {"read the account": 1, "write": 1, "start an execution": 1},
    "post with a key": {"read the account": 1, "write": 1, "read": 1, "start an execution": 1},
    "send": {"read": 1, "read a secret": 1, "write": 2, "request": 1},
    "status": {"read a secret": 1, "read": 1, "write": 1, "tell the race": 1},
    "status without one": {"read a secret": 1, "read": 2, "write": 1, "tell the race": 1},
    "cancel": {"read the account": 1, "read": 1, "write": 1, "tell the race": 1},
    "show": {"read the account": 1, "read": 1},
    "show the webhooks": {"read the account": 1, "read": 3},
    "show a message": {"read the account": 1, "read": 2},
    "list": {"read the account": 1, "read": 1},
    "redeliver": {"read the account": 1, "read": 2, "queue": 1},
    "deliver": {"read": 2, "read a secret": 1, "post": 1, "queue": 1, "write": 2},
    "deliver where time-outs are": {"read": 2, "read a secret": 1, "post": 1, "queue": 1, "write": 5},
}
"""I9: calls of an undisturbed process, at most."""


@dataclass
class Promises:
    flows: dict[str, Workflow] = field(default_factory=dict)
    """Every workflow there has been, as it was last written."""
    ended: Counter[str] = field(default_factory=Counter)
    without_parties: set[tuple[str, int]] = field(default_factory=set)
    """Webhooks, by workflow and sequence, that were received, at least once, when their content had been dropped."""

    def written(self, before: Workflow | None, after: Workflow, now: int) -> None:
        """I1, I2, I4, I7 and F26 hold at each write, and the timeline only grows."""
        self.flows[after.id] = after
        found_again = after.running or publication.unpublished(after)
        assert (after.due_at is not None) == bool(found_again), "whoever runs, or is not told of, is found again"
        assert (after.expires_at is None) == after.running, "F26: nothing that runs is forgotten"
        if before is None:
            return
        assert after.version == before.version + 1, "no write is lost"
        assert after.attempt <= MOST_ATTEMPTS
        if before.timeline is not after.timeline:
            assert after.timeline[: len(before.timeline)] == before.timeline
            assert [entry["sequence"] for entry in after.timeline] == list(range(1, len(after.timeline) + 1))
        if not before.running:
            assert (after.status, after.ended_at) == (before.status, before.ended_at), "I1"
            known = set((before.reason or "").split())
            assert known <= set((after.reason or "").split()), "I1: a reason is completed, and not replaced"
        for number, (old, new) in enumerate(zip(before.steps, after.steps, strict=True)):
            if old is new:
                continue
            rises(old, new)
            if new.outcome == "unsendable" != old.outcome:
                assert new.phase in ("pending", "unsent"), "nothing that may be on its way is told to be unsendable"
                waits = new.expiry_time if number == 0 else min(new.expiry_time or 0, SLACK)
                never_early = now >= after.created_at + (waits or 0) * 1000
                assert new.phase == "unsent" or never_early, "I2: no step is skipped before its time"
            assert new.phase != "unsent" or old.phase == "unsent" or not new.statuses, "a status proves it was taken"
            if old.phase == "pending" and new.phase != "pending":
                assert before.running, "I4: no step is claimed after the end"
                if number > 0:
                    left_rightly(after.steps[number - 1], now)

    def within_budget(self, kind: str, process: Process) -> None:
        """I9, where nothing disturbed the process."""
        if process.disturbed:
            return
        for name, made in process.made.items():
            assert made <= BUDGETS[kind].get(name, 0), f"I9: {kind}: {name} {made} times"

    def at_the_end(self, stack: Any, broken_until: int) -> None:
        """Everything has come to rest: what must hold of each workflow, and of all that was said."""
        for place, taken in stack.vendor.taken.items():
            assert taken == 1, f"I3: the Messages API was asked {taken} times for {place}"
        for flow in self.flows.values():
            self._ended(flow, broken_until)
            self._spent(flow, stack)
            self._told(flow, stack)
            self._paid(flow, stack)
        self._forgotten(stack)
        said = _REAL_TIME.sub("", stack.output.getvalue())
        for text in (said, *stack.inputs):
            assert not any(private in text for private in PRIVATE), "I8"
        assert "unexpected failure" not in said or stack.table.edited, "every failure is one we expect"

    def _ended(self, flow: Workflow, broken_until: int) -> None:
        assert not flow.running, "I5: it never ends"
        longest = retention.longest_life(flow.steps, flow.receipt_window) * 1000
        assert flow.ended_at is not None
        assert flow.ended_at <= broken_until + longest, "I5: it ends in time"
        self.ended[f"{flow.status} {(flow.reason or '').partition(':')[0]}".strip()] += 1

    def _spent(self, flow: Workflow, stack: Any) -> None:
        """I2 and I9, as its executions tell."""
        most = 6 * (len(flow.steps) - 1) + 2
        for number, step in enumerate(flow.steps[:-1]):
            if step.outcome == "unsendable" and step.phase == "pending":
                assert (flow.id, number) in stack.engine.given_up, "I2: no step is passed over"
        for attempt in range(1, flow.attempt + 1):
            if execution := stack.engine.executions.get(f"{flow.id}-{attempt}"):
                assert execution.entered <= most, "I9: states entered"

    def _told(self, flow: Workflow, stack: Any) -> None:
        """I10: each status, and one report that is not amended, were received; sequence restores their order."""
        told = {entry["sequence"]: entry for entry in publication.webhooks(flow)}
        got = {at: raws for (told_of, at), raws in stack.customers.received.items() if told_of == flow.id}
        recorded = stack.table.deliveries.of(flow.id)
        assert got.keys() == told.keys(), "I10: each webhook arrives, and nothing else"
        answered = {sequence for told_of, sequence in stack.customers.done if told_of == flow.id}
        assert got.keys() <= answered, "I10: until it is answered"
        url = flow.webhook_url or status_url(flow.account)
        assert stack.customers.urls[flow.id] == {url}, "each arrives where it was asked for"
        states = {recorded.get(sequence, {}).get("state") for sequence in told}
        assert states <= {"delivered", "failed"}, "each is recorded"
        self._repeated_alike(flow, got)
        documents = [simplejson.loads(got[sequence][0]) for sequence in sorted(got)]
        assert [one["status"] for one in documents if "template" not in one] == [
            entry["status"] for entry in told.values() if entry["event"] == "status" and entry["sequence"] in got
        ], "I10: the order is restored"
        reports = [one for one in documents if "template" in one]
        assert [report.get("amended", False) for report in reports] == [n > 0 for n in range(len(reports))]
        assert all(report["status"] == flow.status for report in reports)
        assert reports, "I10: one final report"

    def _repeated_alike(self, flow: Workflow, got: dict[int, list[Any]]) -> None:
        """A repeat says the same, to the byte; only sender and recipient go, once their content has been dropped."""
        for sequence, raws in got.items():
            named = [raw for raw in raws if CONTENT_DROPPED not in raw]
            assert raws == [*named, *raws[len(named) :]], "what has been dropped does not come back"
            assert len(set(named)) <= 1, "a repeat says the same"
            assert len(set(raws[len(named) :])) <= 1, "and the same without them"
            bodies = [simplejson.loads(raw) for raw in raws]
            common = [{name: one[name] for name in one if name not in _OF_THE_CONTENT} for one in bodies]
            assert all(one == common[0] for one in common)
            if len(named) < len(raws):
                assert "template" not in bodies[-1], "a report needs no content"
                self.without_parties.add((flow.id, sequence))

    def _forgotten(self, stack: Any) -> None:
        """Texts and addresses are dropped their retention after the end, whether or not anybody heard of it."""
        kept_for = stack.outside.settings.content_retention
        for flow in self.flows.values():
            until = retention.content_expires_at(flow, kept_for)
            kept = stack.table.content_expires_at(flow.id)
            assert kept is None or kept == until, "the table is told when"
            stack.now = max(stack.now, until * 1000)
            found = stack.table.store.read_whole(flow.id)
            assert found is None or found[1] is None, "nobody reads it after that"

    def _paid(self, flow: Workflow, stack: Any) -> None:
        """Every status that was answered 200 is recorded, and every price is in the last report."""
        last = [entry for entry in flow.timeline if entry["event"] in FINAL_REPORTS][-1]
        total = Decimal(0)
        for number, step in enumerate(flow.steps):
            place = flow.id, number
            entries = [one for one in flow.timeline if one["event"] == "status" and one["step"] == number]
            named = [Decimal(entry["usage"]["price"]) for entry in entries if "usage" in entry]
            assert stack.vendor.told[place] & STATUSES <= set(step.statuses), "no status is lost"
            assert step.status in STATUSES | {None}, "and one whose word is unknown decides nothing"
            if len(entries) < MOST_STATUS_ENTRIES:
                assert stack.vendor.told[place] <= set(step.statuses), "no word is lost"
                assert set(map(Decimal, stack.vendor.prices[place])) <= set(named), "no price is lost"
            total += max(named, default=Decimal(0))
        usage = bodies.body(flow, None, last).get("usage", [])
        reported = sum((Decimal(one["price"]) for one in (usage if isinstance(usage, list) else [usage])), Decimal(0))
        assert reported == total, "the last report has the whole price"


def foreign(answer: Any, theirs: set[str]) -> bool:
    """An answer tells something of somebody else's workflows."""
    said = json.dumps(answer)
    return any(one in said for one in theirs)
