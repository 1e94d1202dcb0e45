"""The promises of docs/reliability.md (I1 to I13, and I15) that every history must keep, with any faults.

`written` checks each write of a workflow, `within_budget` the calls of each process, and `at_the_end` the final state.
The other promises are checked where they show: I6 and I13 in history.py, I11 and I15 in stack.py, I12 in neighbours.py.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import simplejson

from failover.rules.channels.statuses import STATUSES
from failover.rules.formats.pages import Span
from failover.rules.webhooks import bodies, failed
from failover.rules.workflow import publication, retention
from failover.rules.workflow.overdue import SLACK
from failover.rules.workflow.state import FINAL_REPORTS, MOST_ATTEMPTS, Workflow
from failover.rules.workflow.status_entries import MOST_STATUS_ENTRIES
from tests.lives.calls import Process
from tests.lives.neighbours import status_url
from tests.properties.test_histories import check_advance, check_previous_step, check_rise

PRIVATE = ("PRIVATE", "44770090", "sim-page", "vendor-secret", "signature-secret", "signing-key")
"""Found in all texts, personal numbers and ids, secrets and customers' URLs of these tests."""

CONTENT_DROPPED = b'"content_dropped"'
_OF_THE_CONTENT = ("to", "from", "client_ref", "content_dropped")

_REAL_TIME = re.compile(r'"Timestamp":[0-9]+')
"""The time of a metric by the wall clock: sometimes its digits contain a person's number."""

BUDGETS: dict[str, dict[str, int]] = {
    "post": {"read the account": 1, "read a secret": 1, "reserve a turn": 1, "write": 1, "start an execution": 1},
    "post with a key": {
        "read the account": 1,
        "read a secret": 1,
        "reserve a turn": 1,
        "write": 1,
        "read": 1,
        "start an execution": 1,
    },
    "send": {"read": 1, "read a secret": 1, "look at a lane": 1, "reserve a turn": 1, "write": 2, "request": 1},
    "send that waits": {
        "read": 1,
        "read a secret": 1,
        "reserve a turn": 9,  # a guess which write succeeds may be wrong
        "look at a lane": 9,
        "close a lane": 1,
        "write": 2,
        "request": 1,
    },
    "status": {"read a secret": 1, "read": 1, "write": 1, "signal the race": 1},
    "status without client_ref": {"read a secret": 1, "read": 2, "write": 1, "signal the race": 1},
    "cancel": {"read the account": 1, "read": 1, "write": 1, "signal the race": 1},
    "advance": {"read the account": 1, "read": 1, "write": 1, "signal the race": 1},
    "show": {"read the account": 1, "read": 1},
    "show the webhooks": {"read the account": 1, "read": 3},
    "show a message": {"read the account": 1, "read": 2},
    "list": {"read the account": 1, "read": 1},
    "redeliver what failed": {"read the account": 1, "read": 101, "queue": 10},
    "redeliver": {"read the account": 1, "read": 2, "queue": 1},
    "deliver": {"read": 2, "read a secret": 1, "post": 1, "queue": 1, "write": 2},
    "deliver to a host with timeouts": {"read": 2, "read a secret": 1, "post": 1, "queue": 1, "write": 5},
}
"""I9: the most calls of an undisturbed process."""


