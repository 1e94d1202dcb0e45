"""F30: while one customer's host hangs and thousands of webhooks wait for it, all other webhooks go out as usual."""

import heapq
from dataclasses import replace
from types import SimpleNamespace

import boto3
import pytest

from failover.adapters.webhooks.deliveries import Known
from failover.adapters.webhooks.queue import read
from failover.outside import Outside
from failover.rules.timing.timeouts import CONNECT_SECONDS, RESPONSE_SECONDS
from failover.rules.webhooks import hanging
from failover.rules.webhooks.delivery import Answered, Failed, Task
from failover.rules.webhooks.hanging import Host
from failover.use_cases.webhooks import deliver as use_case
from tests.conftest import at_once, one_write_at_a_time
from tests.examples import ID, NOW, SMS, workflow
from tests.functions.conftest import REPORT, STATUS, ended, set_status_url, task_of
from tests.world import template

TIMEOUT = Failed("timeout")
PROBE = hanging.PROBE_SECONDS * 1000


class Posts:
    """A double for `Webhooks`: an answer for each host, and the hosts posted to."""

    def __init__(self):
        self.answers, self.made = {}, []

    def post(self, url, *_):
        self.made.append(hanging.name(url))
        return self.answers.get(hanging.name(url), Answered(200))


@pytest.fixture
def posts(delivering):
    delivering.outside.webhooks = Posts()
    delivering.outside.now = lambda: NOW
    return delivering.outside.webhooks


@pytest.fixture
def dead(world, posts, deliver, put_off):
    """A host at which as many attempts in a row have timed out as mark it as hanging."""
    ended(world)
    set_status_url(world, "https://dead.test/status")
    posts.answers["dead.test"] = TIMEOUT
    for attempt in range(1, hanging.AFTER + 1):
        deliver(task_of(world, attempt=attempt, series=attempt))
    put_off.clear()
    return posts


def test_hosts_are_not_named(world, dead):
    """A host is stored under a hash, and its name nowhere."""
    assert "dead.test" not in str([item for item in world.items() if "host" in str(item["sk"])])
    assert any("host#" in str(item["pk"]) for item in world.items())


def test_held_back(world, dead, deliver, put_off, listed, output):
    """An attempt at a hanging host is not sent: it is rescheduled after its usual pause and listed with its reason."""
    output()
    deliver(task_of(world, STATUS))
    assert len(dead.made) == hanging.AFTER
    ((queue, task, seconds),) = put_off
    assert (queue, task.attempt, task.series, task.since, seconds) == ("webhooks", 2, 2, NOW, 5)
    assert listed(STATUS)["state"] == "pending"
    (attempt,) = listed(STATUS)["attempts"]
    assert (attempt["error"], attempt["milliseconds"]) == ("held back", 0)
    written = output()
    assert "WebhooksHeldBack" in written
    assert "dead.test" not in written


def test_not_yet(world, posts, deliver):
    """Fewer timeouts in a row hold nothing back."""
    ended(world)
    set_status_url(world, "https://dead.test/status")
    posts.answers["dead.test"] = TIMEOUT
    for attempt in range(1, hanging.AFTER):
        deliver(task_of(world, attempt=attempt, series=attempt))
    deliver(task_of(world, STATUS))
    assert len(posts.made) == hanging.AFTER


def test_in_a_row(world, posts, deliver):
    """Any answer between two timeouts restarts the count."""
    ended(world)
    set_status_url(world, "https://slow.test/status")
    for attempt, answer in enumerate([TIMEOUT, TIMEOUT, Answered(500), TIMEOUT, TIMEOUT, Answered(500)], start=1):
        posts.answers["slow.test"] = answer
        deliver(task_of(world, attempt=attempt, series=attempt))
    assert len(posts.made) == 6


