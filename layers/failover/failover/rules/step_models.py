"""The parts of a step, as pydantic models made from the channel table (contract, sections 3.2 to 3.6)."""

import re
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    create_model,
)
from pydantic_core import PydanticCustomError

from failover.rules.channels import CAPTION_LIMIT, CHANNELS, URL_LIMIT, Channel, Option
from failover.rules.statuses import CONDITIONS

EXPIRY_SECONDS = (15, 86400)
TAG = "@"
"""What the tags of a union's branches begin with; pydantic puts them into the path of a fault."""

_LONGEST_NUMBER = 50
"""Digits of an id or a number."""

_CONFIG = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)
_LENIENT = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


@cache
def step_model(channel: Channel, *, last: bool) -> type[BaseModel]:
    """The model of a step over `channel`; unknown fields are faults, and the last step has no `failover`."""
    party = {"type": (Literal[channel.name], ...)}
    message: dict[str, Any] = {"content": (_content(channel), ...), "client_ref": (ClientRef | None, None)}
    if channel.options:
        message[channel.name] = (_options(channel) | None, None)
    fields: dict[str, Any] = {
        "from_": (_model("From", **party, **{channel.sender: (_sender(channel), ...)}), Field(alias="from")),
        "to": (_model("To", **party, **{channel.recipient: (_RECIPIENTS[channel.recipient], ...)}), ...),
        "message": (_model("Message", **message), ...),
        "client_ref": (ClientRef | None, None),
    }
    if not last:
        fields["failover"] = (_failover(channel.name, channel.conditions), ...)
    return _model("Step", **fields)


@cache
def unknown_step_model(*, last: bool) -> type[BaseModel]:
    """What can be said of a step whose channel nobody can tell; nothing satisfies it."""
    party = _model("To", __config__=_LENIENT, type=(Literal[tuple(CHANNELS)], ...))
    fields: dict[str, Any] = {"from_": (Any, Field(alias="from")), "to": (party, ...), "message": (Any, ...)}
    if not last:
        fields["failover"] = (_failover("", CONDITIONS), ...)
    return _model("Step", __config__=_LENIENT, **fields)


def _model(model: str, /, **fields: Any) -> type[BaseModel]:
    return cast(type[BaseModel], cast(Any, create_model)(model, **{"__config__": _CONFIG, **fields}))


def _sender(channel: Channel) -> Any:
    read = _written_out if channel.sender == "id" else _international
    pattern = f"^[{channel.sender_characters}]*$" if channel.sender_characters else _PRINTABLE
    return Annotated[str, Field(min_length=1, max_length=50, pattern=pattern), BeforeValidator(read)]


def _content(channel: Channel) -> Any:
    """Whichever of the channel's content types the object says it is."""
    kinds = channel.kinds
    branches = []
    for kind in kinds:
        content = _model(f"{kind}Content", **{"type": (Literal[kind], ...), kind: (_value(channel, kind), ...)})
        branches.append(Annotated[content, Tag(f"{TAG}{kind}")])

    def tag(value: Any) -> str | None:
        kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
        return f"{TAG}{kind}" if kind in kinds else None

    wanted = "Input should be an object with a type of " + " or ".join(f"'{kind}'" for kind in kinds)
    discriminator = Discriminator(tag, custom_error_type="content_type", custom_error_message=wanted)
    return Annotated[Union[*branches], discriminator] if len(branches) > 1 else branches[0]


def _value(channel: Channel, kind: str) -> Any:
    """What stands under the content type's own name."""
    match kind:
        case "text":
            return Annotated[str, Field(min_length=1, max_length=channel.text_limit)]
        case "template":
            return _model("Template", name=(_Name, ...), parameters=(list[_Parameter] | None, None))
        case "custom":
            return Annotated[dict[str, Any], Field(min_length=1)]
        case _:
            caption = {"caption": (_Caption | None, None)} if kind in channel.captions else {}
            return _model(kind, url=(_Url, ...), **caption)


