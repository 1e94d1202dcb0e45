"""The Messages API as its callers see it: v1's flat body, v0.1's nested one, and callbacks."""

import re
from dataclasses import dataclass
from typing import Any

from failover.problems import Kind, Problem
from failover.rules.channels.channel import Channel
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import join
from failover.rules.requests.request import read_message

INVALID = Kind(422, "https://developer.vonage.com/api-errors/messages#1150", "Invalid params")
RATE_LIMITED = Kind(429, "https://developer.vonage.com/api-errors/messages#1000", "Rate Limit Hit")

_V1_CHANNELS = {row.v1_name: row for row in CHANNELS.values()}
_PRICE = {"price": "0.0333", "currency": "EUR"}


@dataclass(frozen=True)
class Sent:
    """A message as the sandbox understood it."""

    version: str
    channel: str
    """As the Messages API calls it in this version."""
    row: Channel
    message: dict[str, Any]
    """As in a request to the Workflows API."""
    sender: str
    recipient: str
    client_ref: str | None
    callback_url: str | None


def understood(version: str, body: Any) -> Sent:
    """Read a send of either version. Raises Problem (422) that names the parameter."""
    if not isinstance(body, dict):
        raise invalid("body", "not an object")
    sent = _v1(body) if version == "v1" else _v0_1(body)
    if not sent.sender:
        raise invalid("from", "missing")
    if sent.client_ref is not None and not (sent.client_ref and is_reference(sent.client_ref)):
        raise invalid("client_ref", "not a string of at most 40 characters")
    return sent


def is_reference(value: Any) -> bool:
    """A text of at most 40 characters that the table accepts as a key: without lone surrogates."""
    return isinstance(value, str) and len(value) <= 40 and not re.search("[\ud800-\udfff]", value)


def invalid(name: str, reason: str) -> Problem:
    return Problem(
        INVALID,
        "The value of one or more parameters is invalid.",
        invalid_parameters=[{"name": name, "reason": reason}],
    )


def rate_limited(headers: dict[str, str]) -> Problem:
    """429, as the vendor documents it."""
    return Problem(RATE_LIMITED, "Please wait, then retry your request", headers=headers)


def _v1(body: dict[str, Any]) -> Sent:
    name = body.get("channel")
    channel = _V1_CHANNELS.get(name) if isinstance(name, str) else None
    if channel is None:
        raise invalid("channel", "not a channel")
    kind = body.get("message_type")
    if not isinstance(kind, str) or kind not in body:
        raise invalid("message_type", "missing, or its content is")
    if body.get("webhook_version", "v1") not in ("v1", "v0.1"):
        raise invalid("webhook_version", "not a version")
    message = _nested(channel, kind, body)
    _check(channel, message, "v1")
    return Sent(
        version=body.get("webhook_version", "v1"),
        channel=channel.v1_name,
        row=channel,
        message=message,
        sender=str(body.get("from", "")),
        recipient=str(body.get("to", "")),
        client_ref=body.get("client_ref"),
        callback_url=body.get("webhook_url"),
    )


def _nested(channel: Channel, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The `message` of a flat body, as it is in a request to the Workflows API."""
    inside = body.get(channel.v1_name, {})
    if not isinstance(inside, dict):
        raise invalid(channel.v1_name, "not an object")
    beside = {one.name for one in channel.options if one.top_level}
    if misplaced := beside & inside.keys():
        raise invalid(min(misplaced), f"stands beside `to`, not in {channel.v1_name}")
    options = {**inside, **{name: body[name] for name in beside & body.keys()}}
    return {"content": {"type": kind, kind: body[kind]}} | ({channel.name: options} if options else {})


def _check(channel: Channel, message: Any, version: str) -> None:
    """Raises Problem (422) for a message that the Messages API does not accept in this form."""
    read, faults = read_message(channel, message, version)
    for fault in faults:
        raise invalid(fault["name"], fault["reason"])
    if read != message:
        raise invalid("message", "a value is not in the form the Messages API takes")
    options = read.get(channel.name, {})
    for one in channel.options:
        if one.otherwise and read["content"]["type"] in one.with_content and one.name not in options:
            raise invalid(join(channel.v1_name, one.name), "missing")


def _v0_1(body: dict[str, Any]) -> Sent:
    sender, recipient = body.get("from"), body.get("to")
    if not isinstance(sender, dict) or not isinstance(recipient, dict):
        raise invalid("to", "not an object")
    channel = CHANNELS.get(str(recipient.get("type", "")))
    if channel is None or "v0.1" not in channel.versions:
        raise invalid("to.type", "not a channel")
    message: Any = body.get("message")
    _check(channel, message, "v0.1")
    return Sent(
        version="v0.1",
        channel=channel.name,
        row=channel,
        message=message,
        sender=str(sender.get("number") or sender.get("id") or ""),
        recipient=str(recipient.get("number") or recipient.get("id") or ""),
        client_ref=body.get("client_ref"),
        callback_url=None,
    )


def callback(sent: Sent, message_uuid: str, status: str, error: tuple[int, str] | None) -> dict[str, Any]:
    """The body of a status callback, without its timestamp."""
    body: dict[str, Any] = {"message_uuid": message_uuid, "status": status}
    if sent.version == "v1":
        body.update({"to": sent.recipient, "from": sent.sender, "channel": sent.channel})
    else:
        field = "number" if sent.recipient.isdigit() else "id"
        body["to"] = {"type": sent.channel, field: sent.recipient}
        body["from"] = {"type": sent.channel, "id" if field == "id" else "number": sent.sender}
    if sent.client_ref is not None:
        body["client_ref"] = sent.client_ref
    if error is not None:
        code, reason = error
        body["error"] = (
            {
                "type": f"https://developer.vonage.com/api-errors/messages#{code}",
                "title": str(code),
                "detail": reason,
                "instance": message_uuid,
            }
            if sent.version == "v1"
            else {"code": code, "reason": reason}
        )
    if status == "delivered":
        body["usage"] = _PRICE
    return body
