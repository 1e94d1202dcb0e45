"""The product in one process: moto as AWS, made from template.yaml, and the real functions."""

import base64
import importlib.util
import itertools
import json
import os
import sys
import time
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import jwt
import yaml
from botocore.exceptions import EndpointConnectionError

from failover.adapters.callers import Callers
from failover.adapters.secrets import Secret
from failover.adapters.table import Table, marshalled
from failover.adapters.webhooks.queue import read
from failover.adapters.workflow.executions import Executions
from failover.adapters.workflow.recipients import Recipients
from failover.adapters.workflow.store import Store, state_item
from failover.outside import Outside
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.erasure import recipients
from failover.rules.receipts.callback_signature import digest
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow.state import Workflow
from failover.use_cases.callers.register import COMMANDS
from tests import permissions

ROOT = Path(__file__).parent.parent
REGION = "eu-west-1"
SIGNATURE_SECRET = "signature-secret-of-the-tests-" * 2
SIGNING_KEY = "signing-key-of-the-tests-" * 2
HASHING_KEY = "hashing-key-of-the-tests-" * 2
CREDENTIALS = {"api_key": "vendor-key", "api_secret": "vendor-secret"}
SEND_FUNCTIONS = tuple(f"send_{channel.function}" for channel in CHANNELS.values())


def logical_id(function: str) -> str:
    """The name in the template of the function in `functions/<function>`: `SendSms` of `send_sms`."""
    return "".join(part.title() for part in function.split("_"))


class _Loader(yaml.CSafeLoader):
    """Parses CloudFormation's short forms: `!Ref x` as {"Ref": "x"}, the others as {"Fn::…": …}."""


