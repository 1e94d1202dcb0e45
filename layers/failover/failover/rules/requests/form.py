"""What a form for a request needs: channels, contents, options and limits, as plain data (docs/api.md, "Channels").

Of a field, what says nothing is left out: `required` if it is optional, a limit if it has none.
"""

from typing import Any

from failover.rules.channels.addresses import Address
from failover.rules.channels.channel import Channel, Need, Option
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import AnyObject, Flag, Kind, Matching, Parameter, Text, Url, Whole, Word
from failover.rules.channels.objects import Field, Many, Object, OneOf, Tagged
from failover.rules.requests import steps


def described(version: str) -> dict[str, Any]:
    """Return the form for this version of the Messages API.

    `contents`: each content type with the fields beside `type` in `message.content`
    `options`: the fields of the object in `message` that is named after the channel
    `needs`: fields of a content type that are required with an option, or with one `word` of it
    """
    return {
        "expiry_time": _kind(steps.EXPIRY, version),
        "client_ref": _kind(steps.REFERENCE, version),
        "channels": [_channel(channel, version) for channel in CHANNELS.values() if version in channel.versions],
    }


def _channel(channel: Channel, version: str) -> dict[str, Any]:
    return {
        "name": channel.name,
        "sender": channel.sender,
        "sender_kind": _kind(steps.sender(channel), version),
        "recipient": channel.recipient,
        "recipient_kind": _kind(steps.recipient(channel), version),
        "conditions": channel.conditions,
        "contents": [
            {"name": one.name, "fields": _fields((one,), version)}
            for one in channel.contents
            if version in one.versions
        ],
        "options": [_option(one, version) for one in channel.options if version in one.versions],
        "needs": [_need(need) for need in channel.needs],
    }


def _option(one: Option, version: str) -> dict[str, Any]:
    return _field(one, version) | _said(
        with_content=one.with_content, required_with=one.required_with, otherwise=one.otherwise
    )


def _need(need: Need) -> dict[str, Any]:
    return _said(content=need.content, field=need.field, option=need.option, word=need.word)


def _fields(fields: tuple[Field, ...], version: str) -> list[dict[str, Any]]:
    return [_field(one, version) for one in fields if version in one.versions]


def _field(one: Field, version: str) -> dict[str, Any]:
    kind = one.in_v0_1 if one.in_v0_1 and version == "v0.1" else one.kind
    said = _said(required=one.required, required_when=one.required_when, about=one.about)
    return {"name": one.name, **_kind(kind, version), **said}


def _kind(kind: Kind, version: str) -> dict[str, Any]:
    match kind:
        case Text(most, least):
            return {"kind": "string", "shortest": least, "longest": most}
        case Word(words):
            return {"kind": "word", "words": words}
        case Whole(low, high, unit):
            return {"kind": "whole", "lowest": low, "highest": high, "unit": unit}
        case Flag():
            return {"kind": "flag"}
        case Url(most):
            return {"kind": "url", "longest": most}
        case Matching(pattern, wanted):
            return {"kind": "matching", "pattern": pattern, "wanted": wanted}
        case Address():
            return {"kind": "address", "pattern": kind.pattern, "wanted": kind.wanted}
        case Parameter():
            return {"kind": "parameter", "wanted": kind.wanted}
        case AnyObject():
            return {"kind": "any_object", "wanted": kind.wanted}
        case Many(of, what, least, most):
            return {"kind": "list", **_said(fewest=least, most=most), "what": what, "of": _kind(of, version)}
        case Object(fields):
            return {"kind": "object", "fields": _fields(fields, version)}
        case OneOf(fields):
            return {"kind": "one_of", "fields": _fields(fields, version)}
        case Tagged(tag, cases):
            known = [case for case in cases if version in case.versions]
            described_cases = [{"word": case.word, "fields": _fields(case.object.fields, version)} for case in known]
            return {"kind": "tagged", "tag": tag, "cases": described_cases}
    raise TypeError(kind)


def _said(**properties: Any) -> dict[str, Any]:
    """Return the properties without those that are empty."""
    return {name: value for name, value in properties.items() if value}
