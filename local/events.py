"""The events of `events/`, made live: with this stack's account, its secrets, and a workflow to send."""

import json
import time
from dataclasses import replace
from typing import Any

import jwt

from failover.adapters.store import Store
from failover.adapters.table import Table
from failover.rules import transitions
from failover.rules.channels import CHANNELS
from failover.rules.outgoing import webhook_url
from failover.rules.signature import digest
from failover.rules.workflow import Step, Workflow
from local import credentials, stack
from local.place import ROOT, Place, write_private

_HOUR = 3600
_YEAR = 365 * 24 * _HOUR
_SOMEBODY = {"id": "sim-read", "number": "447700900000"}


def write(place: Place) -> None:
    """Store the workflows the events speak of, not started, and write each event so that it succeeds."""
    resources = stack.resources(place)
    _store_examples(place, resources["Table"])
    _keep_message(place, resources["SandboxTable"])
    folder = place.folder / "events"
    folder.mkdir(exist_ok=True)
    for path in sorted((ROOT / "events").glob("*.json")):
        event = _live(place, path.stem, json.loads(path.read_text()))
        write_private(folder / path.name, json.dumps(event, indent=2) + "\n")


def _live(place: Place, name: str, event: dict[str, Any]) -> dict[str, Any]:
    if name == "workflows_api":
        _authorize(event, credentials.read(place).basic)
    elif name == "sandbox_messages":
        secret = stack.secret(place, "MessagesSecret")
        _authorize(event, credentials.Credentials(secret["api_key"], secret["api_secret"]).basic)
    elif name == "message_status":
        claims = {"iat": int(time.time()), "payload_hash": digest(event["body"].encode())}
        secret = stack.secret(place, "SignatureSecret")
        _authorize(event, "Bearer " + jwt.encode(claims, secret["signature_secret"], algorithm="HS256"))
    return event


def _authorize(event: dict[str, Any], authorization: str) -> None:
    event["headers"]["Authorization"] = authorization
    event["multiValueHeaders"]["Authorization"] = [authorization]


def _keep_message(place: Place, table: str) -> None:
    """The message whose receipt `sandbox_receipts` plays, as `sandbox_messages` keeps one."""
    (record,) = json.loads((ROOT / "events/sandbox_receipts.json").read_text())["Records"]
    named = json.loads(record["body"])
    sent = {"channel": "messenger", "message_type": "text", "text": "Hello", "from": "sim-page", "to": "sim-delivered"}
    item = {
        "client_ref": {"S": named["client_ref"]},
        "message_uuid": {"S": named["message_uuid"]},
        "version": {"S": "v1"},
        "callback_url": {"S": webhook_url(place.api_url)},
        "body": {"S": json.dumps({**sent, "client_ref": named["client_ref"]})},
        "at": {"N": str(int(time.time() * 1000))},
        "expires_at": {"N": str(int(time.time()) + _YEAR)},
    }
    stack.client(place, "dynamodb").put_item(TableName=table, Item=item)


def _store_examples(place: Place, table: str) -> None:
    """A workflow of one step for each send function, under the id its event has."""
    store = Store(Table(table, stack.client(place, "dynamodb")))
    now = int(time.time() * 1000)
    for channel in CHANNELS.values():
        event = json.loads((ROOT / f"events/send_{channel.function}.json").read_text())
        workflow = Workflow(
            id=event["workflow"],
            account=credentials.read(place).api_key,
            word="workflow",
            base_url=place.api_url,
            created_at=now,
            receipt_window=72 * _HOUR,
            record_retention=_YEAR,
            steps=(Step(channel.name),),
        )
        content = {
            "from": {"type": channel.name, channel.sender: "sim-sender"},
            "to": {"type": channel.name, channel.recipient: _SOMEBODY[channel.recipient]},
            "message": {"content": {"type": "text", "text": "Hello"}},
        }
        waiting = replace(transitions.accepted(workflow), due_at=None)  # for whoever sends the event, not for reconcile
        store.create(waiting, [content], content_retention=_YEAR)
