"""The events of `events/`, made live: with this stack's credentials, and with workflows stored for them."""

import json
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt

from failover.adapters.table import Table
from failover.adapters.workflow.store import Store
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.receipts.callback_signature import digest
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.sending.outgoing import callback_url
from failover.rules.webhooks.delivery import MOST_ATTEMPTS
from failover.rules.workflow import transitions
from failover.rules.workflow.state import Step, Workflow
from local import credentials, stack
from local.place import ROOT, Place, write_private

_HOUR = 3600
_YEAR = 365 * 24 * _HOUR
_RECIPIENTS = {"id": "sim-read", "number": "447700900000"}
_NO_ACCOUNT = "00000000"


def write(place: Place, folder: Path | None = None) -> None:
    """Write a live version of each event to `folder` (default: `.local/events`), and store the workflows it needs.

    Most live events have an effect once: a step is sent once, and a status is recorded once. Each call writes new ones.
    """
    folder = folder or place.folder / "events"
    folder.mkdir(exist_ok=True)
    live = Live(place)
    for path in sorted((ROOT / "events").glob("*.json")):
        event = live.event(path.stem, json.loads(path.read_text()))
        write_private(folder / path.name, json.dumps(event, indent=2) + "\n")


class Live:
    """Makes the events of one stack live."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._client = stack.client(place, "dynamodb")
        self._resources = stack.resources(place)
        self._store = Store(Table(self._resources["Table"], self._client))
        self._account = credentials.read(place)

    def event(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """Return the live version of the event with this name."""
        match name:
            case "workflows_api":
                _authorize(event, self._account.basic)
            case "sandbox_messages":
                secret = stack.secret(self._place, "MessagesSecret")
                _authorize(event, credentials.Credentials(secret["api_key"], secret["api_secret"]).basic)
            case "message_status":
                self._report(event)
            case "sandbox_receipts":
                self._play(event)
            case "publish_events":
                self._publish(event)
            case "deliver_webhook":
                workflow = self._with_webhook(name)
                # A task with the last possible attempt number has an effect each time it is sent.
                task = {"workflow_id": workflow.id, "account": workflow.account, "attempt": MOST_ATTEMPTS}
                _embody(event, task | {"sequence": workflow.timeline[-1]["sequence"]})
            case _ if channel := next((c for c in CHANNELS.values() if name == f"send_{c.function}"), None):
                event["workflow"] = self._stored(self._waiting(channel.name, name)).id
        return event

    def _report(self, event: dict[str, Any]) -> None:
        """Make the event a signed callback for a message that was sent."""
        sent = self._stored(self._sent("messenger", "message_status"))
        body = {**json.loads(event["body"]), **_message_of(sent)}
        event["body"] = json.dumps(body)
        claims = {"iat": int(time.time()), "payload_hash": digest(event["body"].encode())}
        secret = stack.secret(self._place, "SignatureSecret")
        _authorize(event, "Bearer " + jwt.encode(claims, secret["signature_secret"], algorithm="HS256"))

    def _play(self, event: dict[str, Any]) -> None:
        """Make the event a task to send the receipt of a message that the sandbox keeps."""
        sent = self._stored(self._sent("messenger", "sandbox_receipts"))
        _embody(event, _message_of(sent) | {"status": "delivered"})
        keep_message(self._client, self._resources["SandboxTable"], self._place.api_url, **_message_of(sent))

    def _publish(self, event: dict[str, Any]) -> None:
        """Make the event the stream record of the write that added a workflow's last entry, a status."""
        workflow = self._with_webhook("publish_events")
        key = {"pk": {"S": f"workflow#{workflow.id}"}, "sk": {"S": "state"}}
        item = self._client.get_item(TableName=self._resources["Table"], Key=key, ConsistentRead=True)["Item"]
        before = {**item, "timeline": {"L": item["timeline"]["L"][:-1]}}
        event["Records"][0]["dynamodb"] |= {"Keys": key, "OldImage": before, "NewImage": item}

    def _with_webhook(self, name: str) -> Workflow:
        """Store a workflow whose last entry needs a webhook that the stack has not queued.

        The stream queues every webhook that a write adds. So the first write names an account that does not exist,
        whose webhooks are not sent. The second write corrects the account and adds no entry.
        """
        sent = replace(self._sent("sms", name), webhook_url=self._place.inbox_url)
        submitted = Receipt("submitted", sent.steps[0].message_uuid, None, _now())
        received = transitions.received(sent, 0, submitted, _now())
        assert received is not None, "a first status is always recorded"  # noqa: S101
        stored = self._stored(replace(received, account=_NO_ACCOUNT, due_at=None))
        return self._store.write(replace(stored, account=received.account))

    def _sent(self, channel: str, name: str) -> Workflow:
        """Return a workflow whose only step the Messages API has accepted."""
        claimed = transitions.claimed(self._waiting(channel, name), 0, _now())
        assert claimed is not None, "a new workflow's first step can be claimed"  # noqa: S101
        return replace(transitions.answered(claimed, 0, Accepted(str(uuid.uuid4())), _now()), due_at=None)

    def _waiting(self, channel: str, name: str) -> Workflow:
        """Return a workflow of one step that is not started, and never due: `reconcile` must leave it alone."""
        workflow = Workflow(
            id=str(uuid.uuid4()),
            account=self._account.api_key,
            word="workflow",
            base_url=self._place.api_url,
            created_at=_now(),
            receipt_window=72 * _HOUR,
            record_retention=_YEAR,
            steps=(Step(channel),),
            client_ref=f"events/{name}.json",
        )
        return replace(transitions.accepted(workflow), due_at=None)

    def _stored(self, workflow: Workflow) -> Workflow:
        (step,) = workflow.steps
        channel = CHANNELS[step.channel]
        content = {
            "from": {"type": channel.name, channel.sender: "sim-sender"},
            "to": {"type": channel.name, channel.recipient: _RECIPIENTS[channel.recipient]},
            "message": {"content": {"type": "text", "text": "Hello"}},
        }
        self._store.create(workflow, [content], content_retention=_YEAR)
        return workflow


def keep_message(client: Any, table: str, api_url: str, client_ref: str, message_uuid: str) -> None:
    """Keep a message in the sandbox's table, as `sandbox_messages` does."""
    sent = {"channel": "messenger", "message_type": "text", "text": "Hello", "from": "sim-page", "to": "sim-delivered"}
    item = {
        "client_ref": {"S": client_ref},
        "message_uuid": {"S": message_uuid},
        "version": {"S": "v1"},
        "callback_url": {"S": callback_url(api_url)},
        "body": {"S": json.dumps({**sent, "client_ref": client_ref})},
        "at": {"N": str(_now())},
        "expires_at": {"N": str(int(time.time()) + _YEAR)},
    }
    client.put_item(TableName=table, Item=item)


def _message_of(workflow: Workflow) -> dict[str, str]:
    """Return the fields by which a callback names the message of a workflow's only step."""
    return {"client_ref": f"{workflow.id}.0", "message_uuid": workflow.steps[0].message_uuid or ""}


def _embody(event: dict[str, Any], body: dict[str, Any]) -> None:
    (record,) = event["Records"]
    record["body"] = json.dumps(body)


def _authorize(event: dict[str, Any], authorization: str) -> None:
    event["headers"]["Authorization"] = authorization
    event["multiValueHeaders"]["Authorization"] = [authorization]


def _now() -> int:
    return int(time.time() * 1000)
