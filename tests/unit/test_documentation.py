"""Nothing a user can meet is missing from the documentation."""

import re

import pytest

from failover.problems import CATALOGUE
from failover.rules.channels import CHANNELS
from tests.world import ROOT, template

API = (ROOT / "docs/api.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()
SOURCES = "".join(path.read_text() for path in (ROOT / "layers/failover/failover").rglob("*.py"))


def row(page, first):
    """The cells of the table row that begins with `first`."""
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def ticked(words):
    return ", ".join(f"`{word}`" for word in words) or "none"


def test_channel_table():
    """The table of channels in the documentation is the one in the code, limits and all."""
    channels = CHANNELS.values()
    header = next(line for line in API.splitlines() if line.startswith("| | `messenger`"))
    assert re.findall(r"`(\w+)`", header) == list(CHANNELS)
    assert row(API, "`from`") == [f"`{channel.sender}`" for channel in channels]
    assert row(API, "`to`") == [f"`{channel.recipient}`" for channel in channels]
    assert row(API, "content types") == [ticked(channel.kinds) for channel in channels]
    assert row(API, "captions on") == [ticked(channel.captions) for channel in channels]
    limits = [f"1 to {channel.text_limit}" if channel.text_limit else "none" for channel in channels]
    assert row(API, "text, characters") == limits
    assert row(API, "`condition_status`") == [ticked(channel.conditions) for channel in channels]
    assert row(API, "options") == [ticked(name for name, _ in channel.options) for channel in channels]
    assert row(API, "Messages API") == [", ".join(channel.versions) for channel in channels]


def test_option_bounds():
    """The choices, bounds and defaults of every option are told, and what content it belongs to."""
    for channel in CHANNELS.values():
        for name, option in channel.options:
            (line,) = [line for line in re.sub(r"\n  ", " ", API).splitlines() if f"`{channel.name}.{name}`" in line]
            assert all(f"`{choice}`" in line for choice in option.choices)
            assert option.seconds is None or "{} to {}".format(*option.seconds) in line
            assert option.otherwise is None or f"`{option.otherwise}`" in line
            assert all(f"belong to {kind}s" in line for kind in channel.options_on)


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.type.rpartition("#")[2])
def test_problems(kind):
    """Every problem of the catalogue is in the table with its status, type and title."""
    fragment = kind.type.rpartition("#")[2]
    assert re.search(rf"^\| {kind.status} \| `[^`]*#{fragment}` \| {re.escape(kind.title)} \|", API, re.MULTILINE)


@pytest.mark.parametrize("variable", re.findall(r'environment\.get\("(\w+)"', SOURCES))
def test_settings(variable):
    """Every environment variable is told."""
    assert f"| `{variable}` |" in OPERATIONS


@pytest.mark.parametrize("parameter", template()["Parameters"])
def test_parameters(parameter):
    """Every parameter of the template is told, with its default."""
    default = str(template()["Parameters"][parameter]["Default"])
    assert row(OPERATIONS, f"`{parameter}`")[0] == (f"`{default}`" if default else "empty")


@pytest.mark.parametrize("metric", sorted(set(re.findall(r'count\("(\w+)"', SOURCES))))
def test_metrics(metric):
    """Every metric is told."""
    assert f"| `{metric}` |" in OPERATIONS


@pytest.mark.parametrize("event", sorted(set(re.findall(r'_noted\(workflow, \S+, "(\w+)"', SOURCES))))
def test_timeline_events(event):
    """Every kind of entry in the timeline is told."""
    assert f"| `{event}` |" in API