@pytest.mark.parametrize("answer", [Answered(500), Answered(429), Failed("no connection")])
def test_what_does_not_hang(world, posts, deliver, answer):
    """Attempts that fail at once occupy no worker, so their host is never marked as hanging."""
    ended(world)
    set_status_url(world, "https://down.test/status")
    posts.answers["down.test"] = answer
    for attempt in range(1, 9):
        deliver(task_of(world, attempt=attempt, series=attempt))
    assert len(posts.made) == 8


def test_a_probe(world, dead, delivering, deliver):
    """Every half minute one waiting attempt is sent as a probe; the next ones are held back again."""
    for attempt, (late, posted) in enumerate(((PROBE - 1, 0), (PROBE, 1), (PROBE + 1, 1), (2 * PROBE, 2)), start=1):
        delivering.outside.now = lambda late=late: NOW + late
        deliver(task_of(world, STATUS, attempt=attempt))
        assert len(dead.made) == hanging.AFTER + posted, late


def test_back_again(world, dead, delivering, deliver, listed):
    """After a host has answered a probe, each waiting webhook is sent at its next attempt."""
    dead.answers.clear()
    delivering.outside.now = lambda: NOW + PROBE
    deliver(task_of(world, STATUS))
    deliver(task_of(world, REPORT, attempt=9, series=9))
    assert (listed(STATUS)["state"], listed(REPORT)["state"]) == ("delivered", "delivered")


@pytest.mark.parametrize("url", ["https://alive.test/status", "https://dead.test:8443/status"])
def test_another_host(world, dead, deliver, listed, url):
    """Another host or port of the same customer is not held back."""
    set_status_url(world, url)
    deliver(task_of(world, STATUS))
    assert listed(STATUS)["state"] == "delivered"


def test_another_account(world, dead, delivering):
    """One account cannot hold back another account's webhooks, even to the same host."""
    assert delivering.outside.hosts.find(world.api_key, "dead.test").hangs
    assert not delivering.outside.hosts.find("another", "dead.test").hangs


def test_the_path_does_not_matter(world, dead, delivering):
    """A hanging host holds back all of its paths, in any spelling of its name."""
    assert hanging.name("https://DEAD.test/other?order=7") == "dead.test"
    assert hanging.name("https://[broken") == "https://[broken"


def test_given_up(world, dead, deliver, put_off, listed):
    """A webhook held back for 24 hours is given up like any other and becomes a dead letter."""
    deliver(task_of(world, STATUS, attempt=99, series=99, since=NOW - 24 * 3600 * 1000))
    assert [queue for queue, _, _ in put_off] == ["dead-letters"]
    assert listed(STATUS)["state"] == "failed"


def test_twins(world, dead, monkeypatch):
    """Of attempts that find a probe due at the same instant, one makes it."""
    one_write_at_a_time(monkeypatch)
    hosts = [Outside().hosts for _ in range(5)]
    known, made = hosts[0].find(world.api_key, "dead.test"), []
    at_once(*[lambda one=one: made.append(one.probe(known, NOW + PROBE)) for one in hosts])
    assert sorted(made) == [False] * 4 + [True]


def test_forgotten(world, dead):
    """A host's timeouts are removed a week after the last one."""
    (item,) = [item for item in world.items() if item["sk"]["S"] == "host"]
    assert int(item["expires_at"]["N"]) == NOW // 1000 + 7 * 24 * 3600


def test_nothing_is_written_of_most_hosts(world, posts, deliver):
    """An attempt at a host that answers costs one read and no write."""
    ended(world)
    set_status_url(world, "https://alive.test/status")
    deliver(task_of(world))
    assert not [item for item in world.items() if item["sk"]["S"] == "host"]


def test_each_message_is_in_its_accounts_group(world, delivering):
    """Each message carries its account as its group, so SQS can serve other accounts first."""
    queue, task = delivering.outside.webhook_queue, task_of(world)
    queue.add_all([task])
    queue.add(task, seconds=0)
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="webhooks")["QueueUrl"]
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert [read(message["Body"]) for message in received] == [task, task]
    assert {message["Attributes"]["MessageGroupId"] for message in received} == {world.api_key}
    assert "FifoQueue" not in template()["Resources"]["Webhooks"]["Properties"]


