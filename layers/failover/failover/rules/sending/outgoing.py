"""The body of a request to the Messages API, v1 or v0.1."""

from typing import Any

from failover.rules.channels.channel import Channel
from failover.rules.channels.channel_table import CHANNELS

type Content = dict[str, Any]
"""One validated step of a request: from, to, message, client_ref, failover."""


def callback_url(base_url: str) -> str:
    """Return our address for callbacks, under the base URL of this API."""
    return f"{base_url}/webhooks/message-status"


def v1(step: Content, client_ref: str, callback_url: str) -> dict[str, Any]:
    """Return the flat body of `POST /v1/messages`. It names our callback URL, so the vendor's dashboard need not."""
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
    """Return the nested body of `POST /v0.1/messages`. The vendor's dashboard has the callback URL."""
    channel = CHANNELS[step["to"]["type"]]
    message = {"content": step["message"]["content"]}
    if options := _options(channel, step["message"]):
        message[channel.name] = options
    return {"from": step["from"], "to": step["to"], "message": message, "client_ref": client_ref}


def _options(channel: Channel, message: dict[str, Any]) -> dict[str, Any]:
    """Return the options that go with this content, as given or with their default."""
    given: Content = message.get(channel.name, {})
    options = {}
    for one in channel.options:
        if not one.sent_with(message["content"]["type"]):
            continue
        value = given.get(one.name, one.otherwise)
        if value is not None:
            options[one.name] = value
    return options
