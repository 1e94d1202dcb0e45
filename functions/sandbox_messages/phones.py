"""Phones: recipients whose statuses are reported by hand (docs/sandbox.md, "Phones")."""

from collections.abc import Iterable
from typing import Any

from failover.rules.channels.channel import Channel
from failover.rules.channels.statuses import FAILURES
from failover.rules.sending.client_ref import parse_client_ref
from failover.rules.timing.instants import iso
from keeping import Message
from messages_contract import understood

STATUSES = ("delivered", "read", "rejected", "undeliverable")
"""What can be reported by hand."""


def answers(channel: Channel, reported: Iterable[str]) -> list[str]:
    """Return what may be reported next of a message with these statuses."""
    statuses = {*reported}
    if "read" in statuses or statuses & FAILURES:
        return []
    possible = [one for one in STATUSES if one != "read" or one in channel.conditions]
    return [one for one in possible if one == "read"] if "delivered" in statuses else possible


def answers_to(message: Message) -> list[str]:
    """Return what may be reported next of this message."""
    return answers(understood(message.version, message.body).row, (one.status for one in message.reports))


def phones(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return the recipients of these messages, that of the newest first, each with its messages, the oldest first."""
    by_recipient: dict[str, list[dict[str, Any]]] = {}
    for message in sorted(messages, key=lambda one: (one.at, one.key.message_uuid), reverse=True):
        recipient, shown = _shown(message)
        by_recipient.setdefault(recipient, []).insert(0, shown)
    return [{"recipient": recipient, "messages": shown} for recipient, shown in by_recipient.items()]


def _shown(message: Message) -> tuple[str, dict[str, Any]]:
    """(recipient, message in the answer)."""
    sent = understood(message.version, message.body)
    workflow_id, step = parse_client_ref(message.key.client_ref or "") or (None, None)
    return sent.recipient, {
        "message_uuid": message.key.message_uuid,
        "at": iso(message.at),
        "channel": sent.row.name,
        "from": sent.sender,
        "workflow_uuid": workflow_id,
        "step": step,
        "message": sent.message,
        "statuses": [{"status": one.status, "at": iso(one.at)} for one in message.reports],
        "answers": answers(sent.row, (one.status for one in message.reports)),
    }
