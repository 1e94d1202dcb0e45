"""The bodies we send, checked with the models of the vendor's own client of the Messages API v1.

If a widened bound fails here, the vendor's client is narrower than the bound: compare the definition of the
Messages API before you trust either.
"""

import re

import pytest
import vonage_messages.models
from vonage_messages.models import BaseMessage

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.requests import request
from failover.rules.sending import outgoing
from tests import examples, variations

MODELS = {
    (model.model_fields["channel"].default.value, model.model_fields["message_type"].default.value): model
    for model in vars(vonage_messages.models).values()
    if isinstance(model, type) and issubclass(model, BaseMessage) and "message_type" in model.model_fields
}
MODELLED = {channel for channel, _ in MODELS}
NOT_MODELLED = {("whatsapp", "reaction"): "in the vendor's definition 1.20.0; the client has no class for it"}
LEFT_OUT = {
    ("mms", "mms"): "participants are in the definition 1.20.0, not in the client",
    ("viber_service", "viber_service", "type"): "any string in the definition, two words in the client",
    ("whatsapp", "whatsapp", "category"): "no longer in the client: the vendor ignores it",
}


def sent(step):
    """The v1 body of a valid step."""
    (accepted,) = request.validated({"template": "failover", "workflow": [step]}).steps
    return outgoing.v1(accepted, f"{examples.ID}.9", "https://api.test/beta/webhooks/message-status")


def comparable(body):
    """The body without the fields that the client lacks."""
    body = {name: dict(value) if isinstance(value, dict) else value for name, value in body.items()}
    for channel, field, *option in LEFT_OUT:
        if body["channel"] != channel or field not in body:
            continue
        for name in option or list(body[field]):
            body[field].pop(name, None)
        if not body[field]:
            del body[field]
    if "suggestions" in body:
        body["suggestions"] = [one for one in body["suggestions"] if not _is_odd_to_dial(one)]
    return body


def _is_odd_to_dial(suggestion):
    """A number with a + or fewer than 7 digits is in the definition, but the client has no such suggestion."""
    return not re.fullmatch("[0-9]{7,15}", suggestion.get("phone_number", "1234567"))


def aliased(value):
    """The value with the `type` of suggestions and attachments under the client models' alias."""
    if isinstance(value, list):
        return [aliased(item) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {"type": "type_"} if {"postback_data", "url"} & set(value) else {}
    return {renamed.get(name, name): aliased(item) for name, item in value.items()}


@pytest.mark.parametrize("step", [pytest.param(step, id=label) for label, step in variations.steps()])
def test_v1_body(step):
    """The vendor's client sends the same body for the same message."""
    body = sent(step)
    kind = (body["channel"], body["message_type"])
    if kind in NOT_MODELLED or body["channel"] not in MODELLED:
        assert kind not in MODELS
        return
    body = comparable(body)
    fields = {name: value if name == "custom" else aliased(value) for name, value in body.items()}
    message = MODELS[kind].model_validate({**fields, "from_": body["from"]})
    assert message.model_dump(by_alias=True, exclude_none=True, mode="json") == body


def test_every_channel_of_the_client():
    """Each channel that the vendor's client knows is in the channel table, under the same name."""
    assert {row.v1_name for row in CHANNELS.values()} >= MODELLED
