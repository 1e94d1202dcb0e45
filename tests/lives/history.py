"""One history: what each rule of machine.py does, and what the product must answer to it.

`stack` is the product, `promises` collects and checks what it writes. `_meanwhile` is what another process does in the
middle of one that has such a fate. `ending.py` lets everything finish and has every promise checked.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

from failover.rules.webhooks import delivery
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import publication
from failover.rules.workflow.expiry import expires_at
from failover.rules.workflow.state import Step, Workflow
from failover.use_cases.workflow.overdue import MOST_PER_SHARD
from tests.examples import MESSENGER, SMS, VIBER, request
from tests.lives.calls import Fate
from tests.lives.engine import DEAD, Execution
from tests.lives.neighbours import FORGED, order_url
from tests.lives.promises import Promises, mentions
from tests.lives.stack import ACCOUNTS, Stack
from tests.sizes import LIMIT, item_size

LOOKS = ["show", "show the webhooks", "show a message", "redeliver", "list"]
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
FLOOD = 15
EDITED = MOST_PER_SHARD + 1


def _step(step: dict[str, Any], expiry: int, condition: str) -> dict[str, Any]:
    content = {"content": {"type": "text", "text": "PRIVATE words"}}
    return {**step, "message": content, "failover": {"expiry_time": expiry, "condition_status": condition}}


_FIRST, _SECOND, _LAST = _step(MESSENGER, 600, "read"), _step(VIBER, 15, "delivered"), _step(SMS, 15, "delivered")
REQUESTS = [
    request(*steps)
    for steps in (
        [_LAST],
        [_FIRST, _LAST],
        [_FIRST, _SECOND, _LAST],
        [_SECOND, _FIRST, _LAST],
        [_SECOND, _LAST],
        [_SECOND, _SECOND, _LAST],
    )
]


class History:
    def __init__(self, make_table: Callable[..., Any]) -> None:
        self.promises = Promises()
        self.stack = Stack(self.promises.written, make_table)
        self.stack.meanwhile = self._meanwhile
        self.ending = "silent"
        """What happens until the end: messages stay `silent` or are `delivered`, or executions are `doomed` to die."""
        self._backup: tuple[Any, ...] | None = None
        self._under_key: dict[tuple[str, str], tuple[int, int, str]] = {}
        """(request number, time, workflow id) of each answered request, by account and Idempotency-Key."""
        self._current: tuple[str, int] = ("", 0)
        """The workflow and step that the running process handles."""
        self._duplicate: Callable[[], Any] = lambda: None
        """A second run of what the running process does."""

    def flow(self, which: int) -> Workflow:
        flows = list(self.promises.flows.values())
        return flows[which % len(flows)]

    def racing_flow(self, which: int) -> Workflow:
        """Return a workflow whose race waits, or any if there is none."""
        waiting = {one.input["workflow"] for one in self.stack.engine.executions.values() if one.racing}
        flows = [flow for flow in self.promises.flows.values() if flow.id in waiting and flow.running]
        return flows[which % len(flows)] if flows else self.flow(which)

    def last_sent(self, flow: Workflow) -> int:
        """Return the number of the step that was sent last, or -1."""
        return max((n for n, step in enumerate(flow.steps) if step.phase != "pending"), default=-1)

    # ---------------------------------------------------------------- the operator
    @property
    def backed_up(self) -> bool:
        return self._backup is not None

    def back_up(self) -> None:
        """Point-in-time recovery keeps this state of the table."""
        self._backup = self.stack.table.backup(), dict(self.promises.flows), dict(self._under_key)

    def restore(self) -> None:
        """F48: the table is restored to that state; executions, messages in the queue and callbacks go on."""
        assert self._backup is not None
        (items, flows, self._under_key), self._backup = self._backup, None
        self.stack.restore(items)
        self.promises.table_restored(flows)
        self.stack.calls.met["the table is restored"] += 1

    # ---------------------------------------------------------------- customers
    def post(self, account: str, asked: int, key: str | None, path: str, fate: Fate | None) -> None:
        body = {**REQUESTS[asked], **({"webhook_url": order_url(account)} if asked % 2 else {})}
        headers = {"Idempotency_Key": key} if key else {}

        def post(fate: Fate | None = None) -> None:
            answer = self.stack.call(account, "POST", f"/{path}", body, fate=fate, **headers)
            self.promises.within_budget("post with a key" if key else "post", self.stack.last)
            self._accepted(account, asked, key, answer)

        self._duplicate = post
        post(fate)

    def _accepted(self, account: str, asked: int, key: str | None, answer: Any) -> None:
        if answer is None or answer[0] == 503:
            return
        status, document = answer
        known = self._under_key.get((account, key)) if key else None
        if known and self.stack.now - known[1] >= DAY - 1000:
            known = None
        if status == 409:
            assert known is None or asked != known[0], "F1: the same request does not conflict"
            assert known or self.stack.calls.met, "F1: only another request with a used key conflicts"
            return
        assert status == 202, "a valid request is accepted"
        workflow_id = document.get("workflow_uuid") or document["dispatch_uuid"]
        assert self.promises.flows[workflow_id].account == account, "every workflow answered 202 is stored"
        if known:
            assert (asked, workflow_id) == (known[0], known[2]), "F1: one key, one workflow"
        elif key:
            self._under_key[account, key] = asked, self.promises.flows[workflow_id].created_at, workflow_id

    def _asked(
        self, account: str, flow: Workflow, what: str, body: dict[str, Any] | None, fate: Fate | None
    ) -> tuple[int, dict[str, Any]] | None:
        """Ask for a change of a workflow. Returns the answer to its owner, or None without one."""
        mine, before = flow.account == account, self.promises.flows[flow.id]
        answer = self.stack.call(account, "POST", f"/workflows/{flow.id}/{what}", body, fate=fate)
        self.promises.within_budget(what, self.stack.last)
        assert mine or self.promises.flows[flow.id] is before or self.stack.last.disturbed, "I6"
        if answer is None or answer[0] == 503:
            return None
        assert mine or answer[0] == 404, "I6"
        return answer if mine else None

    def cancel(self, account: str, flow: Workflow, fate: Fate | None = None) -> None:
        self._duplicate = lambda: self.cancel(account, flow)
        answer = self._asked(account, flow, "cancel", None, fate)
        if answer is None:
            return
        (status, document), after = answer, self.promises.flows[flow.id]
        if status == 200:
            assert after.status == "cancelled", "F27"
            events = [entry["event"] for entry in after.timeline]
            known = {one["step"] for one in after.timeline[: events.index("cancelled")] if one["event"] == "status"}
            for step, answered in zip(after.steps, document["steps"], strict=True):
                if answered["state"] == "never_sent":
                    assert step.phase in ("pending", "unsent"), "F27: the answer is true"
                    assert answered["step"] not in known, "F27: a status proves that it was sent"
        else:
            assert (status, after.running) == (409, False), "F27"

    def advance(self, account: str, flow: Workflow, number: int, fate: Fate | None = None) -> None:
        self._current = flow.id, min(number, len(flow.steps) - 1)
        self._duplicate = lambda: self.advance(account, flow, number)
        before = self.promises.flows[flow.id]
        racing = [one for one in self.stack.engine.executions.values() if one.waits_for(before, number)]
        answer = self._asked(account, flow, "advance", {"step": number}, fate)
        if answer is None:
            return
        (status, document), after = answer, self.promises.flows[flow.id]
        if status == 200:
            self.stack.calls.met["a step is advanced"] += 1
            left = [one["outcome"] for one in after.timeline if one["event"] == "left" and one["step"] == number]
            assert left == ["advanced"], "F42: the answer is true"
            assert document["next"]["step"] == number + 1, "F42"
            in_time = self.stack.now < expires_at(before.steps[number])  # later only the timer ends the race
            undisturbed = racing if in_time and not self.stack.last.disturbed else []
            assert all(one.ready(self.stack.now) and one.step["number"] == number + 1 for one in undisturbed), (
                "F42: the next step is sent at once"
            )
        elif number < len(flow.steps):
            assert status == 409, "F42"
            states = {before.status, after.status, before.steps[number].state, after.steps[number].state}
            assert document["state"] in states or self.stack.last.disturbed, "F42: the state is true"
            assert after is before or self.stack.last.disturbed, "F42: a refusal changes nothing"
        else:
            assert status == 400, "F42"

    def look(self, account: str, flow: Workflow, what: int) -> None:
        """Show a workflow, its webhooks or a message, have a webhook sent again, or list the workflows."""
        places = [f"/workflows/{flow.id}", f"/workflows/{flow.id}/webhooks", "/messages/"]
        places += [f"/workflows/{flow.id}/webhooks/4/redeliver", "/workflows"]
        method, path = "POST" if what == 3 else "GET", places[what]
        path += self.stack.vendor.message_uuid((flow.id, 0)) if what == 2 else ""
        queued = len(self.stack.queue.waiting)
        status, document = self.stack.call(account, method, path)
        self.promises.within_budget(LOOKS[what], self.stack.last)
        flows = self.promises.flows.values()
        if what == 4:
            listed = [one.get("workflow_uuid") or one["dispatch_uuid"] for one in document["workflows"]]
            assert sorted(listed) == sorted(one.id for one in flows if one.account == account), "the list has all"
        elif flow.account == account:
            assert status in {2: (200, 404), 3: (202, 404)}.get(what, (200,))
        else:
            missing = self.stack.call(account, method, path.replace(flow.id, str(uuid.UUID(int=7))))
            assert {**document, "instance": ""} == {**missing[1], "instance": ""}, "I6: as for a missing one"
            assert (status, len(self.stack.queue.waiting)) == (404, queued), "I6"
        assert not mentions(document, {one.id for one in flows if one.account != account}), "I6"

    def refuse(self, most: int, fate: Fate | None) -> None:
        """Customers' servers refuse a few webhooks; then each account has all of its failed ones sent again."""
        self.deliver(0, most, 400, None)
        for account in ACCOUNTS:
            self._duplicate = lambda account=account: self.redeliver_failed(account)
            self.redeliver_failed(account, fate)

    def redeliver_failed(self, account: str, fate: Fate | None = None) -> None:
        status, document = self.stack.call(account, "GET", "/webhooks", query={"state": "failed", "limit": "100"})
        assert status == 200
        listed = [(one.get("workflow_uuid") or one["dispatch_uuid"], one["sequence"]) for one in document["webhooks"]]
        assert sorted(listed) == sorted(self.promises.failed(self.stack, account)), "the list has all, and no other"
        answer = self.stack.call(account, "POST", "/webhooks/redeliver", {"since": "2020-01-01"}, fate=fate)
        self.promises.within_budget("redeliver what failed", self.stack.last)
        if answer is None or answer[0] == 503:
            return
        status, document = answer
        assert status == 202
        assert self.stack.last.disturbed or document["redelivered"] + document["skipped"] == len(listed)
        self.stack.calls.met["a failed webhook is sent again"] += document["redelivered"]

    # ---------------------------------------------------------------- the Messages API
    def receive(self, callback: dict[str, Any], fate: Fate | None = None) -> None:
        """Receive a genuine callback. Without a 200 it comes again, for a day."""
        place, body = callback["place"], callback["body"]
        if self.stack.now - callback["issued_at"] > DAY:
            return
        self._current, self._duplicate = place, lambda: self.receive(callback)
        flow = self.promises.flows.get(place[0])
        step = flow.steps[place[1]] if flow else Step("sms")  # it was posted after the backup that was restored
        placed = step.phase != "pending" and ("client_ref" in body or step.message_uuid is not None)
        answer = self.stack.receive(callback, fate)
        self.promises.within_budget("status" if "client_ref" in body else "status without client_ref", self.stack.last)
        if answer is None or answer[0] == 503:
            self.stack.vendor.waiting.append(callback)
            return
        assert answer[0] == 200, "a genuine callback is accepted or asked for again"
        if placed:
            self.stack.vendor.confirmed[place].add(body["status"])
            self.stack.vendor.prices[place] |= {body["usage"]["price"]} if "usage" in body else set()

    def receive_forged(self, flow: Workflow, what: int) -> None:
        """Receive a forged or unsigned callback, or one for an unknown workflow or step."""
        number = 9 if what == 3 else max(0, self.last_sent(flow))
        callback = self.stack.status(str(uuid.UUID(int=7)) if what == 2 else flow.id, number, "read")
        secret = {"secret": ("PRIVATE-forgery" * 3, "")[what]} if what < 2 else {}
        writes = len(self.stack.table.stream)
        status, _ = self.stack.receive(callback, **secret)
        assert status == (401, 503, 200, 200)[what], "F14"
        assert len(self.stack.table.stream) == writes, "F14: nothing is written"

    # ---------------------------------------------------------------- the product's own processes
    def proceed(self, execution: Execution, script: list[str], fate: Fate | None) -> None:
        """Let an execution take its next step."""
        workflow_id, number = execution.input["workflow"], execution.step["number"]
        self._current, self._duplicate = (workflow_id, number), lambda: self._send(workflow_id, number)
        began, sends = self.stack.now, execution.until is None
        self.stack.vendor.script, self.stack.fate = list(script), fate
        self.stack.engine.proceed(execution)
        self.stack.vendor.script, self.stack.fate = ["accepted"], None
        if sends and self.stack.now == began:
            made = self.stack.last.made
            waits = execution.state == "Wait" or max(made["reserve a turn"], made["look at a lane"]) > 1
            self.promises.within_budget("send that waits" if waits else "send", self.stack.last)

    def _send(self, workflow_id: str, number: int) -> None:
        if flow := self.promises.flows.get(workflow_id):
            self.stack.send(flow, number)

    def flood(self, flow: Workflow, number: int, status: str) -> None:
        """F34: endless callbacks for one message, each with another price."""
        for price in range(FLOOD):
            usage = {"price": f"{price}.5", "currency": "EUR"}
            answer = self.stack.receive(self.stack.status(flow.id, number, status, usage=usage))
            assert answer[0] == 200, "a genuine callback is accepted"
        after = self.promises.flows[flow.id]
        assert item_size(after) < LIMIT, "I13"
        assert status in after.steps[number].statuses or after.steps[number].phase == "pending"
        self.stack.calls.met["a flood of callbacks"] += 1

    def forge(self, what: int, flow: Workflow) -> None:
        """F33: put a handmade message on the queue: unreadable, or for a real webhook with unusual numbers."""
        body = FORGED[what % len(FORGED)]
        sent = publication.webhooks(flow)
        if what >= len(FORGED) and sent:
            task = Task(flow.id, flow.account, flow.application, sent[-1]["sequence"], attempt=(1, 7, 1200)[what % 3])
            body = json.dumps({**delivery.plain(task), "series": (1, 200)[what % 2], "since": self.stack.now + 10**9})
        self.stack.queue.forge(body)
        self.stack.calls.met["a forged message"] += 1

    def edit_items(self, shard: int) -> None:
        """F33: edit more items of one shard than a page holds until they are unreadable."""
        for number in range(EDITED):
            self.stack.table.edit(f"{shard:08x}-0000-4000-8000-{number:012x}")
        self.stack.calls.met["items edited by hand"] += 1

    def throttle_for_an_hour(self, function: str, call: str, answer: int | str) -> None:
        """F32: AWS throttles one call of one function for an hour, while customers' servers give this answer."""
        self.stack.calls.denied, self.stack.customers.answer = (function, call), answer
        self.stack.calls.met["an hour of throttling"] += 1
        for _ in range(6):
            self.stack.publish()
            for _ in range(len(self.stack.queue.visible())):
                self.stack.deliver()
            for execution in [one for one in self.stack.engine.executions.values() if one.ready(self.stack.now)]:
                self.stack.engine.proceed(execution)
            self.stack.start_workflows()
            self.stack.reconcile()
            self.stack.wait(600)
        self.stack.calls.denied, self.stack.customers.answer = None, 200

    def stray_send(self, flow: Workflow, number: int, script: list[str], fate: Fate | None) -> None:
        """Invoke a send for a dead execution or by hand, so earlier steps may be passed over."""
        passed_over = range(self.last_sent(flow) + 1, number)
        self.stack.engine.given_up |= {(flow.id, earlier) for earlier in passed_over}
        number = min(number, len(flow.steps))
        self._current = flow.id, max(0, min(number, len(flow.steps) - 1))
        self._duplicate = lambda: self._send(flow.id, number)
        self.stack.vendor.script = list(script)
        self.stack.send(flow, number, fate)
        self.stack.vendor.script = ["accepted"]

    def die(self, execution: Execution, how: str = DEAD[0]) -> None:
        execution.status = how
        self.stack.calls.met["an execution dies"] += 1

    def reconcile(self, fate: Fate | None) -> None:
        self._duplicate = self.stack.reconcile
        self.stack.reconcile(fate)

    def start_workflows(self, fate: Fate | None) -> None:
        self._duplicate = self.stack.start_workflows
        self.stack.start_workflows(fate)

    def publish(self, most: int, fate: Fate | None) -> None:
        self._duplicate = lambda: None
        self.stack.publish(most, fate)

    def lose_the_stream(self) -> None:
        """The stream's consumer fails for longer than the stream keeps records."""
        self.stack.wait(DAY // 1000)
        self.stack.table.stream.clear()
        self.stack.calls.met["the stream is lost"] += 1

    def deliver(self, which: int, most: int, answer: int | str, fate: Fate | None) -> None:
        """Let some attempts meet this answer. With `down for a day`, all attempts of that day meet it."""
        self._duplicate = lambda: self.stack.deliver(which=which, at_once=True)
        self.stack.customers.answer = "down" if answer == "down for a day" else answer
        self.stack.publish()
        for _ in range(min(most, len(self.stack.queue.visible()))):
            hanging = answer == "hangs" or self.stack.known_to_hang()
            self.stack.deliver(fate, which)
            self.promises.within_budget("deliver to a host with timeouts" if hanging else "deliver", self.stack.last)
        self.stack.customers.answer = "down" if answer == "down for a day" else 200
        if answer == "down for a day":
            self.stack.now += DAY + MINUTE
            while self.stack.queue.visible():
                self.stack.deliver()
        self.stack.customers.answer = 200

    def _meanwhile(self, kind: str) -> None:
        """What happens elsewhere just before a process makes a call."""
        last, script = self.stack.last, self.stack.vendor.script
        self.stack.vendor.script = ["accepted"]
        place = self._current
        flow = self.promises.flows.get(place[0])
        if kind == "a duplicate":
            self._duplicate()
        elif kind == "a run of reconcile":
            self.stack.reconcile()
        elif kind == "a run of start_workflows":
            self.stack.start_workflows()
        elif flow and kind == "a cancel":
            self.cancel(flow.account, flow)
        elif flow and kind == "an advance":
            self.advance(flow.account, flow, max(0, self.last_sent(flow)))
        elif flow and kind == "an execution's death":
            for execution in self.stack.engine.executions.values():
                if execution.input["workflow"] == flow.id and execution.running:
                    self.die(execution)
        elif flow and flow.steps[place[1]].phase != "pending":
            self.receive(self.stack.status(*place, "read" if kind == "a status" else "rejected"))
        self.stack.last, self.stack.vendor.script = last, script
