"""The product's neighbours: the Messages API, the customers' servers, and the queue of webhooks.

Each answers as the history wants, and records what it got for promises.py.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import jwt
import simplejson

from failover.rules.receipts.callback_signature import digest
from failover.rules.sending.answers import Accepted, Answer, NotTaken, Refused, Unknown
from failover.rules.sending.client_ref import parse_client_ref
from failover.rules.timing.timeouts import CONNECT_SECONDS, READ_SECONDS
from failover.rules.webhooks.delivery import Answered, Attempted, Failed
from tests.lives.calls import Calls
from tests.world import template

_QUEUE = template()["Resources"]["Webhooks"]["Properties"]
_MOST_RECEIVES = _QUEUE["RedrivePolicy"]["maxReceiveCount"]
"""How often the queue delivers a message before it becomes a dead letter."""
_INVISIBLE = _QUEUE["VisibilityTimeout"] * 1000
"""How long (ms) a message that was not done stays invisible."""


def status_url(account: str) -> str:
    return f"https://{account}.test/PRIVATE-path"


def order_url(account: str) -> str:
    """The URL in those requests of an account that have one."""
    return f"https://orders.test/PRIVATE-path/{account}"


@dataclass
class Vendor:
    """The Messages API. `script` has the outcomes of the next requests; the last one is repeated.

    `accepted, answer lost` is accepted with a 500, `answer lost` is a 500 alone, `busy` a 503, `throttled` a 429, and
    `trickles` is accepted with an answer that takes too long.
    """

    calls: Calls
    wait: Callable[[float], None]
    """Lets so many seconds pass."""
    script: list[str] = field(default_factory=lambda: ["accepted"])
    accepted: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How many requests it accepted, by workflow and step."""
    asked: dict[tuple[str, int], Any] = field(default_factory=dict)
    """The last request of each step."""
    prices: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    """The prices in its callbacks that were answered 200."""
    confirmed: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    """The statuses in its callbacks that were answered 200."""
    waiting: list[dict[str, Any]] = field(default_factory=list)
    """Callbacks that were not answered 200, and come again."""

    def client(self, _: str) -> Any:
        return SimpleNamespace(prepare=self._prepare)

    def message_uuid(self, place: tuple[str, int]) -> str:
        return f"message-{place[1]}-{place[0]}"

    def _prepare(self, body: dict[str, Any]) -> Any:
        self.calls("read a secret", lambda: None)
        return SimpleNamespace(send=lambda: self._send(body))

    def _send(self, body: dict[str, Any]) -> Answer:
        place = parse_client_ref(body["client_ref"])
        assert place is not None
        outcome = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.asked[place] = body

        def act() -> Answer:
            if outcome in ("accepted", "accepted, answer lost", "trickles"):
                self.accepted[place] += 1
            match outcome:
                case "accepted":
                    return Accepted(self.message_uuid(place))
                case "trickles":
                    self.wait(CONNECT_SECONDS + READ_SECONDS)
                    return Unknown("read timeout")
                case "accepted, answer lost" | "answer lost":
                    return Unknown("HTTP 500")
                case "busy":
                    return NotTaken("HTTP 503")
                case "throttled":
                    return NotTaken("HTTP 429", 30.0, throttled=True)
            return Refused(422, f"{body['to']} {body.get('text')}")

        return self.calls("request", act, lambda got: Unknown("read timeout") if got else NotTaken("no connection"))


