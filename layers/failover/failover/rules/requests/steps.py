"""One step of a request: sender, recipient, message and failover, as kinds (docs/api.md, "Creating a workflow")."""

from dataclasses import replace

from failover.rules.channels import kinds
from failover.rules.channels.addresses import Id, Recipient, Sender
from failover.rules.channels.channel import Channel
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import Kind, Text, Whole, Word
from failover.rules.channels.objects import Case, Field, Object, Tagged
from failover.rules.channels.statuses import CONDITIONS

EXPIRY = Whole(15, 86400)
REFERENCE = Text(40)
"""A customer's `client_ref`."""

_RECIPIENTS: dict[str, Kind] = {"id": Id(), "number": Recipient()}
_SENDERS: dict[str, Kind] = {"id": Id(), "number": Sender()}
_NO_FAILOVER = "Not allowed on the last step: there is nothing to fail over to"


def sender(channel: Channel) -> Kind:
    """Return the kind of the sender's address, in `from`."""
    return channel.sender_kind or _SENDERS[channel.sender]


def recipient(channel: Channel) -> Kind:
    """Return the kind of the recipient's address, in `to`."""
    return _RECIPIENTS[channel.recipient]


def party(channel: Channel, field: str, kind: Kind, note: str = "") -> Object:
    """Return `from` or `to`. `note` completes the reason for refusing its type."""
    return Object((Field("type", Word((channel.name,), note=note), required=True), Field(field, kind, required=True)))


def options(channel: Channel, content: str) -> Object:
    """Return the object named after the channel, for this content type; all options if the type is unknown."""
    allowed = channel.options_with(content) if content else channel.options
    fields = tuple(replace(one, required=content in one.required_with) for one in allowed)
    elsewhere = tuple(
        (one.name, f"{one.name} goes only with {kinds.quoted(one.with_content)}")
        for one in channel.options
        if one not in allowed
    )
    return Object(fields, elsewhere=elsewhere)


def message(channel: Channel, content: str) -> Object:
    """Return `message` for a content type. Other types only have their word: pydantic types are made at run time."""
    cases = (Case(one.name, Object((one,) if one.name == content else ()), one.versions) for one in channel.contents)
    fields = [Field("content", Tagged("type", tuple(cases)), required=True), Field("client_ref", REFERENCE)]
    if channel.options:
        of_channel = options(channel, content)
        required = any(one.required for one in of_channel.fields)
        fields.append(Field(channel.name, of_channel, required))
    in_v1 = [one.name for one in channel.options if one.top_level]
    elsewhere = tuple((name, f"Unknown field here; it belongs in message.{channel.name}") for name in in_v1)
    return Object(tuple(fields), elsewhere=elsewhere)


def failover(channel: str, conditions: tuple[str, ...]) -> Object:
    """Return `failover`."""
    no_read = (("read", f"Should be 'delivered': {channel} never reports 'read'"),) if "read" not in conditions else ()
    return Object(
        (
            Field(
                "expiry_time",
                EXPIRY,
                required=True,
                about="the step's time limit in seconds, from the answer to its send",
            ),
            Field("condition_status", Word(conditions, no_read), required=True),
        )
    )


def step(channel: Channel, content: str, *, last: bool) -> Object:
    """Return a step for a content type. The `last` one has no failover."""
    return Object(
        (
            Field("from", party(channel, channel.sender, sender(channel), ", as in to.type"), required=True),
            Field("to", party(channel, channel.recipient, recipient(channel)), required=True),
            Field("message", message(channel, content), required=True),
            Field("client_ref", REFERENCE),
            *(() if last else (Field("failover", failover(channel.name, channel.conditions), required=True),)),
        ),
        elsewhere=(("failover", _NO_FAILOVER),),
    )


def step_of_no_channel(*, last: bool) -> Object:
    """Return what can be checked of a step whose channel is unknown. No step satisfies it."""
    anything = Object((), strict=False)
    return Object(
        (
            Field("to", Object((Field("type", Word(tuple(CHANNELS)), required=True),), strict=False), required=True),
            Field("from", anything, required=True),
            Field("message", anything, required=True),
            *(() if last else (Field("failover", failover("", CONDITIONS), required=True),)),
        ),
        strict=False,
    )
