"""The schemas of requests: those of the models that validate them, and the forms they tolerate besides."""

from typing import Any

from failover.rules.channels import CHANNELS, Channel
from failover.rules.request import MAX_STEPS
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
    "pattern": r"^https://[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z][A-Za-z0-9-]*)+(/[!-\[\]-~]*)?$",
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
    """Components: the request, a step and a last step, and both for each channel."""
    components: dict[str, Schema] = {"WorkflowRequest": _request()}
    for name, last in (("Step", False), ("LastStep", True)):
        names = {channel: f"{_camel(channel)}{name}" for channel in CHANNELS}
        components[name] = {"oneOf": [{"$ref": f"#/components/schemas/{of}"} for of in names.values()]}
        for channel in CHANNELS.values():
            components[names[channel.name]] = _step(channel, last=last)
    components["Step"]["description"] = "A message, and what makes the next one go out."
    components["LastStep"]["description"] = "The last message: nothing follows it, so it has no `failover`."
    return components


def _request() -> Schema:
    step, last = {"$ref": "#/components/schemas/Step"}, {"$ref": "#/components/schemas/LastStep"}
    lists = [
        {"prefixItems": [*[step] * (length - 1), last], "items": _NULL, "minItems": length}
        for length in range(1, MAX_STEPS + 1)
    ]
    return {
        "type": "object",
        "properties": {
            "template": {"const": "failover"},
            "workflow": {
                "type": "array",
                "description": f"1 to {MAX_STEPS} steps, sent in this order. All but the last have `failover`. Old "
                "clients leave a null behind the last one.",
                "anyOf": lists,
            },
            "client_ref": _CLIENT_REF,
            "webhook_url": _WEBHOOK_URL,
        },
        "required": ["template", "workflow"],
        "examples": [_EXAMPLE],
    }


def _step(channel: Channel, *, last: bool) -> Schema:
    schema = step_model(channel, last=last).model_json_schema(by_alias=True)
    step: Schema = _inlined(schema, schema.get("$defs", {}))
    step["title"] = f"{channel.name}{', last' if last else ''}"
    step["properties"]["from"]["properties"][channel.sender] = _sender(channel)
    step["properties"]["to"]["properties"][channel.recipient] = _RECIPIENTS[channel.recipient]
    if not last:
        failover = step["properties"]["failover"]["properties"]
        failover["expiry_time"] = _tolerant_seconds(*EXPIRY_SECONDS)
    for name, option in channel.options:
        options = _options(step, channel)
        if option.seconds:
            options["properties"][name] = {"anyOf": [_tolerant_seconds(*option.seconds), _NULL]}
        if option.required_when:
            _split(step, channel, name, *option.required_when)
    return step


def _inlined(schema: Any, definitions: dict[str, Schema]) -> Any:
    """The schema without references and without what pydantic adds for programs."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    kept = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: _inlined(item, definitions) for name, item in value.items()}
        elif key not in ("$defs", "title") and not (key == "default" and value is None):
            kept[key] = _inlined(value, definitions)
    return kept


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


def _options(step: Schema, channel: Channel) -> Schema:
    options: Schema = next(
        branch for branch in step["properties"]["message"]["properties"][channel.name]["anyOf"] if branch != _NULL
    )
    return options


def _split(step: Schema, channel: Channel, name: str, other: str, word: str) -> None:
    """Options of which one is required when another has a certain value: two schemas in place of one."""
    options = _options(step, channel)
    choices = next(branch["enum"] for branch in options["properties"][other]["anyOf"] if "enum" in branch)
    text = next(branch for branch in options["properties"][name]["anyOf"] if branch != _NULL)
    free = {"anyOf": [{"enum": [choice for choice in choices if choice != word]}, _NULL]}
    bound = {**options["properties"], other: {"const": word}, name: text}
    step["properties"]["message"]["properties"][channel.name] = {
        "anyOf": [
            {**options, "properties": {**options["properties"], other: free}},
            {**options, "properties": bound, "required": [other, name]},
            _NULL,
        ]
    }


def _camel(channel: str) -> str:
    return "".join(part.title() for part in channel.split("_"))
