"""The sandbox's own queue: callbacks to come."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from failover.adapters import aws
from failover.rules.formats import lenient_json
from keeping import Key, Report


@dataclass(frozen=True)
class Due:
    """A callback to send. It names a kept message, without a body to sign or a URL to send it to."""

    key: Key
    status: str
    report: str | None = None
    """The id of the `Report` of a status reported by hand. None for a status of the recipient's script."""


def written(due: Due) -> str:
    message = {"client_ref": due.key.client_ref, "message_uuid": due.key.message_uuid, "status": due.status}
    return json.dumps(message if due.report is None else {**message, "report": due.report})


class UnknownMessage(Exception):
    """A queue message that `written` has not made."""


def read(text: str) -> Due:
    """The callback that a queue message stands for. Ignores fields of a later release. Raises UnknownMessage."""
    try:
        message = lenient_json.parse(text.encode(errors="replace"))
    except lenient_json.UnreadableJson:
        raise UnknownMessage from None
    if not isinstance(message, dict) or not {"client_ref", "message_uuid", "status"} <= message.keys():
        raise UnknownMessage
    client_ref, message_uuid, status = (message[name] for name in ("client_ref", "message_uuid", "status"))
    if not (client_ref is None or _is_word(client_ref)) or not _is_word(message_uuid) or not _is_word(status):
        raise UnknownMessage
    report = message.get("report")
    if "report" in message and not _is_word(report):
        raise UnknownMessage
    return Due(Key(client_ref, message_uuid), status, report)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 40


class Schedule:
    """Callbacks to come."""

    @cached_property
    def client(self) -> Any:
        return aws.client("sqs")

    def all(self, key: Key, receipts: Sequence[tuple[int, str]]) -> None:
        """Schedule a callback for each (seconds, status): at most ten, at most 900 seconds ahead, in one call."""
        self._send([(written(Due(key, status)), seconds) for seconds, status in receipts])

    def at_once(self, key: Key, report: Report) -> None:
        """Schedule the callback of a status reported by hand. It is sent only once the report is recorded."""
        self._send([(written(Due(key, report.status, report.id)), 0)])

    def _send(self, messages: Sequence[tuple[str, int]]) -> None:
        entries = [
            {"Id": str(number), "MessageBody": text, "DelaySeconds": seconds}
            for number, (text, seconds) in enumerate(messages)
        ]
        if not entries:
            return
        with aws.failures("sqs"):
            answer = self.client.send_message_batch(QueueUrl=os.environ["SANDBOX_QUEUE"], Entries=entries)
        if answer.get("Failed"):
            raise aws.Unavailable("sqs: some messages were not accepted")