@dataclass
class Promises:
    flows: dict[str, Workflow] = field(default_factory=dict)
    """Every workflow so far, as last written."""
    restored: set[str] = field(default_factory=set)
    """The workflows of which something may be lost, because the table was restored to an earlier state."""
    never_sent_again: set[str] = field(default_factory=set)
    """Those of them that were running in the backup."""
    ended: Counter[str] = field(default_factory=Counter)
    without_parties: set[tuple[str, int]] = field(default_factory=set)
    """(workflow, sequence) of webhooks received at least once after their content was dropped."""

    def written(self, before: Workflow | None, after: Workflow, now: int) -> None:
        """Check I1, I2, I4, I7 and F26 at each write, and that the timeline only grows."""
        self.flows[after.id] = after
        reconcilable = after.running or publication.unpublished(after)
        assert (after.due_at is not None) == bool(reconcilable), "running or unpublished workflows are due"
        assert (after.expires_at is None) == after.running, "F26: no running workflow expires"
        if before is None:
            return
        assert after.version == before.version + 1, "no write is lost"
        assert after.attempt <= MOST_ATTEMPTS
        if before.timeline is not after.timeline:
            assert after.timeline[: len(before.timeline)] == before.timeline
            assert [entry["sequence"] for entry in after.timeline] == list(range(1, len(after.timeline) + 1))
        if not before.running:
            assert (after.status, after.ended_at) == (before.status, before.ended_at), "I1"
            known, words = (set(re.findall(r"[^\s:]+", one.reason or "")) for one in (before, after))
            assert known <= words, "I1: a reason is completed, and not replaced"
        for number, (old, new) in enumerate(zip(before.steps, after.steps, strict=True)):
            if old is new:
                continue
            check_rise(old, new)
            if new.outcome == "unsendable" != old.outcome:
                assert new.phase in ("pending", "unsent"), "no message that may be on its way is unsendable"
                waits = new.expiry_time if number == 0 else min(new.expiry_time or 0, SLACK)
                never_early = now >= after.created_at + (waits or 0) * 1000
                assert new.phase == "unsent" or never_early, "I2: no step is skipped before its time"
            assert new.phase != "unsent" or old.phase == "unsent" or not new.statuses, "a status proves acceptance"
            if new.outcome == "advanced" != old.outcome:
                check_advance(before, number, now, after)
            marked = after.table_id != before.table_id
            assert not marked or after.id in self.never_sent_again, "F48: no other workflow is marked"
            if (old.phase, new.phase) == ("pending", "unknown"):
                assert old.releases or marked, "only a message that was requested has a status"
            elif old.phase == "pending" and new.phase != "pending":
                assert before.running, "I4: no step is claimed after the end"
                assert after.id not in self.never_sent_again, "F48: nothing is sent that may have been sent before"
                if number > 0:
                    check_previous_step(after.steps[number - 1], now)

    def table_restored(self, backup: dict[str, Workflow]) -> None:
        """Expect what is in the backup, and nothing of what was written later."""
        self.flows.clear()
        self.flows.update(backup)
        self.restored |= backup.keys()
        self.never_sent_again |= {flow.id for flow in backup.values() if flow.running}

    def within_budget(self, kind: str, process: Process) -> None:
        """Check I9 if nothing disturbed the process."""
        if process.disturbed:
            return
        for name, made in process.made.items():
            assert made <= BUDGETS[kind].get(name, 0), f"I9: {kind}: {name} {made} times"

    def at_the_end(self, stack: Any, faults_ended_at: int) -> None:
        """Check what must hold at rest for each workflow and for all output."""
        for place, requests in stack.vendor.accepted.items():
            assert requests == 1, f"I3: {requests} requests for {place}"
        for flow in self.flows.values():
            self._ended(flow, faults_ended_at)
            self._executed(flow, stack)
            if flow.id in self.restored:
                self._reported_at_least(flow, stack)
            else:
                self._reported(flow, stack)
                self._recorded(flow, stack)
        for account in {flow.account for flow in self.flows.values()}:
            items = stack.table.failed_webhooks.page(account, Span(limit=100)).items
            listed = [(task.workflow_id, task.sequence) for task in map(failed.task, items)]
            assert sorted(listed) == sorted(self.failed(stack, account)), "what has failed is listed, and nothing else"
        self._forgotten(stack)
        said = _REAL_TIME.sub("", stack.output.getvalue())
        for text in (said, *stack.inputs):
            assert not any(private in text for private in PRIVATE), "I8"
        assert "unexpected failure" not in said or stack.table.edited, "every failure is an expected one"

    def failed(self, stack: Any, account: str) -> list[tuple[str, int]]:
        """The webhooks of an account, by workflow and sequence, whose recorded state is `failed`."""
        flows = [flow.id for flow in self.flows.values() if flow.account == account]
        recorded = {flow_id: stack.table.deliveries.of(flow_id) for flow_id in flows}
        return [(flow_id, at) for flow_id in flows for at, one in recorded[flow_id].items() if one["state"] == "failed"]

    def _ended(self, flow: Workflow, faults_ended_at: int) -> None:
        assert not flow.running, "I5: the workflow never ends"
        longest = retention.longest_life(flow.steps, flow.receipt_window) * 1000
        assert flow.ended_at is not None
        assert flow.ended_at <= faults_ended_at + longest, "I5: it ends in time"
        self.ended[f"{flow.status} {(flow.reason or '').partition(':')[0]}".strip()] += 1

    def _executed(self, flow: Workflow, stack: Any) -> None:
        """Check I2 and I9 on the executions."""
        most = 6 * (len(flow.steps) - 1) + 2
        for number, step in enumerate(flow.steps[:-1]):
            if step.outcome == "unsendable" and step.phase == "pending":
                assert (flow.id, number) in stack.engine.given_up, "I2: no step is passed over"
        for attempt in range(1, flow.attempt + 1):
            if execution := stack.engine.executions.get(f"{flow.id}-{attempt}"):
                assert execution.entered <= most + 4 * execution.waits, "I9: states entered"

    def _reported(self, flow: Workflow, stack: Any) -> None:
        """I10: each status and one report that is not amended were received, and sequence restores their order."""
        expected = {entry["sequence"]: entry for entry in publication.webhooks(flow)}
        got = {at: raws for (workflow, at), raws in stack.customers.received.items() if workflow == flow.id}
        recorded = stack.table.deliveries.of(flow.id)
        assert got.keys() == expected.keys(), "I10: each webhook arrives, and nothing else"
        answered = {sequence for workflow, sequence in stack.customers.final if workflow == flow.id}
        assert got.keys() <= answered, "I10: each is attempted until it has a final answer"
        url = flow.webhook_url or status_url(flow.account)
        assert stack.customers.urls[flow.id] == {url}, "each arrives at the URL of its request"
        states = {recorded.get(sequence, {}).get("state") for sequence in expected}
        assert states <= {"delivered", "failed"}, "each is recorded"
        self._repeated_alike(flow, got)
        documents = [simplejson.loads(got[sequence][0]) for sequence in sorted(got)]
        assert [one["status"] for one in documents if "template" not in one] == [
            entry["status"] if entry["event"] == "status" else "advanced"
            for entry in expected.values()
            if entry["event"] in ("status", "left") and entry["sequence"] in got
        ], "I10: the order is restored"
        advanced = [one["sequence"] for one in flow.timeline if one.get("outcome") == "advanced"]
        assert advanced == [at for at, one in expected.items() if one["event"] == "left"], "each advance is a webhook"
        reports = [one for one in documents if "template" in one]
        assert [report.get("amended", False) for report in reports] == [n > 0 for n in range(len(reports))]
        assert all(report["status"] == flow.status for report in reports)
        assert reports, "I10: one final report"

    def _reported_at_least(self, flow: Workflow, stack: Any) -> None:
        """I10, after a restore: a sequence may have come before with another content."""
        sequences = {at for workflow, at in stack.customers.final if workflow == flow.id}
        assert {entry["sequence"] for entry in publication.webhooks(flow)} <= sequences, "I10: each webhook arrives"

    def _repeated_alike(self, flow: Workflow, got: dict[int, list[Any]]) -> None:
        """A repeat has the same bytes; only sender and recipient go once the content is dropped."""
        for sequence, raws in got.items():
            named = [raw for raw in raws if CONTENT_DROPPED not in raw]
            assert raws == [*named, *raws[len(named) :]], "dropped content does not come back"
            assert len(set(named)) <= 1, "repeats are equal"
            assert len(set(raws[len(named) :])) <= 1, "repeats without parties are equal"
            bodies = [simplejson.loads(raw) for raw in raws]
            common = [{name: one[name] for name in one if name not in _OF_THE_CONTENT} for one in bodies]
            assert all(one == common[0] for one in common)
            if len(named) < len(raws):
                assert "template" not in bodies[-1], "a report needs no content"
                self.without_parties.add((flow.id, sequence))

    def _forgotten(self, stack: Any) -> None:
        """Texts and addresses are dropped after their retention, even if no webhook was delivered."""
        kept_for = stack.outside.settings.content_retention
        for flow in self.flows.values():
            until = retention.content_expires_at(flow, kept_for)
            kept = stack.table.content_expires_at(flow.id)
            assert kept is None or kept == until, "the item has its TTL"
            stack.now = max(stack.now, until * 1000)
            found = stack.table.store.read_whole(flow.id)
            assert found is None or found[1] is None, "no read returns it afterwards"

    def _recorded(self, flow: Workflow, stack: Any) -> None:
        """Every status answered 200 is recorded, and every price is in the last report."""
        last = [entry for entry in flow.timeline if entry["event"] in FINAL_REPORTS][-1]
        total = Decimal(0)
        for number, step in enumerate(flow.steps):
            place = flow.id, number
            entries = [one for one in flow.timeline if one["event"] == "status" and one["step"] == number]
            named = [Decimal(entry["usage"]["price"]) for entry in entries if "usage" in entry]
            assert stack.vendor.confirmed[place] & STATUSES <= set(step.statuses), "no status is lost"
            assert step.status in STATUSES | {None}, "an unknown status decides nothing"
            if len(entries) < MOST_STATUS_ENTRIES:
                assert stack.vendor.confirmed[place] <= set(step.statuses), "no unknown status is lost"
                assert set(map(Decimal, stack.vendor.prices[place])) <= set(named), "no price is lost"
            total += max(named, default=Decimal(0))
        usage = bodies.body(flow, None, last).get("usage", [])
        reported = sum((Decimal(one["price"]) for one in (usage if isinstance(usage, list) else [usage])), Decimal(0))
        assert reported == total, "the last report has the whole price"


def mentions(answer: Any, ids: set[str]) -> bool:
    """Whether an answer contains one of these ids."""
    said = json.dumps(answer)
    return any(one in said for one in ids)
