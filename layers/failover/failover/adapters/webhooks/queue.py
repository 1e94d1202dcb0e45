"""The queue of webhooks to deliver. Its messages name webhooks and hold none of their content.

Each message has its account as MessageGroupId. On a standard queue this does not order messages; it turns on SQS fair
queues, so that an account with many messages in flight does not delay the others.
"""

import json
from collections.abc import Iterable
from itertools import batched
from typing import Any

from failover.adapters import aws
from failover.rules.webhooks import delivery
from failover.rules.webhooks.delivery import Task

_OF_NO_ACCOUNT = "unreadable"
_AT_ONCE = 10
"""Messages of one call: the most SQS takes."""


class WebhookQueue:
    """Every method raises `aws.Unavailable` when SQS throttles or is out of reach."""

    def __init__(self, url: str, dead_letters_url: str, client: Any = None) -> None:
        self._url = url
        self._dead_letters_url = dead_letters_url
        self.client = client or aws.client("sqs")

    def add_all(self, tasks: Iterable[Task]) -> None:
        """Queue attempts to be made at once."""
        for some in batched(tasks, _AT_ONCE, strict=False):
            entries = [{"Id": str(number), **_message(task)} for number, task in enumerate(some)]
            with aws.failures("sqs"):
                answer = self.client.send_message_batch(QueueUrl=self._url, Entries=entries)
            if answer.get("Failed"):
                raise aws.Unavailable("sqs: some messages were not accepted")

    def add(self, task: Task, seconds: int) -> None:
        """Queue an attempt to be made in `seconds` (at most 900)."""
        with aws.failures("sqs"):
            self.client.send_message(QueueUrl=self._url, **_message(task), DelaySeconds=seconds)

    def bury(self, task: Task) -> None:
        """Move a task to the dead letters. Redriving it begins a new series of attempts."""
        with aws.failures("sqs"):
            self.client.send_message(QueueUrl=self._dead_letters_url, **_message(task))

    def bury_unreadable(self, message: str) -> None:
        """Move a message that is not ours to the dead letters, unchanged."""
        with aws.failures("sqs"):
            self.client.send_message(
                QueueUrl=self._dead_letters_url, MessageBody=message, MessageGroupId=_OF_NO_ACCOUNT
            )


def read(message: str) -> Task:
    """The task in a message's body. Raises `delivery.UnreadableTask`."""
    try:
        return delivery.task(json.loads(message))
    except (ValueError, RecursionError):
        raise delivery.UnreadableTask("no JSON") from None


def _message(task: Task) -> dict[str, str]:
    return {"MessageBody": json.dumps(delivery.plain(task)), "MessageGroupId": task.account}
