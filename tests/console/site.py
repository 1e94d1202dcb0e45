"""The real functions behind HTTP on loopback, as API Gateway calls them, and what moves their workflows along."""

import base64
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3

from failover.adapters import clock
from failover.outside import Outside
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.sending.client_ref import client_ref
from failover.rules.webhooks import delivery
from failover.rules.webhooks.delivery import Task
from failover.use_cases.workflow.transition import transition_without_signal
from tests.acts import Act
from tests.world import World, callback_event, create_table, http_event, load

STAGE = "beta"
_FUNCTIONS = {"/webhooks/message-status": "message_status", "/sandbox": "sandbox_messages", "": "workflows_api"}
"""The function of each path and of the paths below it. The first that fits counts."""


class Site:
    """A stack with its sandbox. Only its state machine and its queues stand still: a test does their part."""

    def __init__(self, world: World, setenv: Callable[[str, str], None]) -> None:
        self.world = world
        self.requests: list[str] = []
        """What was asked for over HTTP, such as `GET /workflows?limit=1`."""
        self._ahead = 0
        self._held: int | None = None
        self._functions: dict[str, ModuleType] = {}
        self._one_at_a_time = threading.RLock()  # as in one Lambda environment; some handlers keep their event
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/{STAGE}"
        self._callbacks = boto3.client("sqs").create_queue(QueueName="sandbox")["QueueUrl"]
        environment = {
            "PUBLIC_URL": self.url,
            "MESSAGES_URL": "",  # the sandbox
            "SANDBOX": "true",
            "SANDBOX_TABLE": create_table("SandboxTable", "sandbox"),
            "SANDBOX_QUEUE": self._callbacks,
        }
        for name, value in environment.items():
            setenv(name, value)
        for name in _FUNCTIONS.values():
            self._function(name)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        with self._one_at_a_time:  # no request may go on when moto has ended
            self._functions.clear()

    def now(self) -> int:
        """The clock of all functions, in milliseconds."""
        return (clock.now() if self._held is None else self._held) + self._ahead

    def hold(self, instant: int | None = None) -> None:
        """Stop the functions' clock, at `instant` (ms) or now, so that only `wait` moves it.

        Signed callbacks need the true time: use `act` with another one.
        """
        self._held, self._ahead = clock.now() if instant is None else instant, 0

    def wait(self, seconds: float) -> None:
        """Move the functions' clock on."""
        self._ahead += round(seconds * 1000)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API as the tests' account and return its answer's body. Raises AssertionError if it is an error."""
        raw = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": self.world.basic, "Content-Type": "application/json", "Accept": "application/json"}
        answer = self.answer(method, path, raw, {name: [value] for name, value in headers.items()})
        assert answer["statusCode"] < 400, answer
        return json.loads(answer["body"])

    def post(self, *steps: dict[str, Any], **more: Any) -> str:
        """Post a workflow and return its id."""
        answer = self.call("POST", "/workflows", {"template": "failover", "workflow": list(steps), **more})
        workflow_id: str = answer["workflow_uuid"]
        return workflow_id

    def send(self, workflow_id: str, number: int = 0) -> None:
        """Run the send function of a step, as the state machine does. The sandbox answers it."""
        channel = CHANNELS[self.world.read(workflow_id).steps[number].channel]
        self._invoke(f"send_{channel.function}", {"workflow": workflow_id, "step": number})

    def callbacks(self) -> None:
        """Send the callbacks of the sandbox that are due, by the wall clock."""
        sqs = boto3.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self._callbacks, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._invoke("sandbox_messages/receipts", {"Records": [{"body": message["Body"]}]})
                sqs.delete_message(QueueUrl=self._callbacks, ReceiptHandle=message["ReceiptHandle"])

    def receipt(self, workflow_id: str, number: int, status: str, **more: Any) -> None:
        """Report a status of a step's message, in a signed callback of the vendor."""
        message = self.world.read(workflow_id).steps[number].message_uuid
        body = {"message_uuid": message, "status": status, "client_ref": client_ref(workflow_id, number), **more}
        answer = self._function("message_status").handler(callback_event(body), None)
        assert answer["statusCode"] == 200, answer

    def act(self, workflow_id: str, *acts: Act) -> None:
        """Let something happen to a workflow (`tests.acts`) that no function is needed for."""
        for act in acts:
            assert transition_without_signal(Outside(), self.world.read(workflow_id), act) is not None

    def deliver(self, workflow_id: str, sequence: int) -> None:
        """Make one attempt to deliver the webhook for a timeline entry."""
        flow = self.world.read(workflow_id)
        self.attempt(Task(workflow_id=flow.id, account=flow.account, application=flow.application, sequence=sequence))

    def attempt(self, task: Task) -> None:
        """Make the attempt of a message of the queue of webhooks."""
        self._invoke("deliver_webhook", {"Records": [{"body": json.dumps(delivery.plain(task))}]})

    def answer(self, method: str, target: str, raw: bytes | None, headers: dict[str, list[str]]) -> dict[str, Any]:
        """The proxy answer to a request whose target is below the stage."""
        url = urlsplit(target)
        event = http_event(method, url.path, raw, **{name: values[-1] for name, values in headers.items()})
        query = parse_qs(url.query, keep_blank_values=True)
        event |= {
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
        }
        name = next(name for path, name in _FUNCTIONS.items() if f"{url.path}/".startswith(f"{path}/"))
        with self._one_at_a_time:
            answer: dict[str, Any] = self._function(name).handler(event, None)
        return answer

    def _invoke(self, name: str, event: dict[str, Any]) -> None:
        self._function(name).handler(event, None)

    def _function(self, name: str) -> ModuleType:
        """A function of this stack, by its folder; other modules than `app` stand behind a slash."""
        with self._one_at_a_time:
            if name not in self._functions:
                self._functions[name] = load(*name.split("/"))
                outside: Outside = self._functions[name].outside
                outside.now = self.now
            return self._functions[name]


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    """Turns each request into an event and its answer into HTTP, as API Gateway's proxy integration does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            stage, _, path = self.path.removeprefix("/").partition("/")
            if stage != STAGE:
                self.send_error(403)
                return
            length = self.headers["Content-Length"]
            raw = None if length is None else self.rfile.read(int(length))
            site.requests.append(f"{self.command} /{path}")
            headers = {name: self.headers.get_all(name) or [] for name in self.headers}
            answer = site.answer(self.command, f"/{path}", raw, headers)
            body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
            self.send_response(answer["statusCode"])
            for name, values in answer["multiValueHeaders"].items():
                for value in values:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_POST = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Nothing: the functions log their requests."""

    return Handler
