"""The bodies we send, against the models of the vendor's own client of the Messages API v1."""

from itertools import product

import pytest
import vonage_messages.models
from vonage_messages.models import BaseMessage

from failover.rules import outgoing, request
from failover.rules.channels import CAPTION_LIMIT, CHANNELS, URL_LIMIT
from tests import examples

SENDERS = {"id": "Acme-1_&", "number": "ACME"}
RECIPIENTS = {"id": "2350375431244470", "number": "447700900000"}
URL = "https://x.test/a"
MODELS = {
    (model.model_fields["channel"].default.value, model.model_fields["message_type"].default.value): model
    for model in vars(vonage_messages.models).values()
    if isinstance(model, type) and issubclass(model, BaseMessage) and "message_type" in model.model_fields
}
NOT_MODELLED = {
    ("messenger", "custom"): "documented as a custom object; the client has classes for WhatsApp's and RCS's only",
}


def values(channel, kind):
    """What may stand under a content type's own name: the smallest, the largest, every shape."""
    match kind:
        case "text":
            return ["x", "x" * channel.text_limit]
        case "template":
            return [{"name": "hello"}, {"name": "hello", "parameters": ["Jo", {"default": "4711"}]}]
        case "custom":
            return [{"type": "contacts", "contacts": [{"phones": [{"phone": "447700900000"}]}]}]
        case _:
            bare = [{"url": URL}, {"url": URL.ljust(URL_LIMIT, "a")}]
            captions = ["x", "x" * CAPTION_LIMIT] if kind in channel.captions else []
            return bare + [{"url": URL, "caption": caption} for caption in captions]


def options(channel):
    """None, and every option with every choice or bound; with the other one that makes it necessary, where there is."""
    sets = [{}]
    for name, option in channel.options:
        needed_by = dict([option.required_when] if option.required_when else [])
        sets += [{name: value} | needed_by for value in option.choices or option.seconds or ("x",)]
    needy = {option.required_when for _, option in channel.options}
    return [given for given in sets if len(given) > 1 or not needy.intersection(given.items())]


def steps():
    for channel in CHANNELS.values():
        for kind, given in product(channel.kinds, options(channel)):
            for number, value in enumerate(values(channel, kind)):
                message = {"content": {"type": kind, kind: value}} | ({channel.name: given} if given else {})
                step = {
                    "from": {"type": channel.name, channel.sender: SENDERS[channel.sender]},
                    "to": {"type": channel.name, channel.recipient: RECIPIENTS[channel.recipient]},
                    "message": message,
                }
                label = ",".join(f"{name}={word}" for name, word in given.items())
                yield pytest.param(step, id=f"{channel.name}-{kind}{number}-{label}")


def sent(step):
    """The v1 body of a step that a client may post."""
    (accepted,) = request.validated({"template": "failover", "workflow": [step]}).steps
    return outgoing.v1(accepted, f"{examples.ID}.9", "https://api.test/beta/webhooks/message-status")


@pytest.mark.parametrize("step", list(steps()))
def test_v1_body(step):
    """The vendor's client, given the same message, sends the same body."""
    body = sent(step)
    kind = (body["channel"], body["message_type"])
    if kind in NOT_MODELLED:
        assert kind not in MODELS
        return
    message = MODELS[kind].model_validate({**body, "from_": body["from"]})
    assert message.model_dump(by_alias=True, exclude_none=True) == body
