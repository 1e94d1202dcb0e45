"""The tables of docs/api.md that follow from the channel table: `make generate` writes them."""

from collections.abc import Iterable

from failover.rules.channels.channel import Channel
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import VERSIONS, Kind, Text
from failover.rules.channels.objects import Field, Many, Object, Tagged
from failover.rules.channels.rich_cards import SUGGESTION
from local.generated_tables import table, with_tables
from local.place import ROOT

PAGE = ROOT / "docs/api.md"
_HOUR, _DAY = 3600, 86400


def tables() -> dict[str, list[str]]:
    """Return the lines of each table, by the name in its marker."""
    return {"channels": _channels(), "content": _content(), "options": _options(), "suggestions": _suggestions()}


def page() -> str:
    """Return docs/api.md with its tables as the code has them."""
    return with_tables(PAGE, tables())


def listed(fields: Iterable[Field]) -> str:
    """Return what these fields hold, in words."""
    return "; ".join(f"`{one.name}`, {_words(one.kind)}" + ("" if one.required else " (optional)") for one in fields)


def _channels() -> list[str]:
    rows = CHANNELS.values()
    lines = [
        ["", *(f"`{row.name}`" for row in rows)],
        ["`from`", *(f"`{row.sender}`" for row in rows)],
        ["`to`", *(f"`{row.recipient}`" for row in rows)],
        *(
            [f"content types with {version}", *(_names(row.contents, row, version) for row in rows)]
            for version in VERSIONS
        ),
        ["`text`, characters", *map(_length, rows)],
        *([f"options with {version}", *(_names(row.options, row, version) for row in rows)] for version in VERSIONS),
        ["`condition_status`", *(_ticked(row.conditions) for row in rows)],
        ["receipt window", *(_days_or_hours(row.receipt_window) for row in rows)],
    ]
    return table(*lines)


def _names(fields: Iterable[Field], row: Channel, version: str) -> str:
    return _ticked(one.name for one in fields if version in one.versions and version in row.versions)


def _length(row: Channel) -> str:
    for one in row.contents:
        if one.name == "text" and isinstance(one.kind, Text):
            older = f", v0.1 {one.in_v0_1.most}" if isinstance(one.in_v0_1, Text) else ""
            return f"{one.kind.least} to {one.kind.most}{older}"
    return "none"


def _days_or_hours(seconds: int) -> str:
    return f"{seconds // _DAY} days" if seconds > 7 * _DAY else f"{seconds // _HOUR} hours"


def _content() -> list[str]:
    """A row for each field of each content type but text, with the channels that have it."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for channel in CHANNELS.values():
        for content in channel.contents:
            if content.name == "text":
                continue
            for path, one in _parts(content):
                known = [v for v in VERSIONS if v in one.versions and v in content.versions and v in channel.versions]
                place = f"`{channel.name}`" + (f" ({known[0]})" if len(known) == 1 else "")
                found.setdefault((path, _words(one.kind), _necessity(one)), []).append(place)
    rows = [[f"`{path}`", *rest, ", ".join(places)] for (path, *rest), places in found.items()]
    return table(["field", "value", "required", "channels"], *rows)


def _parts(content: Field) -> list[tuple[str, Field]]:
    """(path, field) of what stands under a content type's name."""
    if isinstance(content.kind, Object):
        return [(f"{content.name}.{one.name}", one) for one in content.kind.fields]
    return [(content.name, content)]


def _options() -> list[str]:
    rows = []
    for channel in CHANNELS.values():
        for one in channel.options:
            needed = f"with {_ticked(one.required_with)}" if one.required_with else _necessity(one)
            sent = f"`{one.otherwise}` is sent without it" if one.otherwise else ""
            about = "; ".join(filter(None, [one.about, sent]))
            goes_with = _ticked(one.with_content) if one.with_content else "any"
            rows.append([f"`{channel.name}.{one.name}`", _words(one.kind), needed, goes_with, about])
    return table(["option", "value", "required", "with content", "meaning"], *rows)


def _suggestions() -> list[str]:
    rows = [[f"`{case.word}`", listed(case.object.fields[2:]) or "nothing more"] for case in SUGGESTION.cases]
    return table(["suggestion", "further fields"], *rows)


def _words(kind: Kind) -> str:
    """What a kind wants, with the fields of an object that has no table of its own."""
    match kind:
        case Object(fields) if not kind.name.startswith("Rcs"):
            return f"an object: {listed(fields)}"
        case Many(Object(fields, name)) if not name.startswith("Rcs"):
            return f"{kind.wanted}: {listed(fields)}"
        case Tagged(_, cases):
            inner = [f"'{case.word}' has {listed(case.object.fields)}" for case in cases if case.object.fields]
            return "; ".join([kind.wanted, *inner])
        case _:
            return kind.wanted


def _necessity(one: Field) -> str:
    if one.required_when:
        return "when `{}` is `{}`".format(*one.required_when)
    return "yes" if one.required else "no"


def _ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "none"


if __name__ == "__main__":
    PAGE.write_text(page())
