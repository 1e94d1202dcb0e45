"""The kinds of fields (`rules.channels.kinds`) as pydantic types, and pydantic's errors as faults in our words.

Only code that validates requests, messages or commands may import this: pydantic is the slowest import.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, TypedDict, Union, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    GetCoreSchemaHandler,
    StrictBool,
    StrictInt,
    StrictStr,
    Tag,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    with_config,
)
from pydantic import Field as Limits
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError

from failover.rules.channels import kinds
from failover.rules.channels.addresses import Address
from failover.rules.channels.kinds import VERSIONS, Kind, Word
from failover.rules.channels.objects import Case, Field, Many, Object, OneOf, Tagged, missing_in
from failover.rules.formats.faults import Fault

_OURS = "fault"
"""Error type of our own messages."""
_REQUIRED = "Required, but missing"
_MESSAGES = {"missing": _REQUIRED, "extra_forbidden": "Unknown field", "string_unicode": "Should be Unicode text"}
_BRANCH = "@"
"""Prefix of a union's tags, which pydantic puts into an error's path."""


def read(kind: Kind, value: Any, version: str = VERSIONS[0], at: str = "") -> tuple[Any, list[Fault]]:
    """Return (the value as it is stored and sent, its faults). A value with faults is None.

    `version` is that of the Messages API; `at` is the path of the value.
    """
    return read_as(_adapter(kind, version), value, at)


def read_as(model: TypeAdapter[Any], value: Any, at: str = "") -> tuple[Any, list[Fault]]:
    """As `read`, for a model whose fields are kinds (see `Of`)."""
    try:
        return model.validate_python(value), []
    except ValidationError as error:
        return None, [_fault(one, at) for one in _details(error)]


@cache  # for each channel, content type and version: few
def _adapter(kind: Kind, version: str) -> TypeAdapter[Any]:
    return TypeAdapter(_type(kind, version))


@dataclass(frozen=True)
class Of:
    """Use a kind as the type of a model's field: `Annotated[str, Of(Text(100))]`."""

    kind: Kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(_type(self.kind, VERSIONS[0]))


def union(kind: Tagged | OneOf, branches: Mapping[str, Any]) -> Any:
    """Return the pydantic type of one of several objects. `kind.choice` names the branch."""

    def branch(value: Any) -> str | None:
        return f"{_BRANCH}{kind.choice(value)}" if isinstance(value, dict) else None

    tagged = [Annotated[of, Tag(f"{_BRANCH}{name}")] for name, of in branches.items()]
    return _in_our_words(kind, Annotated[Union[*tagged], Discriminator(branch)])