def _options(channel: Channel) -> type[BaseModel]:
    return _model("Options", **{name: (_option(name, option), None) for name, option in channel.options})


def _option(name: str, option: Option) -> Any:
    if option.choices:
        return Literal[option.choices] | None
    if option.seconds:
        low, high = option.seconds
        return Annotated[int, Field(ge=low, le=high), BeforeValidator(_seconds)] | None

    def needed(value: str | None, info: ValidationInfo) -> str | None:
        if value is None and option.required_when is not None:
            other, word = option.required_when
            if info.data.get(other) == word:
                told = {"name": name, "other": other, "word": word}
                raise PydanticCustomError("needed", "{name} is required when {other} is {word}", told)
        return value

    text = Annotated[str, Field(min_length=1, max_length=100)]
    return Annotated[text | None, Field(validate_default=True), AfterValidator(needed)]


def _failover(channel: str, conditions: tuple[str, ...]) -> type[BaseModel]:
    low, high = EXPIRY_SECONDS

    def possible(value: Any) -> Any:
        if value == "read" and "read" not in conditions:
            told = {"channel": channel}
            raise PydanticCustomError("no_read", "{channel} has no read status, only 'delivered' can be met", told)
        return value

    return _model(
        "Failover",
        expiry_time=(Annotated[int, Field(ge=low, le=high), BeforeValidator(_seconds)], ...),
        condition_status=(Annotated[Literal[conditions], BeforeValidator(possible)], ...),
    )


def _whole(value: Any) -> Any:
    """A number that JSON writes with a fraction of zero is an integer all the same."""
    if isinstance(value, Decimal) and value.adjusted() < _LONGEST_NUMBER and value == value.to_integral_value():
        return int(value)
    return value


def _written_out(value: Any) -> Any:
    """Numbers and ids may come as JSON integers, and with white space around them."""
    value = _whole(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    return value.strip(" \t\n\r\f\v") if isinstance(value, str) else value


def _international(value: Any) -> Any:
    """A telephone number without its leading `+` or `00`."""
    text = _written_out(value)
    return re.sub(r"^(?:\+|00)(?=\d+$)", "", text, flags=re.ASCII) if isinstance(text, str) else text


def _seconds(value: Any) -> Any:
    """A whole number of seconds may come as a string."""
    value = _whole(value)
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}\s*", value, re.ASCII):
        return int(value)
    return value


_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_Id = Annotated[str, Field(min_length=1, max_length=50, pattern=_PRINTABLE), BeforeValidator(_written_out)]
_Phone = Annotated[str, Field(pattern=r"^[1-9][0-9]{6,14}$"), BeforeValidator(_international)]
_BLANKS = r"\s\x00-\x20\x7f-\xa0\ufeff"
r"""Controls and white space, the same for every regex engine that knows Unicode: U+FEFF is in the `\s` of JavaScript.

A list of the blanks would be no better: one generator of clients writes `\u2028` out in its JavaScript.
"""
_URL = rf"^[Hh][Tt][Tt][Pp][Ss]?://[^{_BLANKS}]+$"
_Url = Annotated[str, Field(min_length=1, max_length=URL_LIMIT, pattern=_URL)]
_Caption = Annotated[str, Field(min_length=1, max_length=CAPTION_LIMIT)]
_Name = Annotated[str, Field(min_length=1, max_length=512)]


class _Default(BaseModel):
    model_config = _CONFIG

    default: str


_Parameter = Annotated[
    Annotated[str, Tag(f"{TAG}text")] | Annotated[_Default, Tag(f"{TAG}default")],
    Discriminator(lambda value: f"{TAG}text" if isinstance(value, str) else f"{TAG}default"),
]
"""A template's parameter: a string, or, as older clients wrote it, {"default": "…"}."""
ClientRef = Annotated[str, Field(min_length=1, max_length=40)]

_RECIPIENTS = {"id": _Id, "number": _Phone}
