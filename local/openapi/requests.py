"""The schemas of requests, made from the kinds of fields that validate them (rules/kinds).

Every object has a name, because client generators name types after it.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from failover.rules.channels.addresses import Address
from failover.rules.channels.channel import Channel, Need
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import AnyObject, Flag, Kind, Matching, Parameter, Text, Url, Whole, Word
from failover.rules.channels.objects import Field, Many, Object, OneOf, Tagged
from failover.rules.channels.statuses import CONDITIONS
from failover.rules.requests import steps
from failover.rules.requests.advance import STEP
from failover.rules.requests.request import MAX_STEPS
from failover.rules.webhooks.failed import CURSOR
from failover.rules.webhooks.webhook_url import LONGEST
from local.openapi import addresses, patterns

type Schema = dict[str, Any]

_DESCRIBED_VERSION = "v1"
"""Of the Messages API. What a stack with v0.1 refuses in addition is not described."""
_CLIENT_REF: Schema = {
    "type": ["string", "null"],
    "minLength": steps.REFERENCE.least,
    "maxLength": steps.REFERENCE.most,
    "description": "Your own reference, returned in webhooks and lists.",
}
_WEBHOOK_URL: Schema = {
    "type": ["string", "null"],
    "maxLength": LONGEST,
    "format": "uri",
    "description": "Where this workflow's webhooks go, instead of the `status_url` of your account or application. "
    "An https URL with a public host.",
    "examples": ["https://shop.example.com/status"],
}
_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
_NULL: Schema = {"type": "null"}
_EXAMPLE = {
    "template": "failover",
    "workflow": [
        {
            "from": {"type": "messenger", "id": "sim-page"},
            "to": {"type": "messenger", "id": "sim-read"},
            "message": {"content": {"type": "text", "text": "Your table is ready."}},
            "failover": {"expiry_time": 600, "condition_status": "read"},
        },
        {
            "from": {"type": "sms", "number": "ACME"},
            "to": {"type": "sms", "number": "447700900000"},
            "message": {"content": {"type": "text", "text": "Your table is ready."}},
        },
    ],
}


def schemas() -> dict[str, Schema]:
    """Components: the request, a step and a last step, and their parts for each channel."""
    components = {
        "WorkflowRequest": _request(),
        "RedeliverRequest": {
            "type": "object",
            "properties": {
                "since": {**_TIME, "type": "string", "description": "Webhooks that failed at this time or later."},
                "until": {**_TIME, "description": "Webhooks that failed at this time or earlier."},
                "cursor": {
                    "type": ["string", "null"],
                    "pattern": CURSOR,
                    "description": "The `cursor` of the previous answer.",
                },
            },
            "required": ["since"],
        },
        "AdvanceRequest": {
            "type": "object",
            "properties": {
                "step": {**_whole(STEP), "description": "The step to close, which must be the current one."}
            },
            "required": ["step"],
        },
        "Step": _one_of(f"{_camel(name)}Step" for name in CHANNELS)
        | {"description": "A message, and the condition for sending the next one."},
        "LastStep": _one_of(f"{_camel(name)}LastStep" for name in CHANNELS)
        | {"description": "The last message. No message follows it, so it has no `failover`."},
        **addresses.schemas(),
        "TemplateParameter": {
            "anyOf": [{"type": "string"}, _ref("DefaultParameter")],
            "description": "A string, or an object as older clients send it.",
        },
        "DefaultParameter": _closed({"default": {"type": "string"}}, ["default"]),
    }
    for channel in CHANNELS.values():
        _Channel(channel, components).describe()
    return components


def _whole(kind: Whole) -> Schema:
    exact = {"type": "integer", "minimum": kind.low, "maximum": kind.high}
    return {"anyOf": [exact, {"type": "string", "pattern": patterns.whole(kind.low, kind.high)}]}


def _request() -> Schema:
    return {
        "type": "object",
        "properties": {
            "template": {"type": "string", "const": "failover"},
            "workflow": {
                "type": "array",
                "description": f"1 to {MAX_STEPS} steps, sent in this order. All but the last have `failover`. "
                "Nulls after the last step, which old clients send, are ignored.",
                "minItems": 1,
                "maxItems": MAX_STEPS,
                "items": {"anyOf": [_ref("Step"), _ref("LastStep")]},
            },
            "client_ref": _CLIENT_REF,
            "webhook_url": _WEBHOOK_URL,
        },
        "required": ["template", "workflow"],
        "examples": [_EXAMPLE],
    }


class _Channel:
    """The components of one channel."""

    def __init__(self, channel: Channel, components: dict[str, Schema]) -> None:
        self._channel = channel
        self._prefix = _camel(channel.name)
        self._components = components

    def describe(self) -> None:
        channel, prefix = self._channel, self._prefix
        parties = {
            "from": (f"{prefix}From", steps.party(channel, channel.sender, steps.sender(channel))),
            "to": (f"{prefix}To", steps.party(channel, channel.recipient, steps.recipient(channel))),
        }
        properties = {field: self._object(party, name) for field, (name, party) in parties.items()}
        properties |= {"message": self._message(), "client_ref": _CLIENT_REF}
        required = ["from", "to", "message"]
        failover = self._object(steps.failover(channel.name, channel.conditions), f"{prefix}Failover")
        self._add(f"{prefix}LastStep", _closed(properties, required))
        self._add(f"{prefix}Step", _closed({**properties, "failover": failover}, [*required, "failover"]))

    def _add(self, name: str, schema: Schema) -> None:
        if self._components.setdefault(name, schema) != schema:
            raise ValueError(f"two components are called {name}")

    def _message(self) -> Schema:
        """`message`: one object, or one of several where a content type has options of its own."""
        channel, prefix = self._channel, self._prefix
        contents = [one for one in channel.contents if _DESCRIBED_VERSION in one.versions]
        variants = [
            (list(alike), dict(options))
            for options, alike in groupby(sorted(contents, key=self._options_of), self._options_of)
        ]
        if len(variants) == 1:
            return self._variant(*variants[0], "")
        names = [_of_contents(alike) for alike, _ in variants]
        described = [self._variant(*variant, name) for variant, name in zip(variants, names, strict=True)]
        self._add(f"{prefix}Message", {"oneOf": described})
        return _ref(f"{prefix}Message")

    def _options_of(self, content: Field) -> tuple[tuple[str, bool], ...]:
        """The options a content type may have: (name, required)."""
        allowed = self._channel.options_with(content.name)
        return tuple((one.name, content.name in one.required_with) for one in allowed)

    def _variant(self, contents: list[Field], options: dict[str, bool], name: str) -> Schema:
        """`message` for contents that have the same options."""
        channel, prefix = self._channel, f"{self._prefix}{name}"
        properties: Schema = {"content": self._content(contents, prefix), "client_ref": _CLIENT_REF}
        required = ["content"]
        if options:
            of_channel = self._object(steps.options(channel, contents[0].name), f"{prefix}Options")
            needed = any(options.values())
            properties[channel.name] = of_channel if needed else {"anyOf": [of_channel, _NULL]}
            required += [channel.name] if needed else []
        names = {one.name for one in contents}
        needs = [_need(channel, need, alone=len(contents) == 1) for need in channel.needs if need.content in names]
        self._add(f"{prefix}Message", _closed(properties, required, needs))
        return _ref(f"{prefix}Message")

    def _content(self, contents: list[Field], prefix: str) -> Schema:
        cases = {one.name: self._case(one) for one in contents}
        if len(cases) == 1:
            return next(iter(cases.values()))
        self._add(f"{prefix}Content", _by_word("type", cases))
        return _ref(f"{prefix}Content")

    def _case(self, content: Field) -> Schema:
        name = f"{self._prefix}{_camel(content.name)}Content"
        value = self._kind(content.kind, f"{self._prefix}{_camel(content.name)}")
        word = {"type": "string", "const": content.name}
        self._add(name, _closed({"type": word, content.name: value}, ["type", content.name]))
        return _ref(name)

    def _kind(self, kind: Kind, name: str) -> Schema:
        """The schema of a kind; an object becomes the component `name`, or one of its own name."""
        match kind:
            case Text(most, least):
                return {"type": "string", "minLength": least, "maxLength": most}
            case Word(words) if words == CONDITIONS:
                return _ref("ConditionStatus")
            case Word(words):
                return {"type": "string", "enum": list(words)}
            case Whole():
                return _whole(kind)
            case Flag():
                return {"type": "boolean"}
            case Url(most):
                return {"type": "string", "maxLength": most, "pattern": patterns.URL}
            case Matching(pattern):
                return {"type": "string", "pattern": pattern}
            case Address():
                return _ref(addresses.NAMES[kind])
            case Parameter():
                return _ref("TemplateParameter")
            case AnyObject():
                return {"type": "object", "minProperties": 1, "additionalProperties": True}
            case Many(of, _, least, most):
                items = {"type": "array", "items": self._kind(of, f"{name}Item"), "minItems": least, "maxItems": most}
                return {key: value for key, value in items.items() if value}
            case Object():
                return self._object(kind, name)
            case OneOf(fields, own_name):
                either = [Object((Field(one.name, one.kind, required=True),)) for one in fields]
                names = [f"{own_name}{_camel(one.name)}" for one in fields]
                return {"oneOf": [self._object(of, of_name) for of, of_name in zip(either, names, strict=True)]}
            case Tagged(tag, cases, own_name):
                described = {case.word: self._tagged(case.object, tag, case.word, own_name) for case in cases}
                self._add(own_name, _by_word(tag, described))
                return _ref(own_name)
        raise TypeError(kind)

    def _tagged(self, of: Object, tag: str, word: str, name: str) -> Schema:
        return self._object(Object((Field(tag, Word((word,)), required=True), *of.fields)), f"{name}{_camel(word)}")

    def _object(self, of: Object, name: str) -> Schema:
        name = of.name or name
        fields = [one for one in of.fields if _DESCRIBED_VERSION in one.versions]
        properties = {}
        for one in fields:
            schema = self._kind(one.kind, f"{name}{_camel(one.name)}")
            if isinstance(one.kind, Word) and one.required and len(one.kind.words) == 1:
                schema = {"type": "string", "const": one.kind.words[0]}  # not where it is optional: generators stumble
            schema = schema if one.required else {"anyOf": [schema, _NULL]}
            properties[one.name] = schema | ({"description": f"{one.about}."} if one.about else {})
        rules = [_required_when(one.name, *one.required_when) for one in fields if one.required_when]
        self._add(name, _closed(properties, [one.name for one in fields if one.required], rules))
        return _ref(name)


_THERE: Schema = {"not": _NULL}


def _required_when(field: str, other: str, word: str) -> Schema:
    """A field that another one's value makes necessary."""
    return {
        "if": {"properties": {other: {"const": word}}, "required": [other]},
        "then": {"properties": {field: _THERE}, "required": [field]},
    }