WORKERS = template()["Parameters"]["WebhookConcurrency"]["Default"]
HANGS = (CONNECT_SECONDS + RESPONSE_SECONDS) * 1000
WAITING = 2000


class Simulation:
    """Simulated queue, workers and clocks around the real use case; the worst case, a queue that ignores groups."""

    def __init__(self):
        self.clock, self.queue, self.count = 0, [], 0
        self.timeouts, self.probe_at, self.busy = [], 0, 0
        self.waited, self.invocations = [], 0
        flow = replace(ended_flow(), account="dead")
        self.flows = {"dead": flow, "alive": replace(flow, account="alive")}
        self.outside = SimpleNamespace(
            now=lambda: self.clock,
            deliveries=SimpleNamespace(known=self._known, claim=lambda *_: "claim", record=lambda *_: None),
            hosts=SimpleNamespace(find=self._find, probe=self._probe, timed_out=self._timed_out, answered=None),
            webhooks=SimpleNamespace(post=self._post),
            webhook_secret=SimpleNamespace(value=lambda: {"signing_key": "k" * 64}),
            webhook_queue=SimpleNamespace(add=lambda task, seconds: self.put(task, self.clock + seconds * 1000)),
        )

    def put(self, task, at):
        self.count += 1
        heapq.heappush(self.queue, (at, self.count, task))

    def run(self, until):
        workers = [0] * WORKERS
        while self.queue and self.queue[0][0] < until:
            at, _, task = heapq.heappop(self.queue)
            self.clock = max(at, heapq.heappop(workers))
            if task.account == "alive":
                self.waited.append((at, self.clock - at))
            else:
                self.invocations += 1
            use_case.deliver(self.outside, task)
            heapq.heappush(workers, self.clock + 20)

    def _known(self, task):
        return Known(self.flows[task.account], [SMS], {"status_url": f"https://{task.account}.test/"}, None, 0, None)

    def _find(self, account, name):
        seen = sum(at <= self.clock for at in self.timeouts[:10])
        return Host(account, name, seen if account == "dead" else 0, self.probe_at)

    def _probe(self, _, now):
        if now < self.probe_at:
            return False
        self.probe_at = now + PROBE
        return True

    def _timed_out(self, _host, _attempt, now):
        self.timeouts.append(now)
        self.probe_at = max(self.probe_at, now + PROBE)

    def _post(self, url, *_):
        if "dead" in url:
            self.clock += HANGS
            self.busy += HANGS
            return TIMEOUT
        self.clock += 100
        return Answered(200)


def ended_flow():
    flow = workflow("sms")
    entry = {"sequence": 5, "at": NOW, "event": "cancelled"}
    return replace(flow, status="cancelled", timeline=(*flow.timeline, entry))


def test_thousands_that_wait(monkeypatch):
    """Thousands of webhooks wait for a dead host; once its timeouts show that, others are delivered without delay."""
    monkeypatch.setattr(use_case, "count", lambda *_, **__: None)
    monkeypatch.setattr(use_case, "logger", SimpleNamespace(info=lambda *_, **__: None))
    monkeypatch.setattr(use_case, "_authorization", lambda *_: "")
    simulation, half_an_hour = Simulation(), 30 * 60 * 1000
    for _ in range(WAITING):
        simulation.put(Task(ID, "dead", None, 5), at=1)
    for second in range(0, half_an_hour, 5000):
        simulation.put(Task(ID, "alive", None, 5), at=2 + second)
    simulation.run(half_an_hour)
    assert len(simulation.waited) == 360
    shown = 2 * HANGS
    assert max(wait for _, wait in simulation.waited) <= shown, "until then the host may occupy all workers"
    assert max(wait for at, wait in simulation.waited if at > shown) < 1000
    probes = half_an_hour / PROBE
    assert simulation.busy <= (WORKERS + probes + 2) * HANGS
    assert simulation.invocations <= WAITING * 10
