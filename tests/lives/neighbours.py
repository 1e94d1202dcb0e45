"""Whom the product talks to: the Messages API, the customers' servers, and the queue between the two."""

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
"""Times the queue hands a message out before it goes to the dead letters."""
_INVISIBLE = _QUEUE["VisibilityTimeout"] * 1000
"""Milliseconds a message that was not done stays away."""


def status_url(account: str) -> str:
    return f"https://{account}.test/PRIVATE-path"


def order_url(account: str) -> str:
    """What the requests of an account name that name a URL."""
    return f"https://orders.test/PRIVATE-path/{account}"


@dataclass
class Vendor:
    """The Messages API. `script`: how it answers the next requests; the last word goes on."""

    calls: Calls
    wait: Callable[[float], None]
    """Lets so many seconds pass."""
    script: list[str] = field(default_factory=lambda: ["accepted"])
    taken: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Requests it has taken, by workflow and step."""
    asked: dict[tuple[str, int], Any] = field(default_factory=dict)
    """The last request of each step."""
    prices: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    """What its callbacks, as far as they were answered 200, have named."""
    told: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    """The statuses of those callbacks."""
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
        word = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.asked[place] = body

        def act() -> Answer:
            if word in ("accepted", "taken, not told", "drips"):
                self.taken[place] += 1
            match word:
                case "accepted":
                    return Accepted(self.message_uuid(place))
                case "drips":
                    self.wait(CONNECT_SECONDS + READ_SECONDS)
                    return Unknown("read timeout")
                case "taken, not told" | "lost":
                    return Unknown("HTTP 500")
                case "busy":
                    return NotTaken("HTTP 503", 1.0)
            return Refused(422, f"{body['to']} {body.get('text')}")

        return self.calls("request", act, lambda left: Unknown("read timeout") if left else NotTaken("no connection"))


@dataclass
class Customers:
    """Their servers, by URL. `word`: what the next request meets there: an HTTP status, `away` or `mute`."""

    calls: Calls
    accounts: dict[str, tuple[str, Callable[[], str]]] = field(default_factory=dict)
    """Account and signature secret behind each URL."""
    word: int | str = 200
    received: dict[tuple[str, int], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """The bodies, by workflow and sequence."""
    done: set[tuple[str, int]] = field(default_factory=set)
    """What was answered for good: taken, or turned down."""
    urls: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Where they arrived, by workflow."""

    def post(self, url: str, raw: bytes, headers: dict[str, str]) -> Attempted:
        def act() -> Attempted:
            if self.word == "away":
                return Failed("no connection")
            self._received(url, raw, headers)
            return Failed("timeout") if self.word == "mute" else Answered(int(self.word))

        return self.calls("post", act, lambda arrived: Failed("timeout" if arrived else "no connection"))

    def _received(self, url: str, raw: bytes, headers: dict[str, str]) -> None:
        account, secret = self.accounts[url]
        token = headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, secret(), algorithms=["HS256"], options={"verify_iat": False})
        assert claims["payload_hash"] == digest(raw)
        assert claims["api_key"] == account, "I6: a webhook of somebody else's"
        document = simplejson.loads(raw)
        told = document if "template" in document else next(iter(document["_links"].values()))
        workflow = told.get("workflow_uuid") or told["dispatch_uuid"]
        if self.word in (200, 204, 302, 400):
            self.done.add((workflow, document["sequence"]))
        self.urls[workflow].add(url)
        self.received[workflow, document["sequence"]].append(raw)


@dataclass(eq=False)
class Message:
    body: str
    visible_at: int
    receives: int = 0


@dataclass
class Queue:
    """SQS: what waits in `webhooks` and `dead-letters`. To the adapter it looks like the client of AWS."""

    calls: Calls
    clock: Callable[[], int]
    waiting: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    begun: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Messages, by workflow and sequence, that did not come from a delivery."""

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
            self.begun.update(map(_webhook, bodies))

    def forge(self, body: str) -> None:
        """A message from someone who may write to the queue."""
        self._count_unless_delivering([body])
        self.waiting.append(Message(body, self.clock()))

    def visible(self) -> list[Message]:
        return [message for message in self.waiting if message.visible_at <= self.clock()]

    def hand_out(self, message: Message, deliver: Callable[[str], bool]) -> None:
        """One message to one consumer; what is not done comes again, up to a point."""
        message.receives += 1
        message.visible_at = self.clock() + _INVISIBLE
        done = deliver(message.body)
        if message not in self.waiting:
            return  # a twin was faster
        if done or message.receives >= _MOST_RECEIVES:
            self.waiting.remove(message)
        if not done and message.receives >= _MOST_RECEIVES:
            self.dead.append(message)
        webhook = _webhook(message.body)
        waiting = sum(_webhook(other.body) == webhook for other in self.waiting)
        doubled = self.calls.met.total()  # whatever dies, or loses an answer, may double one message, once
        assert waiting <= self.begun[webhook] + doubled, "I12: a delivery leaves one message at most"

    def redrive(self) -> None:
        """What an operator does with the dead letters; those that are unreadable are deleted."""
        readable = [message.body for message in self.dead if message.body not in FORGED]
        self.begun.update(map(_webhook, readable))
        self.waiting += [Message(body, self.clock()) for body in readable]
        self.dead.clear()


FORGED = ("private", "[]", "{}", '{"workflow_id": 7}', '{"attempt": 1e400}', "[" * 100_000)
"""Messages that are none of ours."""


def _webhook(body: str) -> tuple[str, int]:
    if body in FORGED:
        return "", 0
    task = json.loads(body)
    return task["workflow_id"], task["sequence"]
