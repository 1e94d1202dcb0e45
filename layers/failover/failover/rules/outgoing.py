"""The body of a request to the Messages API, in either of its versions (contract, sections 3 and 11)."""

from typing import Any

from failover.rules.channels import CHANNELS

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
    if channel.name in step["message"]:
        body[channel.v1_name] = step["message"][channel.name]
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
    message = {key: value for key, value in step["message"].items() if key != "client_ref"}
    return {"from": step["from"], "to": step["to"], "message": message, "client_ref": client_ref}
