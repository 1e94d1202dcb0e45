"""Start here: what may happen in a history, one rule each, from which Hypothesis draws histories.

A history is a series of these rules with random arguments. Two accounts post, advance, cancel and look; the vendor
sends callbacks; time passes; executions die; AWS throttles; items are edited by hand; the table is restored from a
backup. Most rules run one process of the product, and may give it a `Fate`: at its nth call it dies, the call fails or
loses its answer, or something else happens first. After the last rule `teardown` stops the faults, lets everything
finish, and checks every promise. If one was broken, Hypothesis looks for a shorter history that breaks it too, and
prints it.

The handlers, use cases and rules are the real ones; AWS, the vendor and the customers are stand-ins. To read next:

    history.py      what each rule does, and what the product must answer to it
    ending.py       what happens after the last rule
    engine.py       Step Functions
    memory*.py      DynamoDB: the table, the overdue index, deliveries (moto_table.py: the same with moto)
    promises.py     what must hold at each write, after each process, and at the end
    calls.py        every call to the outside, and the fate of one of them
    neighbours.py   the Messages API, the customers' servers, and SQS
    stack.py        the product with all of these around it
"""

import contextlib
import itertools
import uuid
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from failover.observability import logger
from failover.rules.workflow.overdue import unstarted
from tests.examples import NOW
from tests.lives.calls import FAULTS, INTERLEAVED, MEANWHILES, Fate
from tests.lives.ending import figures, instants, run_to_the_end
from tests.lives.engine import DEAD
from tests.lives.history import DAY, REQUESTS, History
from tests.lives.stack import ACCOUNTS, memory_table

TOTALS: Counter[str] = Counter()
"""Counts of all histories so far."""

MOST_WORKFLOWS = 5
ACCOUNT = st.sampled_from(ACCOUNTS)


def _fates(calls: range) -> st.SearchStrategy[Fate | None]:
    """A fate at any of these calls of a process, or mostly none."""
    kinds = (*FAULTS * 2, *MEANWHILES * 2, *INTERLEAVED)
    return st.sampled_from([None] * (12 * len(calls)) + [Fate(call, kind) for call in calls for kind in kinds])


FATES, FATES_OF_MANY = _fates(range(8)), _fates(range(40))
"""Functions that handle many workflows make many calls, the first 8 of them to find the workflows."""
WHICH = st.integers(0, 5)
KNOWN_STATUSES = st.sampled_from(["submitted", "delivered", "read", "rejected", "undeliverable"])
STATUSES = KNOWN_STATUSES | st.just("queued")
ERRORS = st.sampled_from([None, None, {"title": "1300"}, {"title": "1300", "detail": "Not part of the network"}])
PRICES = st.sampled_from([None, None, None, "0", "0.0333", "0.1"])
NAMED = st.sampled_from([{}, {}, {"message_uuid": None}, {"client_ref": None}])
"""How a callback names its message: by both ids, or by one of them."""
OUTCOMES = st.sampled_from(
    ["accepted"] * 4 + ["accepted, answer lost", "answer lost", "busy", "throttled", "refused", "trickles"]
)
LIMITS = st.sampled_from([(0, 0, 900), (0, 0, 900), (0.05, 0, 900), (0.05, 0.02, 900), (0.05, 0, 60)])
"""Requests a second with the key and on each channel, and seconds of patience."""
SCRIPTS = st.lists(OUTCOMES, min_size=1, max_size=2)
ANSWERS = st.sampled_from([200, 200, 204, 500, 503, 429, 302, 400, "down", "hangs", "down for a day"])
ENDINGS = st.sampled_from(["delivered", "delivered", "delivered", "silent", "doomed"])
PAUSES = st.sampled_from([1, 14, 15, 61, 300, 600, 3600, 90_000])


DENIED = [
    ("deliver_webhook", "write"),
    ("deliver_webhook", "write"),
    ("deliver_webhook", "queue"),
    ("publish_events", "write"),
    ("publish_events", "queue"),
    ("send", "write"),
    ("send", "reserve a turn"),
    ("message_status", "write"),
    ("reconcile", "write"),
    ("start_workflows", "write"),
    ("start_workflows", "start an execution"),
]
"""Calls, by function, that AWS may throttle for an hour."""


