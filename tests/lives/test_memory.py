"""The table in memory behaves like DynamoDB: the same operations give the same answers, conflicts and errors."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from failover.adapters.workflow.store import Conflict, KeyUsed, Once, Pointer, Vanished
from failover.rules.formats.pages import ETERNITY, Position, Span
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, Refused
from failover.rules.webhooks import failed
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import transitions
from failover.rules.workflow.listing import Filters, row
from failover.use_cases.workflow.transition import transition_without_signal
from tests.conftest import only_moto
from tests.examples import HOUR, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.lives.calls import Calls
from tests.lives.moto_table import MotoTable
from tests.lives.stack import memory_table

IDS = [f"{number:08x}-0000-4000-8000-000000000000" for number in (0, 8, 1, 2, 3)]
"""The first two are in the same partition of the index `due`."""
APP = "0f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"
ACCOUNTS = ["aaaa1111", "bbbb2222"]
ID, ACCOUNT = st.sampled_from([*IDS[:3], *IDS[:2]]), st.sampled_from(ACCOUNTS)
STATES = st.sampled_from(["pending", "failed", "failed", "delivered"])
AFTER = st.sampled_from([None, Position(NOW + 20, f"{IDS[0]}.00001")])
LATER = st.sampled_from([0, 60_000, 10 * HOUR * 1000, 100 * HOUR * 1000])
STATUS = st.sampled_from(["submitted", "delivered", "read", "rejected"])
RECEIPTS = st.builds(
    Receipt,
    STATUS,
    st.sampled_from(["u", None]),
    st.none(),
    st.sampled_from([NOW, None]),
    st.sampled_from([None, {"reason": "é … \U0001f600"}, {"reason": "", "code": 1300}]),
    st.sampled_from([None, {"price": "0.0333", "currency": "EUR"}]),
)
BEGINNING = [
    ("create", flow_id, ACCOUNTS[0], "order 7", key, 0) for flow_id, key in zip(IDS, (None, None, "k"), strict=False)
]
OPERATIONS = st.one_of(
    st.tuples(
        st.just("create"),
        st.sampled_from(IDS[2:]),
        ACCOUNT,
        st.sampled_from([None, "order 7"]),
        st.sampled_from([None, "k", "k"]),
        LATER,
    ),
    st.tuples(st.just("claim"), ID, st.integers(0, 1)),
    st.tuples(st.just("answer"), ID, st.sampled_from([Accepted("u"), Refused(422, "é")])),
    st.tuples(st.just("receive"), ID, RECEIPTS, st.sampled_from([None, Pointer("u", 0, 2_000_000_000)])),
    st.tuples(st.just("cancel"), ID),
    st.tuples(st.just("write an old version"), ID),
    st.tuples(st.just("store a token"), ID, st.integers(0, 1)),
    st.tuples(st.just("claim an attempt"), ID, st.integers(1, 2), st.integers(1, 3), LATER),
    st.tuples(st.just("record an attempt"), ID, st.integers(1, 2), st.integers(1, 3), STATES),
    st.tuples(
        st.just("list what failed"),
        ACCOUNT,
        st.builds(
            Span, st.sampled_from([0, NOW + 20]), st.sampled_from([NOW + 20, ETERNITY]), st.integers(1, 2), AFTER
        ),
    ),
    st.tuples(st.sampled_from(["unstarted", "overdue", "silent", "unpublished"]), st.just(0), LATER, st.integers(1, 3)),
    st.tuples(st.just("publish"), ID, st.integers(1, 3)),
    st.tuples(st.just("end content"), ID),
    st.tuples(st.sampled_from(["time out", "probe", "be answered"]), ACCOUNT, LATER),
    st.tuples(st.just("account"), ACCOUNT, st.sampled_from(["https://a.test", "https://b.test"])),
    st.tuples(
        st.just("list"),
        ACCOUNT,
        st.builds(
            Filters,
            status=st.sampled_from([None, "running", "cancelled"]),
            channel=st.sampled_from([None, "sms", "mms"]),
            client_ref=st.sampled_from([None, "order 7"]),
            since=st.sampled_from([0, NOW + 1]),
            limit=st.integers(1, 2),
        ),
    ),
)


class Table:
    """One of the two tables. Each operation returns its result or error as plain data."""

    def __init__(self, table):
        self.table, self.store = table, table.store
        self.first_read, self.claims = {}, {}

    def answer(self, kind, *given):
        try:
            return getattr(self, "_" + kind.replace(" ", "_"))(*given)
        except (Conflict, KeyUsed, Vanished) as error:
            return type(error).__name__, getattr(error, "current", None), getattr(error, "first", None)
        except Exception as error:  # noqa: BLE001 - both must raise the same
            return type(error).__name__

    def everything(self):
        """Everything that can be read."""
        callers = [(account, application) for account in ACCOUNTS for application in (None, APP)]
        tasks = [Task(flow_id, *caller, sequence) for flow_id in IDS for caller in callers for sequence in (1, 2)]
        deliveries, callers = self.table.deliveries, self.table.callers
        prepared = [deliveries.known(task) for task in tasks]
        return (
            [self.store.read(flow_id) for flow_id in IDS],
            [self.store.read_whole(flow_id) for flow_id in IDS],
            [self.store.find_message(uuid) for uuid in ("u", "v")],
            [self.store.find_once(f"once#{account}") for account in ACCOUNTS],
            [{number: _own(item) for number, item in deliveries.of(flow_id).items()} for flow_id in IDS],
            [
                known and replace(known, account=_own(known.account), application=_own(known.application))
                for known in prepared
            ],
            [_own(callers.find_account(account)) for account in ACCOUNTS],
            _own(callers.find_application(APP)),
            [self._host(account) for account in ACCOUNTS],
            [self._list_what_failed(account, Span(limit=2)) for account in ACCOUNTS],
        )

    def _create(self, flow_id, account, client_ref, key, later):
        now = NOW + later - IDS.index(flow_id)
        application = (None, APP)[IDS.index(flow_id) % 2]
        flow = replace(workflow(*TWO_STEPS, account=account), application=application)
        flow = replace(flow, id=flow_id, client_ref=client_ref, created_at=now, due_at=now + 60_000)
        if self.store.read(flow_id):
            return "there is one"
        once = key and Once(f"once#{account}", "digest", flow_id, "workflow", now // 1000 + 24 * HOUR)
        self.store.create(flow, [MESSENGER, SMS], 2_000_000_000, once)
        self.first_read[flow_id] = self.store.read(flow_id)
        return flow_id

    def _changed(self, flow_id, decide, pointer=None):
        flow = self.store.read(flow_id)
        return flow and transition_without_signal(SimpleNamespace(store=self.store, here=None), flow, decide, pointer)

    def _claim(self, flow_id, number):
        return self._changed(flow_id, lambda flow: transitions.claimed(flow, number, NOW + 700_000 * number))

    def _answer(self, flow_id, answer):
        claimed = [
            n for n, step in enumerate((self.store.read(flow_id) or workflow("sms")).steps) if step.phase == "claimed"
        ]
        return claimed and self._changed(flow_id, lambda flow: transitions.answered(flow, claimed[-1], answer, NOW))

    def _receive(self, flow_id, receipt, pointer):
        return self._changed(flow_id, lambda flow: transitions.received(flow, 0, receipt, NOW), pointer)

    def _cancel(self, flow_id):
        return self._changed(flow_id, lambda flow: transitions.cancelled(flow, NOW))

    def _write_an_old_version(self, flow_id):
        flow = self.first_read.get(flow_id)
        return flow and self.store.write(replace(flow, task_token="outdated"))

    def _store_a_token(self, flow_id, step):
        return self.table.store_token(flow_id, step, "token")

    def _claim_an_attempt(self, flow_id, sequence, number, later):
        if not (flow := self.store.read(flow_id)):
            return None
        claim_id = self.table.deliveries.claim(flow, sequence, number, NOW + later)
        if claim_id is not None:
            self.claims[flow_id, sequence, number] = claim_id
        return claim_id is not None

    def _record_an_attempt(self, flow_id, sequence, number, state):
        if (flow := self.store.read(flow_id)) and (claim_id := self.claims.get((flow_id, sequence, number))):
            at = NOW + 10 * IDS.index(flow_id) + 4 * sequence + number  # no two end in the same millisecond
            attempt = {"number": number, "at": at, "milliseconds": 5, "answer": 200}
            self.table.deliveries.record(flow, sequence, claim_id, attempt, state)

    def _overdue(self, shard, later, limit):
        return self.table.overdue.page("due", shard, NOW + later, limit).found

    def _unstarted(self, shard, later, limit):
        return self.table.overdue.page("unstarted", shard, NOW + later, limit).found

    def _silent(self, shard, later, limit):
        return self.table.overdue.page("silent", shard, NOW + later, limit).found

    def _unpublished(self, shard, later, limit):
        return self.table.overdue.page("unpublished", shard, NOW + later, limit).found

    def _publish(self, flow_id, sequence):
        return self._changed(flow_id, lambda flow: transitions.published(flow, sequence))

    def _end_content(self, flow_id):
        if (flow := self.store.read(flow_id)) and not flow.running:
            self.store.end_content(flow)
            return self.table.content_expires_at(flow_id)
        return None

    def _time_out(self, account, later):
        self.table.hosts.timed_out(self._host(account), f"attempt {later}", NOW + later)

    def _probe(self, account, later):
        return self.table.hosts.probe(self._host(account), NOW + later)

    def _be_answered(self, account, _):
        host = self._host(account)
        return host.timeouts and self.table.hosts.answered(host)

    def _host(self, account):
        return self.table.hosts.find(account, "a.test:443")

    def _account(self, account, url):
        callers = self.table.callers
        known, application = callers.find_account(account), callers.find_application(APP)
        if known is None:
            made = {"name": "n", "created_at": NOW + ACCOUNTS.index(account)}
            callers.add_account(account, {**made, "secrets": [{"hash": "h"}]})
            return _own(application) or callers.add_application(APP, {**made, "account": account, "public_key": "k"})
        callers.replace(known, status_url=url)
        callers.replace(application, status_url=url)
        return callers.replace(known, status_url="outdated")

    def _list(self, account, filters):
        return [row(item) for item in _walked(self.table.listing, account, filters)]

    def _list_what_failed(self, account, span):
        items = _walked(self.table.failed_webhooks, account, span)
        return [(failed.row(item), failed.task(item)) for item in items]


def _walked(index, account, span):
    """The items of all pages."""
    found = []
    for _ in range(9):
        page = index.page(account, span)
        found += page.items
        if page.next is None:
            return found
        span = replace(span, after=page.next)
    raise AssertionError("a list without an end")


def _own(item):
    """An item without its keys and write ids, which only DynamoDB stores in it."""
    return item and {name: value for name, value in item.items() if name not in ("pk", "sk", "writes")}


@pytest.fixture
def tables(monkeypatch):
    only_moto(monkeypatch)
    with mock_aws():
        yield lambda: (Table(memory_table(Calls(), lambda: NOW)), Table(MotoTable(Calls(), lambda: NOW)))


@settings(max_examples=30, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(OPERATIONS, min_size=10, max_size=25))
def test_memory_is_like_dynamodb(tables, operations):
    """The same operations in the same order give the same results with both tables."""
    memory, dynamodb = tables()
    for operation in [*BEGINNING, *operations]:
        assert memory.answer(*operation) == dynamodb.answer(*operation), operation
    assert memory.everything() == dynamodb.everything()