def _need(channel: Channel, need: Need, *, alone: bool) -> Schema:
    """A field of the content that an option makes necessary; `alone`: there is no other content type."""
    value = {"const": need.word} if need.word else _THERE
    options = {"type": "object", "properties": {need.option: value}, "required": [need.option]}
    condition: Schema = {"properties": {channel.name: options}, "required": [channel.name]}
    if not alone:
        condition["properties"]["content"] = {"properties": {"type": {"const": need.content}}}
    within = {"properties": {need.field: _THERE}, "required": [need.field]}
    return {"if": condition, "then": {"properties": {"content": {"properties": {need.content: within}}}}}


def _closed(properties: Schema, required: list[str], rules: list[Schema] | None = None) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    schema |= {"required": required} if required else {}
    return schema | (rules[0] if rules and len(rules) == 1 else {"allOf": rules} if rules else {})


def _by_word(tag: str, cases: dict[str, Schema]) -> Schema:
    """One of several objects, of which the field `tag` says which."""
    mapping = {word: schema["$ref"] for word, schema in cases.items()}
    return {"oneOf": list(cases.values()), "discriminator": {"propertyName": tag, "mapping": mapping}}


def _of_contents(contents: list[Field]) -> str:
    """A name for the messages with these content types."""
    return "Or".join(_camel(one.name) for one in contents) if len(contents) < 3 else "Plain"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _one_of(names: Iterable[str]) -> Schema:
    return {"oneOf": [_ref(name) for name in names]}


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
