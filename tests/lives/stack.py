"""The whole product in one process: the real handlers, with table, engine, queue and neighbours around them.

`run` runs one invocation of a function as a process of its own, with a fate; the other methods make its event.
"""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from failover.adapters.webhooks.queue import WebhookQueue
from failover.adapters.workflow.executions import Executions
from failover.edges import task_edge
from failover.outside import Outside
from failover.rules.callers import account_secrets
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.receipts import callback_signature
from failover.rules.sending.client_ref import client_ref
from failover.rules.webhooks import signing
from failover.rules.workflow.race import Change
from failover.rules.workflow.state import Workflow
from failover.settings import from_environment
from failover.use_cases.webhooks.publish import publish, stream_record
from tests.examples import NOW
from tests.inline import Inline
from tests.lives import memory, memory_deliveries, memory_overdue
from tests.lives.calls import Calls, Died, Fate, Process
from tests.lives.engine import Engine, Failed, invocation
from tests.lives.neighbours import Customers, Queue, Vendor, order_url, status_url
from tests.world import HASHING_KEY, REGION, SEND_FUNCTIONS, SIGNATURE_SECRET, SIGNING_KEY, http_event, load

ACCOUNTS = ("aaaa1111", "bbbb2222")
API_SECRET = "PRIVATE-api-secret"
FUNCTIONS = (
    "workflows_api",
    "message_status",
    "publish_events",
    "deliver_webhook",
    "start_workflows",
    "reconcile",
    *SEND_FUNCTIONS,
)
SETTINGS = from_environment(
    {
        "TABLE_NAME": "workflows",
        "TABLE_STREAM_ARN": "arn:aws:dynamodb:eu-west-1:1:table/workflows/stream/0",
        "STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:1:stateMachine:failover",
        "MESSAGES_URL": "https://messages.test",
        "WEBHOOK_QUEUE": "webhooks",
        "WEBHOOK_DEAD_LETTERS": "dead-letters",
    }
)
IDLE = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)


@cache
def function(name: str) -> ModuleType:
    """Return the loaded function, warm for all histories. They use none of its clients of AWS, which need a region."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        return load(name)


@dataclass
class MemoryTable:
    """The table and its stream, in memory."""

    items: memory.Items

    def __post_init__(self) -> None:
        self.store = memory.Store(self.items)
        self.overdue = memory_overdue.OverdueIndex(self.items)
        self.deliveries = memory_deliveries.Deliveries(self.items)
        self.failed_webhooks = memory_deliveries.FailedWebhooks(self.items)
        self.callers = memory.Callers(self.items)
        self.hosts = memory_deliveries.Hosts(self.items)
        self.lanes = memory.Lanes(self.items)
        self.listing = memory.Listing(self.items)
        self.stream: list[Any] = []
        self.edited = False

    def edit(self, workflow_id: str) -> None:
        """Edit an item by hand until it is unreadable."""
        self.edited = True
        self.items.unreadable.setdefault(workflow_id, 0)

    def remove_edited(self) -> None:
        self.items.unreadable.clear()

    def backup(self) -> Any:
        return self.items.copy()

    def restore(self, backup: Any) -> None:
        """Put all items back. The restored table has a stream of its own, which is empty."""
        for name, items in backup.items():
            setattr(self.items, name, dict(items))
        self.stream.clear()

    def follow(self, written: Callable[[Workflow | None, Workflow], None]) -> None:
        """Call `written` for each write of a workflow, and put the write on the stream."""

        def hear(before: Workflow | None, after: Workflow) -> None:
            self.stream.append((before, after))
            written(before, after)

        self.items.written = hear

    def content_expires_at(self, workflow_id: str) -> int | None:
        """The TTL (seconds) of a workflow's content. Returns None if it is gone."""
        content = self.items.contents.get(workflow_id)
        return content.expires_at if content else None

    def store_token(self, workflow_id: str, step: int, token: str) -> bool:
        return self.items.store_token(workflow_id, step, token)

    def forget(self, now: int) -> None:
        self.items.forget(now)

    def publish(self, outside: Outside, records: list[Any]) -> None:
        """What the function publish_events does with parsed records."""
        with task_edge.guarded():
            publish(outside, [stream_record(before, after) for before, after in records])


def memory_table(calls: Calls, now: Callable[[], int]) -> MemoryTable:
    return MemoryTable(memory.Items(now, calls))


