"""The schemas of requests: those of the models that validate them, and the forms they tolerate besides."""

from collections.abc import Iterable
from typing import Any

from failover.rules.channels import CHANNELS, Channel
from failover.rules.request import MAX_STEPS
from failover.rules.statuses import CONDITIONS
from failover.rules.step_models import EXPIRY_SECONDS, step_model
from failover.rules.webhook_url import LONGEST

type Schema = dict[str, Any]

_CLIENT_REF: Schema = {
    "type": ["string", "null"],
    "minLength": 1,
    "maxLength": 40,
    "description": "A reference of your own, given back in webhooks and lists.",
}
_WEBHOOK_URL: Schema = {
    "type": ["string", "null"],
    "maxLength": LONGEST,
    "format": "uri",
    "description": "Where this workflow's webhooks go instead of your account's or application's URL: https, and a "
    "public host.",
    "examples": ["https://shop.example.com/status"],
}
_NULL: Schema = {"type": "null"}
_BLANK, _INNER, _OUTER = r"[ \t\n\r\f\v]*", r"[^\x00-\x1f\x7f]", r"[^\x00-\x20\x7f]"
_WORD = f"{_OUTER}({_INNER}{{0,48}}{_OUTER})?"
_INTERNATIONAL = r"(\+|00)"


def _tolerant(text: str, low: int, high: int) -> Schema:
    """Numbers and ids may have blanks around them, and may come as JSON integers."""
    string = {"type": "string", "pattern": f"^{_BLANK}({text}){_BLANK}$"}
    return {"anyOf": [string, {"type": "integer", "minimum": low, "maximum": high}]}


def _sender(channel: Channel) -> Schema:
    """What may stand in the field of `from`."""
    word = f"[{channel.sender_characters}]{{1,50}}" if channel.sender_characters else _WORD
    international = f"{_INTERNATIONAL}[0-9]{{1,50}}|" if channel.sender == "number" else ""
    return _tolerant(international + word, 0, 10**50 - 1)


_RECIPIENTS = {
    "id": _tolerant(_WORD, 0, 10**50 - 1),
    "number": _tolerant(f"{_INTERNATIONAL}?[1-9][0-9]{{6,14}}", 10**6, 10**15 - 1),
}
"""What may stand in the field of `to`."""
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
    """Components: the request, a step and a last step, and their parts for each channel.

    Every object has a name, for generators of clients name a type after it.
    """
    components: dict[str, Schema] = {
        "WorkflowRequest": _request(),
        "Step": _one_of(f"{_camel(name)}Step" for name in CHANNELS)
        | {"description": "A message, and what makes the next one go out."},
        "LastStep": _one_of(f"{_camel(name)}LastStep" for name in CHANNELS)
        | {"description": "The last message: nothing follows it, so it has no `failover`."},
    }
    for channel in CHANNELS.values():
        components |= _steps(channel)
    return components