@dataclass
class Customers:
    """The customers' servers, by URL. `answer` is the next one: an HTTP status, `down` or `hangs`."""

    calls: Calls
    accounts: dict[str, tuple[str, Callable[[], str]]] = field(default_factory=dict)
    """Account and signature secret of each URL."""
    answer: int | str = 200
    received: dict[tuple[str, int], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """The bodies, by workflow and sequence."""
    final: set[tuple[str, int]] = field(default_factory=set)
    """(workflow, sequence) with a final answer, accepted or refused."""
    urls: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The URLs that got webhooks, by workflow."""

    def post(self, url: str, raw: bytes, headers: dict[str, str]) -> Attempted:
        def act() -> Attempted:
            if self.answer == "down":
                return Failed("no connection")
            self._received(url, raw, headers)
            return Failed("timeout") if self.answer == "hangs" else Answered(int(self.answer))

        return self.calls("post", act, lambda arrived: Failed("timeout" if arrived else "no connection"))

    def _received(self, url: str, raw: bytes, headers: dict[str, str]) -> None:
        account, secret = self.accounts[url]
        token = headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, secret(), algorithms=["HS256"], options={"verify_iat": False})
        assert claims["payload_hash"] == digest(raw)
        assert claims["api_key"] == account, "I6: another account's webhook"
        document = simplejson.loads(raw)
        message = document if "template" in document else next(iter(document["_links"].values()))
        workflow = message.get("workflow_uuid") or message["dispatch_uuid"]
        if self.answer in (200, 204, 302, 400):
            self.final.add((workflow, document["sequence"]))
        self.urls[workflow].add(url)
        self.received[workflow, document["sequence"]].append(raw)


@dataclass(eq=False)
class Message:
    body: str
    visible_at: int
    receives: int = 0


@dataclass
class Queue:
    """SQS with the queues `webhooks` and `dead-letters`, in place of the AWS client in the adapter."""

    calls: Calls
    clock: Callable[[], int]
    waiting: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    started: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Messages, by workflow and sequence, that no delivery queued."""

    def send_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803 - AWS
        MessageBody: str,  # noqa: N803
        MessageGroupId: str,  # noqa: N803
        DelaySeconds: int = 0,  # noqa: N803
    ) -> None:
        assert MessageGroupId in MessageBody or MessageBody in FORGED, "the account's own group"
        assert 0 <= DelaySeconds <= 900
        queue = self.waiting if QueueUrl == "webhooks" else self.dead

        def act() -> None:
            self._count_unless_delivering([MessageBody])
            queue.append(Message(MessageBody, self.clock() + DelaySeconds * 1000))

        self.calls("queue", act)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - AWS
        assert 1 <= len(Entries) <= 10
        assert QueueUrl == "webhooks"
        bodies = [entry["MessageBody"] for entry in Entries]

        def act() -> None:
            self._count_unless_delivering(bodies)
            self.waiting.extend(Message(body, self.clock()) for body in bodies)

        self.calls("queue", act)
        return {}

    def _count_unless_delivering(self, bodies: list[str]) -> None:
        if self.calls.process is None or self.calls.process.kind != "deliver_webhook":
            self.started.update(map(_webhook, bodies))

    def forge(self, body: str) -> None:
        """Put a message on the queue as an outsider who may write to it."""
        self._count_unless_delivering([body])
        self.waiting.append(Message(body, self.clock()))

    def visible(self) -> list[Message]:
        return [message for message in self.waiting if message.visible_at <= self.clock()]

    def hand_out(self, message: Message, deliver: Callable[[str], bool]) -> None:
        """Deliver one message to one consumer; if it is not done, it comes again, a limited number of times."""
        message.receives += 1
        message.visible_at = self.clock() + _INVISIBLE
        done = deliver(message.body)
        if message not in self.waiting:
            return  # a duplicate was faster
        if done or message.receives >= _MOST_RECEIVES:
            self.waiting.remove(message)
        if not done and message.receives >= _MOST_RECEIVES:
            self.dead.append(message)
        webhook = _webhook(message.body)
        waiting = sum(_webhook(other.body) == webhook for other in self.waiting)
        doubled = self.calls.met.total()  # each death or lost answer may double one message, once
        assert waiting <= self.started[webhook] + doubled, "I12: a delivery leaves one message at most"

    def redrive(self) -> None:
        """Requeue the dead letters as an operator does, and delete the unreadable ones."""
        readable = [message.body for message in self.dead if message.body not in FORGED]
        self.started.update(map(_webhook, readable))
        self.waiting += [Message(body, self.clock()) for body in readable]
        self.dead.clear()


FORGED = ("private", "[]", "{}", '{"workflow_id": 7}', '{"attempt": 1e400}', "[" * 100_000)
"""Messages that the product never queues."""


def _webhook(body: str) -> tuple[str, int]:
    if body in FORGED:
        return "", 0
    task = json.loads(body)
    return task["workflow_id"], task["sequence"]