@dataclass
class Stack:
    """The product. `written` is called with each write of a workflow and its time.

    `make_table` makes a table with these calls and this clock.
    """

    written: Callable[[Workflow | None, Workflow, int], None]
    make_table: Callable[[Calls, Callable[[], int]], Any] = memory_table
    now: int = NOW
    output: io.StringIO = field(default_factory=io.StringIO)
    inputs: list[str] = field(default_factory=list)
    """The input of every execution."""

    def __post_init__(self) -> None:
        self.calls = Calls()
        self.table = self.make_table(self.calls, self._clock)
        self.table.follow(self._written)
        self.engine = Engine(self.calls, self._clock, self._invoke, self.table.store_token, self.inputs.append)
        self.queue, self.vendor, self.customers = (
            Queue(self.calls, self._clock),
            Vendor(self.calls, self.wait),
            Customers(self.calls),
        )
        self.fate: Fate | None = None
        """The fate of the next function that the engine invokes."""
        self.meanwhile: Callable[[str], None] = lambda _: None
        self.last: Process | None = None
        self.outside = self._outside()
        for name in FUNCTIONS:
            vars(function(name).outside).update(vars(self.outside))  # its handler may keep the object
        for account in ACCOUNTS:
            secrets = [account_secrets.kept(API_SECRET)]
            self.table.callers.add_account(
                account, {"name": "tests", "secrets": secrets, "created_at": NOW, "status_url": status_url(account)}
            )
            secret = signing.secret_of_account(SIGNING_KEY, account, 1)
            for url in (status_url(account), order_url(account)):
                self.customers.accounts[url] = account, lambda secret=secret: secret

    def _clock(self) -> int:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    def _outside(self) -> Outside:
        outside = Outside(settings=SETTINGS, now=self._clock, sleep=self.wait, jitter=lambda: 0.0, pool=Inline)
        made = {
            "store": self.table.store,
            "overdue": self.table.overdue,
            "deliveries": self.table.deliveries,
            "failed_webhooks": self.table.failed_webhooks,
            "callers": self.table.callers,
            "listing": self.table.listing,
            "hosts": self.table.hosts,
            "lanes": self.table.lanes,
            "executions": Executions(SETTINGS.state_machine_arn, self.engine),
            "webhook_queue": WebhookQueue("webhooks", "dead-letters", self.queue),
            "webhooks": self.customers,
            "messages": self.vendor.client,
            "signature_secret": self._secret({"signature_secret": SIGNATURE_SECRET}),
            "webhook_secret": self._secret({"signing_key": SIGNING_KEY}),
            "recipient_secret": self._secret({"hashing_key": HASHING_KEY}),
        }
        for name, value in made.items():
            setattr(outside, name, value)
        return outside

    def _secret(self, value: dict[str, str]) -> Any:
        return SimpleNamespace(
            value=lambda: self.calls("read a secret", lambda: value), refreshed=lambda: False, doubtful=False
        )

    def _written(self, before: Workflow | None, after: Workflow) -> None:
        if before is not None and (process := self.calls.process):
            phases = [(old.phase, new.phase) for old, new in zip(before.steps, after.steps, strict=True)]
            self._check_waits(before, after)
            process.disturbed |= after.table_id != before.table_id  # marked as restored, in a write of its own
            process.claimed |= any((old, new) == ("pending", "claimed") for old, new in phases)
            process.answered |= any(old == "claimed" != new for old, new in phases)
            process.decided |= Change(before, after).signal is not None
        self.written(before, after, self.now)

    def _check_waits(self, before: Workflow, after: Workflow) -> None:
        """Check the fates of a send that has to wait."""
        for number, (old, new) in enumerate(zip(before.steps, after.steps, strict=True)):
            if (old.phase, new.phase) == ("claimed", "pending"):
                self.calls.met["a claim is released"] += 1
                assert not self.vendor.accepted[after.id, number], "I3: only a message that was not taken is sent again"
            if old.waiting_since is None is not new.waiting_since:
                self.calls.met["a step waits for its turn"] += 1
            if (old.phase, new.phase) == ("pending", "unsent"):
                self.calls.met["a step has waited for too long"] += 1
                ends = (
                    self.now if new.waiting_since is None else self.outside.settings.patience * 1000 + new.waiting_since
                )
                assert self.now >= ends, "I2: no step is given up before its time"

    def limit(self, key: float, channel: float, patience: int) -> None:
        """Set the limits of sends: requests a second with the key and on each channel, and seconds of patience."""
        self._configure(messages_per_second=key, channel_per_second=channel, patience=patience)

    def restore(self, backup: Any) -> None:
        """Restore the table, and deploy the functions with the ARN of its new stream."""
        self.table.restore(backup)
        name, _, label = self.outside.settings.table_stream.rpartition("/")
        self._configure(table_stream=f"{name}/{int(label) + 1}")

    def _configure(self, **changes: Any) -> None:
        settings = replace(self.outside.settings, **changes)
        for one in (self.outside, *(function(name).outside for name in FUNCTIONS)):
            one.settings = settings

    # ---------------------------------------------------------------- processes
    def run(self, kind: str, act: Callable[[], Any], fate: Fate | None = None) -> Any:
        """Run the function `kind` as one process. Returns its answer, or the exception or Died that ended it."""
        result, self.last = self.calls.run(act, fate, self.meanwhile, kind)
        if not isinstance(result, Died):
            requested = self.last.made["request"] or self.last.answered
            assert requested or not self.last.claimed, "I11: a claimed step whose process lives is requested"
            signalled = self.last.made["signal the race"] or kind not in ("message_status", "workflows_api")
            assert signalled or not self.last.decided, "I11: a decision is signalled to the race"
        return result

    def call(
        self,
        account: str,
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, str] | None = None,
        fate: Fate | None = None,
        **headers: str,
    ) -> Any:
        """Return the API's answer to an account as (status, document), or None if the process died."""
        basic = "Basic " + b64encode(f"{account}:{API_SECRET}".encode()).decode()
        raw = None if body is None else json.dumps(body)
        event = http_event(method, path, raw, Authorization=basic, Content_Type="application/json", **headers)
        event["queryStringParameters"] = query
        return self._answered(self.run("workflows_api", lambda: function("workflows_api").handler(event, None), fate))

    def receive(self, callback: dict[str, Any], fate: Fate | None = None, secret: str = SIGNATURE_SECRET) -> Any:
        """Return the answer to a status callback, in the form of `call`."""
        raw = json.dumps(callback["body"])
        claims = {"iat": callback["issued_at"] // 1000, "payload_hash": callback_signature.digest(raw.encode())}
        event = http_event("POST", "/webhooks/message-status", raw)
        if secret:
            event["headers"]["Authorization"] = "Bearer " + jwt.encode(claims, secret, algorithm="HS256")
        event["multiValueHeaders"] = None
        return self._answered(self.run("message_status", lambda: function("message_status").handler(event, None), fate))

    def _answered(self, answer: Any) -> Any:
        if isinstance(answer, Died):
            return None
        status, document = answer["statusCode"], json.loads(answer["body"] or "null")
        if status >= 400:
            headers = answer["multiValueHeaders"]
            assert headers["Content-Type"] == ["application/problem+json"], "I15: each refusal is a problem"
            assert {"type", "title", "detail", "instance"} <= document.keys(), "I15"
            assert [document["instance"]] == headers["X-Nexmo-Trace-Id"], "I15"
            assert status not in (429, 503) or "Retry-After" in headers, "I15"
        return status, document

    def _invoke(self, name: str, event: dict[str, Any]) -> Failed | None:
        fate, self.fate = self.fate, None
        return invocation(self.run("send", lambda: function(name).handler(event, None), fate))

    def send(self, workflow: Workflow, number: int, fate: Fate | None = None) -> Failed | None:
        """Invoke a send that no execution has asked for now."""
        self.fate = fate
        channel = workflow.steps[number % len(workflow.steps)].channel
        return self._invoke(f"send_{CHANNELS[channel].function}", {"workflow": workflow.id, "step": number})

    def reconcile(self, fate: Fate | None = None) -> Any:
        return self.run("reconcile", lambda: function("reconcile").handler({}, IDLE), fate)

    def start_workflows(self, fate: Fate | None = None) -> Any:
        return self.run("start_workflows", lambda: function("start_workflows").handler({}, IDLE), fate)

    def publish(self, most: int = 100, fate: Fate | None = None) -> None:
        """Give the oldest records of the stream to its consumer; records of a failed run stay."""
        records = self.table.stream[:most]
        if not records:
            return
        result = self.run("publish_events", lambda: self.table.publish(self.outside, records), fate)
        if not isinstance(result, BaseException):
            del self.table.stream[: len(records)]

    def deliver(self, fate: Fate | None = None, which: int = 0, *, at_once: bool = False) -> None:
        """Give one message of the queue to its consumer: one of the visible ones or, `at_once`, of all."""
        if not (visible := self.queue.waiting if at_once else self.queue.visible()):
            return

        def delivered(body: str) -> bool:
            event = {"Records": [{"body": body}]}
            handler = function("deliver_webhook").handler
            return not isinstance(self.run("deliver_webhook", lambda: handler(event, None), fate), BaseException)

        self.queue.hand_out(visible[which % len(visible)], delivered)

    def known_to_hang(self) -> bool:
        """Whether a customer's host is known for its timeouts."""
        hosts = [(account, urlsplit(url(account)).netloc) for account in ACCOUNTS for url in (status_url, order_url)]
        return any(self.table.hosts.find(*host).timeouts for host in hosts)

    def status(self, workflow_id: str, number: int, status: str, **more: Any) -> dict[str, Any]:
        """A vendor's callback for a message."""
        body = {
            "message_uuid": self.vendor.message_uuid((workflow_id, number)),
            "client_ref": client_ref(workflow_id, number),
            "status": status,
            **more,
        }
        body = {name: value for name, value in body.items() if value is not None}
        return {"body": body, "issued_at": self.now, "place": (workflow_id, number)}
