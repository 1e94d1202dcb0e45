"""The body of a request to the Messages API, in either of its versions (contract, sections 3 and 11)."""

from typing import Any

from failover.rules.channels import CHANNELS, Channel

type Content = dict[str, Any]
"""One validated step of a request: from, to, message, client_ref, failover."""


def webhook_url(base_url: str) -> str:
    """Where status callbacks come in, under the address this API is called by."""
    return f"{base_url}/webhooks/message-status"


def v1(step: Content, client_ref: str, webhook_url: str) -> dict[str, Any]:
    """The flat body of `POST /v1/messages`. It names its own webhook, so no dashboard has to."""
    channel = CHANNELS[step["to"]["type"]]
    content = step["message"]["content"]
    body: dict[str, Any] = {
        "channel": channel.v1_name,
        "message_type": content["type"],
        "from": step["from"][channel.sender],
        "to": step["to"][channel.recipient],
        content["type"]: _v1_value(content),
        "client_ref": client_ref,
        "webhook_url": webhook_url,
        "webhook_version": "v1",
    }
    if options := _options(channel, step["message"]):
        body[channel.v1_name] = options
    return body


def _v1_value(content: Content) -> Any:
    """v1 wants a template's parameters as strings; older clients wrote {"default": "…"}."""
    value = content[content["type"]]
    if content["type"] == "template" and "parameters" in value:
        parameters = [p["default"] if isinstance(p, dict) else p for p in value["parameters"]]
        return {**value, "parameters": parameters}
    return value


def v0_1(step: Content, client_ref: str) -> dict[str, Any]:
    """The nested body of `POST /v0.1/messages`; its webhook is whatever the vendor's dashboard says."""
    channel = CHANNELS[step["to"]["type"]]
    message = {"content": step["message"]["content"]}
    if options := _options(channel, step["message"]):
        message[channel.name] = options
    return {"from": step["from"], "to": step["to"], "message": message, "client_ref": client_ref}


def _options(channel: Channel, message: dict[str, Any]) -> dict[str, Any]:
    """The channel's options as given, where this content takes them, and what is sent for those it cannot lack."""
    if channel.options_on and message["content"]["type"] not in channel.options_on:
        return {}
    given: Content = message.get(channel.name, {})
    return {name: option.otherwise for name, option in channel.options if option.otherwise is not None} | given
