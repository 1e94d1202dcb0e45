"""The body of a request to the Messages API, in either of its versions."""

from typing import Any

from failover.rules.channels.channel import Channel
from failover.rules.channels.channel_table import CHANNELS

type Content = dict[str, Any]
"""One validated step of a request: from, to, message, client_ref, failover."""


def callback_url(base_url: str) -> str:
    """Our own address for status callbacks, under the base URL this API is called by."""
    return f"{base_url}/webhooks/message-status"


def v1(step: Content, client_ref: str, callback_url: str) -> dict[str, Any]:
    """The flat body of `POST /v1/messages`. It names our callback URL, so the vendor's dashboard need not."""
    channel = CHANNELS[step["to"]["type"]]
    content = step["message"]["content"]
    body: dict[str, Any] = {
        "channel": channel.v1_name,
        "message_type": content["type"],
        "from": step["from"][channel.sender],
        "to": step["to"][channel.recipient],
        content["type"]: content[content["type"]],
        "client_ref": client_ref,
        "webhook_url": callback_url,
        "webhook_version": "v1",
    }
    options = _options(channel, step["message"])
    beside = {one.name for one in channel.options if one.top_level}
    body.update({name: value for name, value in options.items() if name in beside})
    if inside := {name: value for name, value in options.items() if name not in beside}:
        body[channel.v1_name] = inside
    return body


def v0_1(step: Content, client_ref: str) -> dict[str, Any]:
    """The nested body of `POST /v0.1/messages`; the vendor's dashboard says where its webhooks go."""
    channel = CHANNELS[step["to"]["type"]]
    message = {"content": step["message"]["content"]}
    if options := _options(channel, step["message"]):
        message[channel.name] = options
    return {"from": step["from"], "to": step["to"], "message": message, "client_ref": client_ref}


def _options(channel: Channel, message: dict[str, Any]) -> dict[str, Any]:
    """The channel's options as given, where this content takes them, and what is sent for those it cannot lack."""
    given: Content = message.get(channel.name, {})
    options = {}
    for one in channel.options:
        if not one.sent_with(message["content"]["type"]):
            continue
        value = given.get(one.name, one.otherwise)
        if value is not None:
            options[one.name] = value
    return options