def _request() -> Schema:
    return {
        "type": "object",
        "properties": {
            "template": {"type": "string", "const": "failover"},
            "workflow": {
                "type": "array",
                "description": f"1 to {MAX_STEPS} steps, sent in this order. All but the last have `failover`; the "
                "last has none. Nulls after the last step, which old clients leave there, are ignored.",
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


def _steps(channel: Channel) -> dict[str, Schema]:
    """The channel's step and last step, and every object in them, named after the channel and its model."""
    prefix = _camel(channel.name)
    model = step_model(channel, last=False).model_json_schema(by_alias=True)
    step = _renamed(model, prefix)
    parts = {f"{prefix}{_camel(name)}": _renamed(part, prefix) for name, part in model["$defs"].items()}
    parts[f"{prefix}From"]["properties"][channel.sender] = _sender(channel)
    parts[f"{prefix}To"]["properties"][channel.recipient] = _RECIPIENTS[channel.recipient]
    failover = parts[f"{prefix}Failover"]["properties"]
    failover["expiry_time"] = _tolerant_seconds(*EXPIRY_SECONDS)
    if channel.conditions == CONDITIONS:
        failover["condition_status"] = _ref("ConditionStatus")
    message = parts[f"{prefix}Message"]["properties"]
    if "oneOf" in message["content"]:
        parts[f"{prefix}Content"] = _by_type(channel, message["content"]["oneOf"])
        message["content"] = _ref(f"{prefix}Content")
    if channel.options:
        options = _options(channel, parts[f"{prefix}Options"])
        parts |= options
        message[channel.name] = {"anyOf": [*map(_ref, options), _NULL]}
    return {f"{prefix}Step": step, f"{prefix}LastStep": _without_failover(step), **parts}


def _without_failover(step: Schema) -> Schema:
    return {
        **step,
        "properties": {name: part for name, part in step["properties"].items() if name != "failover"},
        "required": [name for name in step["required"] if name != "failover"],
    }


def _by_type(channel: Channel, contents: list[Schema]) -> Schema:
    """One of a channel's contents, of which the field `type` says which."""
    mapping = {kind: content["$ref"] for kind, content in zip(channel.kinds, contents, strict=True)}
    return {"oneOf": contents, "discriminator": {"propertyName": "type", "mapping": mapping}}


def _renamed(schema: Any, prefix: str) -> Any:
    """The schema with the names of components, and without what pydantic adds for programs."""
    if isinstance(schema, list):
        return [_renamed(item, prefix) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _ref(prefix + _camel(schema["$ref"].rpartition("/")[2]))
    renamed = {}
    for key, value in schema.items():
        if key == "properties":
            renamed[key] = {name: _renamed(item, prefix) for name, item in value.items()}
        elif key not in ("$defs", "title") and not (key == "default" and value is None):
            renamed[key] = _renamed(value, prefix)
    return renamed


def _tolerant_seconds(low: int, high: int) -> Schema:
    """A whole number of seconds may also come as a string of digits."""
    exact = {"type": "integer", "minimum": low, "maximum": high}
    return {"anyOf": [exact, {"type": "string", "pattern": f"^{_BLANK}0{{0,4}}({_digits(low, high)}){_BLANK}$"}]}


def _digits(low: int, high: int) -> str:
    """A pattern for the whole numbers from `low` (two digits) to a day's seconds."""
    if not 10 <= low < 90 or high != 86400:
        raise ValueError("write the pattern of these bounds")
    tens, ones = divmod(low, 10)
    lowest = f"{tens}[{ones}-9]|[{tens + 1}-9][0-9]"
    return f"{lowest}|[1-9][0-9]{{2,3}}|[1-7][0-9]{{4}}|8[0-5][0-9]{{3}}|86[0-3][0-9]{{2}}|86400"


def _options(channel: Channel, schema: Schema) -> dict[str, Schema]:
    """Components for the channel's options: two if one option is required when another has a certain value."""
    name = f"{_camel(channel.name)}Options"
    components = {name: schema}
    for field, option in channel.options:
        if option.seconds:
            schema["properties"][field] = {"anyOf": [_tolerant_seconds(*option.seconds), _NULL]}
        if option.required_when:
            other, word = option.required_when
            components[f"{_camel(channel.name)}{_camel(word)}Options"] = _bound(schema, field, other, word)
            choices = [choice for choice in _but_null(schema["properties"][other])["enum"] if choice != word]
            schema["properties"][other] = {"anyOf": [{"type": "string", "enum": choices}, _NULL]}
    return components


def _bound(options: Schema, field: str, other: str, word: str) -> Schema:
    """The options with `word` as the value of `other`, which makes `field` required."""
    bound = {other: {"type": "string", "const": word}, field: _but_null(options["properties"][field])}
    return {**options, "properties": {**options["properties"], **bound}, "required": [other, field]}


def _but_null(schema: Schema) -> Schema:
    branch: Schema = next(branch for branch in schema["anyOf"] if branch != _NULL)
    return branch


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _one_of(names: Iterable[str]) -> Schema:
    return {"oneOf": [_ref(name) for name in names]}


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
