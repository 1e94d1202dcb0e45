"""Validate the body of `POST /beta/workflows`, or one message: all faults at once, each with its path."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from failover.rules.channels.channel import Channel
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import Anything, Checked, Word, join
from failover.rules.channels.objects import Field, Many, Object, missing_in
from failover.rules.formats.faults import Fault, InvalidRequest
from failover.rules.requests import models, steps
from failover.rules.webhooks import webhook_url

MAX_STEPS = 10


def _body(*, loopback: bool) -> Object:
    """Return the top level, with steps of any kind. Unknown fields are ignored, because old clients add some."""
    fields = (
        Field("template", Word(("failover",)), required=True),
        Field("client_ref", steps.REFERENCE),
        Field("webhook_url", Checked(partial(webhook_url.fault, loopback=loopback), "an https URL")),
        Field("workflow", Many(Anything(), "steps", 1, MAX_STEPS), required=True),
    )
    return Object(fields, strict=False)


_BODY, _LOOPBACK_BODY = _body(loopback=False), _body(loopback=True)


@dataclass(frozen=True)
class Request:
    """A request without faults."""

    steps: list[dict[str, Any]]
    """Normalized, so that equivalent requests are equal: numbers as digits, `expiry_time` an integer, `client_ref` in
    the step, no options that are empty, not sent, or equal to their default."""
    client_ref: str | None
    webhook_url: str | None


def validated(body: Any, version: str = "v1", *, loopback: bool = False) -> Request:
    """Return the request in a parsed body. Raises InvalidRequest with all faults, each with its path.

    `version` is that of the Messages API; `loopback` allows webhooks to this machine.
    """
    listed = body.get("workflow") if isinstance(body, dict) else None
    if isinstance(listed, list):
        listed = _without_trailing_nulls(listed)
        body = {**body, "workflow": listed}
    read, faults = models.read(_LOOPBACK_BODY if loopback else _BODY, body)
    read_steps = []
    if isinstance(listed, list) and 1 <= len(listed) <= MAX_STEPS:
        for number, step in enumerate(listed):
            one, found = _read_step(step, join("workflow", number), version, last=number == len(listed) - 1)
            read_steps.append(one)
            faults += found
    if faults:
        raise InvalidRequest(faults)
    return Request(read_steps, read.get("client_ref"), read.get("webhook_url"))


def posted(request: Request) -> dict[str, Any]:
    """Return a body that can be posted and means this request: `validated` makes an equal one of it."""
    body: dict[str, Any] = {"template": "failover"}
    body |= {"client_ref": request.client_ref} if request.client_ref else {}
    body |= {"webhook_url": request.webhook_url} if request.webhook_url else {}
    return {**body, "workflow": request.steps}


def read_message(channel: Channel, message: Any, version: str) -> tuple[Any, list[Fault]]:
    """Return (a message of this channel, as in a step; its faults)."""
    read, faults = models.read(steps.message(channel, _content_type(channel, message)), message, version)
    return read, faults + _needed(channel, message, "")


def _read_step(step: Any, at: str, version: str, *, last: bool) -> tuple[Any, list[Fault]]:
    channel = _channel(step)
    if channel is None:
        return models.read(steps.step_of_no_channel(last=last), step, version, at)
    message = step.get("message")
    wanted = steps.step(channel, _content_type(channel, message), last=last)
    read, faults = models.read(wanted, step, version, at)
    if version not in channel.versions:
        faults.insert(0, {"name": f"{at}.to.type", "reason": missing_in(version, channel.name, channel.versions)})
    faults += _needed(channel, message, f"{at}.message")
    return (read if faults else _in_one_form(channel, read)), faults


def _in_one_form(channel: Channel, step: dict[str, Any]) -> dict[str, Any]:
    """Return a step without faults in the form of `Request.steps`."""
    message = dict(step["message"])
    reference, given = message.pop("client_ref", None), message.pop(channel.name, {})
    sent = {one.name: one.otherwise for one in channel.options if one.sent_with(message["content"]["type"])}
    if options := {name: value for name, value in given.items() if name in sent and value != sent[name]}:
        message[channel.name] = options
    return {**({"client_ref": reference} if reference else {}), **step, "message": message}


def _needed(channel: Channel, message: Any, at: str) -> list[Fault]:
    """Return a fault for each field of the content that is missing and that an option requires."""
    content_type, given = _content_type(channel, message), _inside(message, channel.name)
    content = _inside(message, "content", content_type)
    faults = []
    for need in channel.needs:
        option = _inside(given, need.option)
        asked = option == need.word if need.word else option is not None
        if need.content == content_type and asked and isinstance(content, dict) and content.get(need.field) is None:
            why = f"{need.option} is '{need.word}'" if need.word else f"{need.option} is given"
            name = join(join(join(at, "content"), content_type), need.field)
            faults.append({"name": name, "reason": f"{need.field} is required when {why}"})
    return faults


def _channel(step: Any) -> Channel | None:
    name = _inside(step, "to", "type")
    return CHANNELS.get(name) if isinstance(name, str) else None


def _content_type(channel: Channel, message: Any) -> str:
    """Return the type of a message's content, or an empty string if the channel has no such type."""
    word = _inside(message, "content", "type")
    return next((one.name for one in channel.contents if one.name == word), "")


def _inside(value: Any, *path: str) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _without_trailing_nulls(listed: list[Any]) -> list[Any]:
    """The vendor's samples left the callback function inside the array, which JSON writes as null."""
    end = len(listed)
    while end and listed[end - 1] is None:
        end -= 1
    return listed[:end]
