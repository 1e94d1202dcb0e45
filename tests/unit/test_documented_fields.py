"""The fields of a request are in the documentation as they are in the channel table."""

import re
from dataclasses import replace

import pytest

from failover.rules.channels import kinds, objects
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.rich_cards import SUGGESTION
from tests.documented import API, row, section


def ticked(words):
    return ", ".join(f"`{word}`" for word in words) or "none"


def in_version(fields, version):
    return ticked(one.name for one in fields if version in one.versions)


def test_channel_table():
    """The table of channels in the documentation is the one in the code, limits and all."""
    channels = CHANNELS.values()
    header = next(line for line in API.splitlines() if line.startswith("| | `messenger`"))
    assert re.findall(r"`(\w+)`", header) == list(CHANNELS)
    assert row(API, "`from`") == [f"`{channel.sender}`" for channel in channels]
    assert row(API, "`to`") == [f"`{channel.recipient}`" for channel in channels]
    texts = [next(one for one in channel.contents if one.name == "text") for channel in channels]
    limits = [f"1 to {text.kind.most}" + (f", v0.1 {text.in_v0_1.most}" if text.in_v0_1 else "") for text in texts]
    assert row(API, "`text`, characters") == limits
    assert row(API, "`condition_status`") == [ticked(channel.conditions) for channel in channels]
    for version in kinds.VERSIONS:
        here = [
            channel if version in channel.versions else replace(channel, contents=(), options=())
            for channel in channels
        ]
        assert row(API, f"content types with {version}") == [in_version(channel.contents, version) for channel in here]
        assert row(API, f"options with {version}") == [in_version(channel.options, version) for channel in here]


def words(kind):
    """What a kind wants, with the fields of an object that has no table of its own."""
    match kind:
        case objects.Object(fields) if not kind.name.startswith("Rcs"):
            return f"an object: {listed(fields)}"
        case objects.Many(objects.Object(fields)) if not kind.of.name.startswith("Rcs"):
            return f"{kind.wanted}: {listed(fields)}"
        case objects.Tagged(_, cases):
            inner = [f"'{case.word}' has {listed(case.object.fields)}" for case in cases if case.object.fields]
            return "; ".join([kind.wanted, *inner])
        case _:
            return kind.wanted


def listed(fields):
    return "; ".join(f"`{one.name}`, {words(one.kind)}" + ("" if one.required else " (optional)") for one in fields)


def cells(*texts):
    return "| " + " | ".join(texts).replace("|  |", "| |") + " |"


def necessity(one):
    if one.required_when:
        return "when `{}` is `{}`".format(*one.required_when)
    return "yes" if one.required else "no"


def parts(content):
    """(path, field, versions) of what stands under a content type's name."""
    if isinstance(content.kind, objects.Object):
        return [
            (f"{content.name}.{one.name}", one, {*one.versions} & {*content.versions}) for one in content.kind.fields
        ]
    return [(content.name, content, {*content.versions})]


def content_rows():
    """A row for every field of every content type but text, with the channels that have it."""
    found = {}
    for channel in CHANNELS.values():
        for content in channel.contents:
            for path, one, versions in parts(content):
                if path != "text":
                    known = [version for version in kinds.VERSIONS if version in versions & {*channel.versions}]
                    place = f"`{channel.name}`" + (f" ({known[0]})" if len(known) == 1 else "")
                    found.setdefault((path, words(one.kind), necessity(one)), []).append(place)
    return [cells(f"`{path}`", *rest, ", ".join(places)) for (path, *rest), places in found.items()]


def option_rows():
    rows = []
    for channel in CHANNELS.values():
        for one in channel.options:
            needed = f"with {ticked(one.required_with)}" if one.required_with else necessity(one)
            sent = f"`{one.otherwise}` is sent without it" if one.otherwise else ""
            about = "; ".join(filter(None, [one.about, sent]))
            goes_with = ticked(one.with_content) if one.with_content else "any"
            rows.append(cells(f"`{channel.name}.{one.name}`", words(one.kind), needed, goes_with, about))
    return rows


def suggestion_rows():
    return [cells(f"`{case.word}`", listed(case.object.fields[2:]) or "nothing more") for case in SUGGESTION.cases]


@pytest.mark.parametrize(
    ("title", "rows"),
    [("Content", content_rows()), ("Options", option_rows()), ("RCS suggestions", suggestion_rows())],
)
def test_field_tables(title, rows):
    """Every field that a channel takes has a row of its own, with its bounds, and there is no other row."""
    table = [line for line in section(title).splitlines() if line.startswith("| `")]
    assert table == rows


def test_every_suggestion_has():
    """What all suggestions have in common is told above their table."""
    text = re.sub(r"\s+", " ", section("RCS suggestions"))
    for case in SUGGESTION.cases:
        assert listed(case.object.fields[:2]) in text
