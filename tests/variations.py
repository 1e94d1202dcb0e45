"""Values for every field of the channel table, at each of its bounds and beyond."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from failover.rules.channels.addresses import Dialled, Id, Recipient
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import AnyObject, Flag, Kind, Matching, Parameter, Text, Url, Whole, Word
from failover.rules.channels.objects import Field, Many, Object, OneOf, Tagged
from tests import examples

_URL = "https://x.test/a"
_UNSEEN = [f"https://x.test/a{char}b" for char in " \x85\u200b\u2028\u2060\ufe0f\ufeff\u2800"]
_MATCHING = {
    "start_time": (
        ["2026-06-28T19:00:00Z", "2026-06-28T19:00:00.5+01:00"],
        [
            *("2026-06-28", "2026-06-28T19:00:00", "now", "2026-13-45T99:99:99Z", "2026-06-28T19:00:00+99:99"),
            *("2026-06-28T24:00:00Z", "2026-06-28T19:00:60Z", "2026-06-00T19:00:00Z", "2026-06-28T19:00:00+24:00"),
        ],
    ),
}
_MATCHING["end_time"] = _MATCHING["start_time"]


def good(kind: Kind, name: str = "") -> list[Any]:
    """Values that a kind accepts, the smallest first; `name` is the field's."""
    match kind:
        case Text(most, least):
            return ["x" * least, "\U0001f44d" * most]
        case Word(words):
            return list(words)
        case Whole(low, high, as_text=as_text):
            return [str(low), str(high)] if as_text else [low, high]
        case Flag():
            return [True, False]
        case Url(most):
            return [_URL, _URL.ljust(most, "a"), "http://x.test:8443/a?b=c#d"]
        case Matching():
            return _MATCHING[name][0]
        case Recipient():
            return ["447700900002", "1" * 7, "1" * 15]
        case Dialled():
            return ["14155550100", "1" * 15, "12", "+1234567"]
        case Id(most):
            return ["x", "\U0001f44d" * most, "ID 7", "7" * most]
        case Parameter():
            return ["", "Jo"]
        case AnyObject():
            return [{"a": {"b": [None]}}]
        case Many(of, _, least, most):
            items = good(of, name)
            return [items[:1] * max(least, 1), (items * (most or 3))[: most or 3], [items[-1]] * (most or 3)]
        case OneOf(fields):
            return [{one.name: value} for one in fields for value in good(one.kind, one.name)]
        case Tagged(tag, cases):
            return [{tag: case.word, **value} for case in cases for value in good(case.object)]
        case Object(fields):
            return list(_objects(fields))
    raise TypeError(kind)


def _objects(fields: tuple[Field, ...]) -> Iterator[dict[str, Any]]:
    smallest = {one.name: good(one.kind, one.name)[0] for one in fields if one.required}
    full = {one.name: good(one.kind, one.name)[0] for one in fields}
    yield smallest
    yield full
    for one in fields:
        for value in good(one.kind, one.name)[1:]:
            yield {**full, one.name: value}


def bad(kind: Kind, name: str = "") -> list[Any]:
    """Values that a kind refuses."""
    match kind:
        case Text(most, least):
            return ["x" * (most + 1), 5, {}, *([""] if least else [])]
        case Word():
            return ["", "another", 5, ["x"]]
        case Whole(low, high):
            return [low - 1, high + 1, str(high + 1), "soon", low + 0.5, True, "", "٣٠"]
        case Flag():
            return ["true", 1, 0]
        case Url(most):
            return ["", "x", "ftp://x.test/a", "https://", *_UNSEEN, _URL.ljust(most + 1, "a"), 5]
        case Matching():
            return [*_MATCHING[name][1], 5]
        case Recipient():
            return ["12345", "ACME", "0447700900000", 5, "44-7700-900000"]
        case Dialled():
            return ["0123456", "+", "1" * 16, "44-7700-900000", "ACME", 5, True]
        case Id(most):
            return ["", "x" * (most + 1), "\u200b", "a\x85b", -1, 0.5, True, {}]
        case Parameter():
            return [7, {"default": 7}, {}, {"default": "x", "more": "x"}]
        case AnyObject():
            return [{}, "x", []]
        case Many(of, _, least, most):
            items = good(of, name)
            sizes = [*([[]] if least else []), *([items[:1] * (most + 1)] if most else [])]
            return ["x", {}, '["x"]', *sizes, *([value] * max(least, 1) for value in bad(of, name))]
        case OneOf(fields):
            both = {one.name: good(one.kind, one.name)[0] for one in fields}
            return [{}, both, "x", *({fields[0].name: value} for value in bad(fields[0].kind))]
        case Tagged(tag, cases):
            broken = [
                {tag: case.word, **value} for case in cases for value in bad(case.object) if isinstance(value, dict)
            ]
            return [{}, {tag: "another"}, "x", *broken]
        case Object(fields):
            full = {one.name: good(one.kind, one.name)[0] for one in fields}
            missing = [
                {name: value for name, value in full.items() if name != one.name} for one in fields if one.required
            ]
            broken = [{**full, one.name: value} for one in fields for value in bad(one.kind, one.name)]
            return ["x", [], {**full, "surprise": 1}, *missing, *broken]
    raise TypeError(kind)


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Steps that Messages API v1 accepts, each with a label: every content type and option at every bound."""
    for label, step in examples.messages().items():
        channel, kind = CHANNELS[step["to"]["type"]], step["message"]["content"]["type"]
        (content,) = [one for one in channel.contents if one.name == kind]
        for number, value in enumerate(good(content.kind, kind)):
            changed = examples.changed(step, f"message.content.{kind}", value)
            options = changed["message"].get(channel.name, {})
            for need in channel.needs:
                if need.content == kind and need.field not in value and need.word in (None, options.get(need.option)):
                    options.pop(need.option, None)
            yield f"{label}{number}", changed
        for one in channel.options:
            if one.name not in step["message"].get(channel.name, {}):
                continue
            for number, value in enumerate(good(one.kind, one.name)):
                yield f"{label}-{one.name}{number}", examples.changed(step, f"message.{channel.name}.{one.name}", value)


def broken_steps() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(label, path, step): steps with one wrong value, at this path within the step."""
    for label, step in examples.messages().items():
        channel, kind = CHANNELS[step["to"]["type"]], step["message"]["content"]["type"]
        (content,) = [one for one in channel.contents if one.name == kind]
        for number, value in enumerate(bad(content.kind, kind)):
            where = f"message.content.{kind}"
            yield f"{label}{number}", where, examples.changed(step, where, value)
        for one in channel.options:
            if one.name not in step["message"].get(channel.name, {}):
                continue
            for number, value in enumerate(bad(one.kind, one.name)):
                where = f"message.{channel.name}.{one.name}"
                yield f"{label}-{one.name}{number}", where, examples.changed(step, where, deepcopy(value))