def _short_form(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


@cache
def template() -> dict[str, Any]:
    """template.yaml as plain data."""
    return parsed((ROOT / "template.yaml").read_text())


def parsed(text: str) -> dict[str, Any]:
    """A template as plain data."""
    loaded: dict[str, Any] = yaml.load(text, _Loader)
    return loaded


permissions.enforce(template)


def load(folder: str, module: str = "app") -> ModuleType:
    """A fresh import of a function's module, as in a cold start."""
    path = ROOT / "functions" / folder
    own = {file.stem for file in path.glob("*.py")}
    for name in own:
        sys.modules.pop(name, None)
    sys.path.insert(0, str(path))
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # functions make clients at their start
    try:
        spec = importlib.util.spec_from_file_location(module, path / f"{module}.py")
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        if hasattr(loaded, "handler"):
            loaded.handler = permissions.under_role(_function(folder, module), loaded.handler)
    finally:
        sys.path.remove(str(path))
        for name in own:
            sys.modules.pop(name, None)
    return loaded


def _function(folder: str, module: str) -> str:
    """The logical id of the function with this module."""
    for name, resource in template()["Resources"].items():
        properties = resource.get("Properties", {})
        if (properties.get("CodeUri"), properties.get("Handler", "app.handler")) == (
            f"functions/{folder}",
            f"{module}.handler",
        ):
            return name
    raise LookupError(folder)


@cache
def _aws(service: str) -> Any:
    """A client for what tests set up. It is kept, since one takes 10 ms to make; tests that listen make their own."""
    return boto3.client(service, region_name=REGION)


def create_table(logical_id: str, name: str) -> str:
    """Create a table of the template in moto."""
    properties = template()["Resources"][logical_id]["Properties"]
    known = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    _aws("dynamodb").create_table(TableName=name, **{k: properties[k] for k in known if k in properties})
    return name


_SUBSTITUTED = {"Partition": "aws", "SendFunction": "workflows-send", "Settings": "none"}


@cache
def state_machine_definition(table: str) -> str:
    """The ASL with the template's substitutions, and the pauses of its retries cut to a second."""
    text = (ROOT / "statemachine/failover.asl.yaml").read_text().replace("MaxDelaySeconds: 60", "MaxDelaySeconds: 1")
    for name, value in {**_SUBSTITUTED, "Table": table}.items():
        text = text.replace(f"${{{name}}}", value)
    return json.dumps(yaml.safe_load(text))


class World:
    """Everything one test needs. Make it inside `moto.mock_aws`."""

    def __init__(self, setenv: Callable[[str, str], None], messages_url: str) -> None:
        self.table = create_table("Table", "workflows")
        secrets = _aws("secretsmanager")
        secrets.create_secret(Name="messages", SecretString=json.dumps(CREDENTIALS))
        secrets.create_secret(Name="webhooks", SecretString=json.dumps({"signing_key": SIGNING_KEY}))
        secrets.create_secret(Name="recipients", SecretString=json.dumps({"hashing_key": HASHING_KEY}))
        secrets.create_secret(Name="signature", SecretString=json.dumps({"signature_secret": SIGNATURE_SECRET}))
        self.state_machine = self._create_state_machine()
        environment = {
            "STACK_NAME": "workflows",
            "TABLE_NAME": self.table,
            "STATE_MACHINE_ARN": self.state_machine,
            "MESSAGES_URL": messages_url,
            "MESSAGES_SECRET": "messages",
            "SIGNATURE_SECRET": "signature",
            "WEBHOOK_SECRET": "webhooks",
            "RECIPIENT_SECRET": "recipients",
            "WEBHOOK_QUEUE": _aws("sqs").create_queue(QueueName="webhooks")["QueueUrl"],
            "WEBHOOK_DEAD_LETTERS": _aws("sqs").create_queue(QueueName="dead-letters")["QueueUrl"],
            "LOOPBACK_WEBHOOKS": "true",
        }
        for name, value in environment.items():
            setenv(name, value)
        table = Table(self.table)
        self.client = table.client
        self.store, self.callers, self.recipients = Store(table), Callers(table), Recipients(table)
        self.executions = Executions(self.state_machine)
        account = COMMANDS.carry_out(Outside(), {"action": "create_account", "name": "tests"})
        self.api_key, self.api_secret = account["api_key"], account["api_secret"]
        self.signature_secret = account["signature_secret"]

    def _create_state_machine(self) -> str:
        trust = {"Statement": [{"Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}]}
        role = _aws("iam").create_role(RoleName="failover", AssumeRolePolicyDocument=json.dumps(trust))
        arn: str = _aws("stepfunctions").create_state_machine(
            name="failover", definition=state_machine_definition(self.table), roleArn=role["Role"]["Arn"]
        )["stateMachineArn"]
        return arn

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.api_key}:{self.api_secret}".encode()).decode()

    def queued(self, queue: str = "webhooks") -> list[Task]:
        """Receive and delete the deliveries in a queue."""
        sqs = _aws("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        tasks = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                tasks.append(read(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return tasks

    def items(self) -> list[dict[str, Any]]:
        """Every item of the table except the account and its entry in the list of accounts."""
        items = _aws("dynamodb").scan(TableName=self.table)["Items"]
        return [item for item in items if item["sk"]["S"] != "account" and item["pk"]["S"] != "registry#accounts"]

    def put(self, workflow: Workflow, content: list[dict[str, Any]]) -> Workflow:
        """Store a workflow as `accept` would."""
        self.store.create(workflow, content, 7 * 86_400, recipients=hashes_of(content))
        return workflow

    def put_state(self, workflow: Workflow) -> None:
        """Store a workflow without its content, for tests of many: moto copies the table for each transaction."""
        self.client.put_item(TableName=self.table, Item=marshalled(state_item(workflow)))

    def read(self, workflow_id: str) -> Workflow:
        workflow = self.store.read(workflow_id)
        assert workflow is not None
        return workflow


def hashes_of(content: list[dict[str, Any]]) -> list[str]:
    """The keyed hashes of the recipients of these steps."""
    return [recipients.keyed_hash(HASHING_KEY, one) for one in recipients.addresses(content)]


def later(secret: Secret, seconds: float) -> None:
    """Let time pass for what a secret remembers."""
    clock = secret.monotonic
    secret.monotonic = lambda: clock() + seconds


def unreachable(client: Any, operation: str, after: int = 0) -> Callable[[], None]:
    """Calls of this operation fail before they leave, all but the first `after`, in words that must not be repeated.

    Returns what ends that.
    """
    calls = itertools.count()

    def fail(**_: Any) -> None:
        if next(calls) >= after:
            raise EndpointConnectionError(endpoint_url="https://secret.test")

    client.meta.events.register_first(f"before-call.{operation}", fail)
    return lambda: client.meta.events.unregister(f"before-call.{operation}", fail)


def calls_of(client: Any, operation: str) -> list[str]:
    """A list that gets an item with each call of an operation, such as `dynamodb.GetItem`."""
    made: list[str] = []
    client.meta.events.register_first(f"before-call.{operation}", lambda **_: made.append(operation))
    return made


def http_event(method: str, path: str, body: bytes | str | None = None, **headers: str) -> dict[str, Any]:
    """An event from API Gateway's proxy integration."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text, encoded = _as_text(body)
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": named,
        "multiValueHeaders": {name: [value] for name, value in named.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.strip("/")},
        "requestContext": {
            "path": f"/beta{path}",
            "stage": "beta",
            "domainName": "api.test",
            "httpMethod": method,
            "requestId": "r",
        },
        "body": text,
        "isBase64Encoded": encoded,
    }


def _as_text(body: bytes | str | None) -> tuple[str | None, bool]:
    """(body, is base64): the body in the event. With the template's binary media types, bytes are base64."""
    assert template()["Resources"]["Api"]["Properties"]["BinaryMediaTypes"] == ["*~1*"]
    return (base64.b64encode(body).decode(), True) if isinstance(body, bytes) else (body, False)


def callback_event(
    body: Any, secret: str = SIGNATURE_SECRET, authorization: str | None = None, **claims: Any
) -> dict[str, Any]:
    """A signed status callback."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    content = {"iat": int(time.time()), "jti": str(uuid.uuid4()), "iss": "Vonage", "payload_hash": digest(raw)}
    token = jwt.encode({**content, **claims}, secret, algorithm="HS256")
    header = f"Bearer {token}" if authorization is None else authorization
    event = http_event("POST", "/webhooks/message-status", raw, Content_Type="application/json")
    if header:
        event["headers"]["Authorization"] = header
        event["multiValueHeaders"]["Authorization"] = [header]
    return event


def body_of(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])