def _in_our_words(kind: Kind, plain: Any) -> Any:
    """Return the type with the kind's own reason if the value itself is refused. Faults inside it stay."""

    def validate(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except ValidationError as error:
            first = _details(error)[0]
            if first["loc"] or first["type"] == _OURS:
                raise
            path, why = _unlike(kind, value)
            fault = InitErrorDetails(type=_ours(why), loc=path, input=None)
            raise ValidationError.from_exception_data("", [fault]) from None

    return Annotated[plain, WrapValidator(validate)]


def _type(kind: Kind, version: str) -> Any:
    """Return the pydantic type of a kind, with errors in our words."""
    match kind:
        case Tagged(tag, cases):
            return union(kind, {case.word: _case(tag, case, version) for case in cases})
        case OneOf(fields):
            return union(kind, {one.name: _typed_dict({one.name: _type(one.kind, version)}) for one in fields})
    return _in_our_words(kind, _plain(kind, version))


def _plain(kind: Kind, version: str) -> Any:
    match kind:
        case kinds.Text(most, least):
            return Annotated[StrictStr, Limits(min_length=least, max_length=most)]
        case Word(words):
            return Literal[words]
        case kinds.Whole(low, high, as_text=as_text):
            number = Annotated[StrictInt, Limits(ge=low, le=high), BeforeValidator(_whole)]
            return Annotated[number, AfterValidator(str)] if as_text else number
        case kinds.Flag():
            return StrictBool
        case kinds.Url() | kinds.Matching():
            most = kind.most if isinstance(kind, kinds.Url) else None
            fits = _judged_by(lambda text: None if kind.fits(text) else _unlike(kind, text)[1])
            return Annotated[StrictStr, Limits(max_length=most, pattern=kind.pattern), AfterValidator(fits)]
        case kinds.Checked(fault):
            return Annotated[StrictStr, AfterValidator(_judged_by(fault))]
        case Address():
            return Annotated[StrictStr, Limits(pattern=kind.pattern), BeforeValidator(_tidied_by(kind.tidied))]
        case kinds.Parameter():
            return Annotated[StrictStr, BeforeValidator(_without_default)]
        case kinds.AnyObject():
            return Annotated[dict[Any, Any], Limits(min_length=1)]
        case kinds.Anything():
            return Any
        case Many(of, _, least, most):
            counted = TypeAdapter[Any](Annotated[list[Any], Limits(min_length=least, max_length=most)])
            item: Any = _type(of, version)
            return Annotated[list[item], BeforeValidator(counted.validate_python)]
        case Object():
            return _object(kind, version)
    raise TypeError(kind)


def _case(tag: str, case: Case, version: str) -> Any:
    if version not in case.versions:
        return _typed_dict({tag: _never(missing_in(version, case.word, case.versions))}, strict=False)
    return _object(case.object, version, {tag: Literal[case.word]})


def _object(kind: Object, version: str, first: Mapping[str, Any] | None = None) -> Any:
    """`first` has fields to put before those of the kind, with their types."""
    types = dict(first or {})
    for one in kind.fields:
        of_field = _field(one, version)
        types[one.name] = of_field if one.required else NotRequired[of_field]
    for name, why in kind.elsewhere:
        types.setdefault(name, NotRequired[_never(why)])
    optional = {one.name for one in kind.fields if not one.required} | {name for name, _ in kind.elsewhere}
    lists = {one.name for one in kind.fields if not one.required and isinstance(one.kind, Many) and not one.kind.least}
    needs = {one.name: one.required_when for one in kind.fields if one.required_when}

    def prepared(value: Any) -> Any:
        """Remove what counts as no value; add null for a missing field that another one requires."""
        if not isinstance(value, dict):
            return value
        given = {name: item for name, item in value.items() if item is not None or name not in optional}
        given = {name: item for name, item in given.items() if item != [] or name not in lists}
        missing = [name for name, (other, word) in needs.items() if given.get(other) == word]
        return {**dict.fromkeys(missing), **given}

    return Annotated[_typed_dict(types, strict=kind.strict), BeforeValidator(prepared)]


def _typed_dict(types: dict[str, Any], *, strict: bool = True) -> Any:
    config = ConfigDict(extra="forbid" if strict else "ignore", hide_input_in_errors=True)
    return with_config(config)(cast(Any, TypedDict)("Fields", types))


def _field(one: Field, version: str) -> Any:
    if version not in one.versions:
        return _never(missing_in(version, one.name, one.versions))
    if one.in_v0_1 and version == "v0.1":
        return Annotated[_type(one.in_v0_1, version), WrapValidator(_more_in_v1)]
    if one.required_when:
        why = "{} is required when {} is '{}'".format(one.name, *one.required_when)
        return Annotated[_type(one.kind, version), BeforeValidator(_judged_by(lambda it: why if it is None else None))]
    return _type(one.kind, version)


def _never(why: str) -> Any:
    """Return the type of a field that is always refused."""
    return Annotated[Any, BeforeValidator(_judged_by(lambda _: why))]


def _judged_by(fault: Callable[[Any], str | None]) -> Callable[[Any], Any]:
    """Return a validator that refuses a value with the reason that `fault` returns, if any."""

    def judge(value: Any) -> Any:
        if why := fault(value):
            raise _ours(why)
        return value

    return judge


def _more_in_v1(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError as error:
        why = _details(error)[0]["msg"]
        raise _ours(f"{why}; more needs Messages API v1, but this service uses v0.1") from None


def _tidied_by(tidied: Callable[[str], str]) -> Callable[[Any], Any]:
    """Addresses may come as JSON integers, which are kept to the last digit."""

    def tidy(value: Any) -> Any:
        value = _integer(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**kinds.LONGEST_NUMBER:
            value = str(value)
        return tidied(value) if isinstance(value, str) else value

    return tidy


def _whole(value: Any) -> Any:
    """Read an integer, which may be a string of digits."""
    if isinstance(value, str) and re.fullmatch(r"[ \t\n\r\f\v]*[0-9]{1,9}[ \t\n\r\f\v]*", value):
        return int(value)
    return _integer(value)


def _integer(value: Any) -> Any:
    """Read a number with a zero fraction, `600.0`, as an integer."""
    if isinstance(value, Decimal) and value.adjusted() < kinds.LONGEST_NUMBER and value == value.to_integral_value():
        return int(value)
    return value


def _without_default(value: Any) -> Any:
    return value["default"] if isinstance(value, dict) and set(value) == {"default"} else value


def _ours(why: str) -> PydanticCustomError:
    return PydanticCustomError(_OURS, "{why}", {"why": why})


def _unlike(kind: Kind, value: Any) -> tuple[tuple[str, ...], str]:
    """Return (path, reason) for a value that is not of the kind. The reason names its type if that is wrong as well.

    It never quotes the value, which may be personal data.
    """
    match kind:
        case Tagged(tag) if isinstance(value, dict):
            why = _unlike(kind.word, value[tag])[1] if tag in value else f"{_REQUIRED}: {kind.word.wanted}"
            return (tag,), why
        case Word(_, refusals) if isinstance(value, str) and value in dict(refusals):
            return (), dict(refusals)[value]
    other = "" if isinstance(value, kind.types) and not isinstance(value, bool) else f", not {_what_is(value)}"
    return (), f"Should be {kind.wanted}{other}"


def _what_is(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str() if value.lstrip("\ufeff \t\r\n")[:1] in ("{", "[", '"'):
            return "a string that holds JSON: send the JSON itself, without quotes around it"
        case str():
            return "a string"
        case list():
            return "an array"
        case Mapping():
            return "an object"
        case _:
            return "a number"


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_context=False, include_input=False)


def _fault(error: ErrorDetails, at: str) -> Fault:
    path = list(error["loc"])
    own = [path.pop()] if error["type"] == "extra_forbidden" else []  # chosen by the client, so it may begin with @
    for part in [*(part for part in path if not str(part).startswith(_BRANCH)), *own]:
        at = kinds.join(at, part)
    return {"name": at or "body", "reason": _MESSAGES.get(error["type"], error["msg"])}