class Ids:
    """Ids that are the same in each run of a history."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def __call__(self) -> uuid.UUID:
        return uuid.UUID(int=next(self._numbers) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128, version=4)


class Histories(RuleBasedStateMachine):
    make_table = staticmethod(memory_table)

    def __init__(self) -> None:
        super().__init__()
        self._real_ids, uuid.uuid4 = uuid.uuid4, Ids()
        self.history = History(self.make_table)
        self.stack, self.flows = self.history.stack, self.history.promises.flows
        self._output = contextlib.redirect_stdout(self.stack.output)
        self._output.__enter__()
        logger.registered_handler.setStream(self.stack.output)

    @property
    def young(self) -> bool:
        """Whether time may still pass: pauses and outages end after four days, before a workflow's longest life."""
        return self.stack.now < NOW + 4 * DAY

    @initialize(account=ACCOUNT, asked=WHICH, fate=FATES, ending=ENDINGS, limits=LIMITS)
    def first_post(
        self, account: str, asked: int, fate: Fate | None, ending: str, limits: tuple[float, float, int]
    ) -> None:
        self.stack.limit(*limits)
        self.history.ending = ending
        self.history.post(account, asked, None, "workflows", fate)

    @precondition(lambda self: len(self.flows) < MOST_WORKFLOWS)
    @rule(
        account=ACCOUNT,
        asked=st.integers(0, len(REQUESTS) - 1),
        key=st.sampled_from([None, "key-1", "key-1", "key-2"]),
        path=st.sampled_from(["workflows", "dispatch"]),
        fate=FATES,
    )
    def post(self, account: str, asked: int, key: str | None, path: str, fate: Fate | None) -> None:
        self.history.post(account, asked, key, path, fate)

    @precondition(lambda self: self.flows)
    @rule(which=WHICH, account=ACCOUNT, fate=FATES)
    def cancel(self, which: int, account: str, fate: Fate | None) -> None:
        self.history.cancel(account, self.history.flow(which), fate)

    @precondition(lambda self: self.flows)
    @rule(
        which=WHICH,
        stranger=st.sampled_from([False] * 7 + [True]),
        ahead=st.sampled_from([0] * 7 + [-1, 1, 9]),
        fate=FATES,
    )
    def advance(self, which: int, stranger: bool, ahead: int, fate: Fate | None) -> None:
        """From the current step, or one before or after it; mostly of a workflow whose race waits."""
        flow = self.history.racing_flow(which)
        account = next(one for one in ACCOUNTS if (one == flow.account) != stranger)
        self.history.advance(account, flow, min(max(0, self.history.last_sent(flow) + ahead), 9), fate)

    @precondition(lambda self: self.flows)
    @rule(which=WHICH, account=ACCOUNT, what=st.integers(0, 4))
    def look(self, which: int, account: str, what: int) -> None:
        self.history.look(account, self.history.flow(which), what)

    @precondition(lambda self: self.stack.table.stream or self.stack.queue.visible())
    @rule(most=st.integers(1, 5), fate=FATES)
    def refuse(self, most: int, fate: Fate | None) -> None:
        self.history.refuse(most, fate)

    @precondition(lambda self: self.flows)
    @rule(which=WHICH, back=st.integers(0, 2), status=STATUSES, price=PRICES, named=NAMED, error=ERRORS, fate=FATES)
    def status(
        self,
        which: int,
        back: int,
        status: str,
        price: str | None,
        named: dict[str, None],
        error: dict[str, str] | None,
        fate: Fate | None,
    ) -> None:
        """For the message sent last, or up to two before it."""
        flow = self.history.flow(which)
        number = max(0, self.history.last_sent(flow) - back)
        usage = {"price": price, "currency": "EUR"} if price else None
        self.history.receive(self.stack.status(flow.id, number, status, usage=usage, error=error, **named), fate)

    @precondition(lambda self: self.stack.vendor.waiting)
    @rule(fate=FATES)
    def status_again(self, fate: Fate | None) -> None:
        self.history.receive(self.stack.vendor.waiting.pop(0), fate)

    @precondition(lambda self: self.flows)
    @rule(which=WHICH, what=st.integers(0, 3))
    def false_status(self, which: int, what: int) -> None:
        self.history.receive_forged(self.history.flow(which), what)

    @precondition(lambda self: self.stack.engine.executions)
    @rule(which=WHICH, script=SCRIPTS, fate=FATES)
    def proceed(self, which: int, script: list[str], fate: Fate | None) -> None:
        ready = [one for one in self.stack.engine.executions.values() if one.ready(self.stack.now)]
        if ready:
            self.history.proceed(ready[which % len(ready)], script, fate)

    @precondition(lambda self: self.flows)
    @rule(which=WHICH, number=st.integers(-1, 3), script=SCRIPTS, fate=FATES)
    def stray_send(self, which: int, number: int, script: list[str], fate: Fate | None) -> None:
        """F33: for any step number, even outside the workflow."""
        self.history.stray_send(self.history.flow(which), number, script, fate)

    @precondition(lambda self: self.flows)
    @rule(which=WHICH, number=st.integers(0, 2), status=KNOWN_STATUSES)
    def flood(self, which: int, number: int, status: str) -> None:
        flow = self.history.flow(which)
        self.history.flood(flow, min(number, len(flow.steps) - 1), status)

    @precondition(lambda self: self.flows)
    @rule(what=st.integers(0, 11), which=WHICH)
    def forge(self, what: int, which: int) -> None:
        self.history.forge(what, self.history.flow(which))

    @precondition(lambda self: not self.stack.table.edited)
    @rule(shard=st.integers(0, 7))
    def edit_items(self, shard: int) -> None:
        self.history.edit_items(shard)

    @precondition(lambda self: self.young and (self.stack.table.stream or self.stack.queue.waiting))
    @rule(denied=st.sampled_from(DENIED), answer=ANSWERS)
    def an_hour_throttled(self, denied: tuple[str, str], answer: int | str) -> None:
        self.history.throttle_for_an_hour(*denied, "down" if answer == "down for a day" else answer)

    @precondition(lambda self: self.stack.engine.executions)
    @rule(which=WHICH, how=st.sampled_from(DEAD))
    def execution_dies(self, which: int, how: str) -> None:
        if running := [one for one in self.stack.engine.executions.values() if one.running]:
            self.history.die(running[which % len(running)], how)

    @rule(fate=FATES_OF_MANY)
    def reconcile(self, fate: Fate | None) -> None:
        self.history.reconcile(fate)

    @rule(fate=FATES_OF_MANY)
    def start_workflows(self, fate: Fate | None) -> None:
        self.history.start_workflows(fate)

    @precondition(lambda self: self.stack.table.stream)
    @rule(most=st.integers(1, 10), fate=FATES_OF_MANY)
    def publish(self, most: int, fate: Fate | None) -> None:
        self.history.publish(most, fate)

    @precondition(lambda self: self.stack.table.stream and self.young)
    @rule()
    def lose_the_stream(self) -> None:
        self.history.lose_the_stream()

    @precondition(lambda self: self.flows and not self.history.backed_up)
    @rule()
    def back_up(self) -> None:
        self.history.back_up()

    @precondition(lambda self: self.history.backed_up)
    @rule()
    def restore(self) -> None:
        self.history.restore()

    @precondition(lambda self: self.stack.table.stream or self.stack.queue.visible())
    @rule(which=WHICH, most=st.integers(1, 5), answer=ANSWERS, fate=FATES)
    def deliver(self, which: int, most: int, answer: int | str, fate: Fate | None) -> None:
        self.history.deliver(which, most, "down" if answer == "down for a day" and not self.young else answer, fate)

    @precondition(lambda self: self.young)
    @rule(seconds=PAUSES)
    def time_passes(self, seconds: int) -> None:
        self.stack.wait(seconds)

    @precondition(lambda self: self.young)
    @rule()
    def time_passes_until_something_is_due(self) -> None:
        self.stack.now = min(instants(self.history), default=self.stack.now)
        for execution in list(self.stack.engine.executions.values()):
            if execution.ready(self.stack.now):
                self.history.proceed(execution, ["accepted"], None)

    @precondition(lambda self: self.young)
    @rule(fate=FATES_OF_MANY)
    def time_passes_until_reconcile(self, fate: Fate | None) -> None:
        due = [flow.due_at for flow in self.flows.values() if flow.due_at]
        self.stack.now = max(self.stack.now, min(due, default=0))
        self.history.reconcile(fate)

    @precondition(lambda self: self.young)
    @rule(fate=FATES_OF_MANY)
    def time_passes_until_a_start(self, fate: Fate | None) -> None:
        due = [flow.due_at for flow in self.flows.values() if flow.due_at and unstarted(flow)]
        self.stack.now = max(self.stack.now, min(due, default=0))
        self.history.start_workflows(fate)

    @rule()
    def forget(self) -> None:
        """What the table's TTL deletes."""
        self.stack.table.forget(self.stack.now)

    def teardown(self) -> None:
        try:
            run_to_the_end(self.history)
            TOTALS.update(figures(self.history))
        finally:
            self._output.__exit__(None, None, None)
            uuid.uuid4 = self._real_ids
