"""One step of a request: who writes to whom over which channel, what, and what makes the next step go out."""

from dataclasses import replace
from typing import Any

from failover.rules import kinds, objects
from failover.rules.addresses import Id, Recipient, Sender
from failover.rules.channel import Channel
from failover.rules.channels import CHANNELS
from failover.rules.kinds import Kind, Reading, Text, Whole, Word, join
from failover.rules.objects import Field, Object
from failover.rules.statuses import CONDITIONS

EXPIRY = Whole(15, 86400)
REFERENCE = Text(40)
"""A customer's own reference."""

_RECIPIENTS: dict[str, Kind] = {"id": Id(), "number": Recipient()}
_SENDERS: dict[str, Kind] = {"id": Id(), "number": Sender()}
_NO_FAILOVER = "The last step has nothing to fail over to"


def sender(channel: Channel) -> Kind:
    """What stands in the field of `from`."""
    return channel.sender_kind or _SENDERS[channel.sender]


def recipient(channel: Channel) -> Kind:
    """What stands in the field of `to`."""
    return _RECIPIENTS[channel.recipient]


def party(channel: Channel, field: str, kind: Kind) -> Object:
    """`from` or `to`."""
    return Object((Field("type", Word((channel.name,)), required=True), Field(field, kind, required=True)))


def options(channel: Channel, content: str) -> Object:
    """The object named like the channel, for a message of this content type."""
    allowed = channel.options_with(content)
    fields = tuple(replace(one, required=content in one.required_with) for one in allowed)
    elsewhere = tuple(
        (one.name, f"{one.name} goes with {kinds.quoted(one.with_content)} only")
        for one in channel.options
        if one not in allowed
    )
    return Object(fields, elsewhere=elsewhere)


def message(channel: Channel, content: str) -> Object:
    """`message` with a content type."""
    fields = [Field("content", channel.content, required=True), Field("client_ref", REFERENCE)]
    if channel.options:
        of_channel = options(channel, content)
        required = any(one.required for one in of_channel.fields)
        fields.append(Field(channel.name, of_channel, required))
    in_v1 = [one.name for one in channel.options if one.top_level]
    elsewhere = tuple((name, f"Unknown field here; it goes into message.{channel.name}") for name in in_v1)
    return Object(tuple(fields), elsewhere=elsewhere)


def failover(channel: str, conditions: tuple[str, ...]) -> Object:
    """When the next step goes out."""
    no_read = (
        (("read", f"{channel} has no read status, only 'delivered' can be met"),) if "read" not in conditions else ()
    )
    return Object(
        (
            Field("expiry_time", EXPIRY, required=True),
            Field("condition_status", Word(conditions, no_read), required=True),
        )
    )


def read(step: Any, at: str, reading: Reading, *, last: bool) -> Any:
    """The step, normalized: numbers as digits, `expiry_time` as an integer, nulls left out. `last`: no step follows."""
    channel = _channel(step)
    if channel is None:
        return _of_no_channel(step, at, reading, last=last)
    if reading.version not in channel.versions:
        reason = objects.missing_in(reading.version, channel.name, channel.versions)
        reading.fault(join(join(at, "to"), "type"), reason)
    wanted = Object(
        (
            Field("from", party(channel, channel.sender, sender(channel)), required=True),
            Field("to", party(channel, channel.recipient, recipient(channel)), required=True),
            Field("message", message(channel, _content_type(step.get("message"))), required=True),
            Field("client_ref", REFERENCE),
            *(() if last else (Field("failover", failover(channel.name, channel.conditions), required=True),)),
        ),
        elsewhere=(("failover", _NO_FAILOVER),),
    )
    of_step = wanted.read(step, at, reading)
    _check_needs(channel, step.get("message"), join(at, "message"), reading)
    return of_step


def read_message(channel: Channel, value: Any, at: str, reading: Reading) -> Any:
    """`message` alone, as it is in a step over this channel."""
    read = message(channel, _content_type(value)).read(value, at, reading)
    _check_needs(channel, value, at, reading)
    return read


def _check_needs(channel: Channel, value: Any, at: str, reading: Reading) -> None:
    """Faults of a message's content that only an option makes one."""
    content_type, given = _content_type(value), _inside(value, channel.name)
    content = _inside(value, "content", content_type)
    for need in channel.needs:
        option = _inside(given, need.option)
        asked = option == need.word if need.word else option is not None
        if need.content == content_type and asked and isinstance(content, dict) and content.get(need.field) is None:
            why = f"{need.option} is '{need.word}'" if need.word else f"there is an {need.option}"
            here = join(join(join(at, "content"), content_type), need.field)
            reading.fault(here, f"{need.field} is required when {why}")


def _of_no_channel(step: Any, at: str, reading: Reading, *, last: bool) -> Any:
    """What can be said of a step whose channel is not known."""
    anything = Object((), strict=False)
    wanted = Object(
        (
            Field("to", Object((Field("type", Word(tuple(CHANNELS)), required=True),), strict=False), required=True),
            Field("from", anything, required=True),
            Field("message", anything, required=True),
            *(() if last else (Field("failover", failover("", CONDITIONS), required=True),)),
        ),
        strict=False,
    )
    return wanted.read(step, at, reading)


def _channel(step: Any) -> Channel | None:
    name = _inside(step, "to", "type")
    return CHANNELS.get(name) if isinstance(name, str) else None


def _content_type(value: Any) -> str:
    """The word of a message's content, or an empty one where there is none; whether it is known shows later."""
    word = _inside(value, "content", "type")
    return word if isinstance(word, str) else ""


def _inside(value: Any, *path: str) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value
