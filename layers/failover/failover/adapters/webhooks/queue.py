"""The queue of webhooks to deliver. Its messages say which, and nothing of what is in them.

Each is in its account's group. In a standard queue a group orders nothing; SQS sees by it which account has many
messages in flight, and hands out those of the others first.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
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
        self._client = client or aws.client("sqs")

    def add_all(self, tasks: Iterable[Task]) -> None:
        """Have these delivered at once."""
        for some in batched(tasks, _AT_ONCE, strict=False):
            entries = [{"Id": str(number), **_message(task)} for number, task in enumerate(some)]
            with aws.failures("sqs"):
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            if answer.get("Failed"):
                raise aws.Unavailable("sqs: some messages were not taken")

    def add(self, task: Task, seconds: int) -> None:
        """Have it attempted in `seconds` (at most 900)."""
        with aws.failures("sqs"):
            self._client.send_message(QueueUrl=self._url, **_message(task), DelaySeconds=seconds)

    def bury(self, task: Task) -> None:
        """Put it among the dead letters; redriving them begins a new series of attempts."""
        with aws.failures("sqs"):
            self._client.send_message(QueueUrl=self._dead_letters_url, **_message(task))

    def bury_unreadable(self, message: str) -> None:
        """Put a message that is none of ours among the dead letters, as it is."""
        with aws.failures("sqs"):
            self._client.send_message(
                QueueUrl=self._dead_letters_url, MessageBody=message, MessageGroupId=_OF_NO_ACCOUNT
            )


def read(message: str) -> Task:
    """The task in a message's body. Raises `delivery.UnreadableTask`."""
    try:
        return delivery.task(json.loads(message))
    except (ValueError, RecursionError):
        raise delivery.UnreadableTask("no JSON") from None


def _message(task: Task) -> dict[str, str]:
    return {"MessageBody": json.dumps(asdict(task)), "MessageGroupId": task.account}
