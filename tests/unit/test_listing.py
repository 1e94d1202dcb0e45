"""The list's query string and the start of a page."""

import re

import pytest

from failover.rules.formats.pages import InvalidFilters, Position
from failover.rules.timing.instants import iso
from failover.rules.workflow.listing import CURSOR, Filters, answer, expanded, parse_filters, row
from local.openapi import operations, resources
from tests.acts import LATER, lived, sent, status
from tests.examples import ID, NOW

HERE = Position(NOW, ID)
ETERNITY = 253_402_300_799_999


def faults(**query):
    with pytest.raises(InvalidFilters) as caught:
        parse_filters(query)
    return [fault["name"] for fault in caught.value.faults]


def test_nothing_asked_for():
    """Without parameters, or with unknown ones, the list has everything, 20 entries a page."""
    assert parse_filters({}) == parse_filters({"sig": "x", "status_": "x"}) == Filters(limit=20)


@pytest.mark.decision("The list")
def test_empty():
    """An empty parameter is refused: the client meant to filter, and must not get everything."""
    names = ["status", "channel", "client_ref", "expand", "since", "until", "limit", "cursor"]
    assert faults(**dict.fromkeys(names, "")) == names


def test_everything_asked_for():
    """Each parameter is read into its filter."""
    query = {
        "status": "error",
        "channel": "sms",
        "client_ref": "table-12",
        "expand": "steps",
        "since": "2026-03-01T09:00:00.000Z",
        "until": "2026-03-01T10:00:00.001Z",
        "limit": "100",
        "cursor": HERE.cursor(),
    }
    span = (1_772_355_600_000, 1_772_359_200_001, 100, HERE)
    assert parse_filters(query) == Filters(*span, status="error", channel="sms", client_ref="table-12", expand="steps")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T09:00:00Z", 1_772_355_600_000),
        ("2026-03-01t09:00:00z", 1_772_355_600_000),
        ("2026-03-01 09:00:00Z", 1_772_355_600_000),
        ("2026-03-01T09:00:00", 1_772_355_600_000),
        ("2026-03-01T09:00", 1_772_355_600_000),
        ("2026-03-01", 1_772_323_200_000),
        ("20260301T090000Z", 1_772_355_600_000),
        ("2026-03-01T10:00:00+01:00", 1_772_355_600_000),
        ("2026-03-01T10:00:00 01:00", 1_772_355_600_000),
        ("2026-02-28T09:01:00-23:59", 1_772_355_600_000),
        ("2026-03-01T09:00:00-00:00", 1_772_355_600_000),
        ("2026-03-01T09:00:00.1Z", 1_772_355_600_100),
        ("2026-03-01T09:00:00.0019999999999Z", 1_772_355_600_001),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("2017-01-01T00:59:60.5+01:00", 1_483_228_800_500),
        ("1969-12-31T23:59:59Z", 0),
        ("0000-02-29T00:00:00Z", 0),
        ("0000-12-31T23:59:60z", 0),
        ("0001-01-01T00:00:00+23:59", 0),
        ("9999-12-31T23:59:59.999Z", ETERNITY),
        ("9999-12-31T23:59:60-23:59", ETERNITY),
    ],
)
def test_instants(text, instant):
    """Every RFC 3339 date-time is read to the millisecond; those out of range become the nearest possible instant."""
    filters = parse_filters({"since": text, "until": text})
    assert (filters.since, filters.until) == (instant, instant)


def test_shown_instants_are_read_back():
    """A listed `created_at`, sent back as `since` and `until`, means that very millisecond."""
    for milliseconds in range(NOW, NOW + 2000):
        assert parse_filters({"since": iso(milliseconds)}).since == milliseconds


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "expired"),
        ("status", "RUNNING"),
        ("channel", "pigeon"),
        ("channel", "viber_service"),
        ("client_ref", "x" * 41),
        ("client_ref", "\ud800"),
        ("expand", "step"),
        ("expand", "steps,timeline"),
        *[("since", text) for text in ("yesterday", "1772355600", "2026-02-29", "2026-03-01T09:61:00Z", "2026-03-01T")],
        *[("until", text) for text in ("2026-13-01", "2026-03-01T09:00:00+25:00", "2026-03-01T24:00:01Z")],
        *[("limit", text) for text in ("0", "101", "-1", "1.0", "ten", " 5", "٣", "9" * 5000)],
        *[
            ("cursor", text)
            for text in ("x", ID, f"1.{ID}\n", f"-1.{ID}", f"٣.{ID}", f"{10**15}.{ID}", f"1.{ID.upper()}")
        ],
    ],
)
def test_faults(name, value):
    """The reason names the parameter with the bad value."""
    assert faults(**{name: value}) == [name]


def test_every_fault_at_once():
    """All faults of a query string are reported together."""
    names = ["status", "channel", "client_ref", "expand", "since", "until", "limit", "cursor"]
    assert sorted(faults(**dict.fromkeys(names, "?" * 41))) == sorted(names)


def test_since_after_until():
    """A `since` after `until` is valid and matches nothing."""
    assert parse_filters({"since": "2026-03-02", "until": "2026-03-01"}).contradictory
    assert not parse_filters({"since": "2026-03-01", "until": "2026-03-01"}).contradictory


@pytest.mark.parametrize(
    ("since", "until", "start", "nothing"),
    [
        (NOW - 1, NOW + 1, HERE, False),
        (NOW, NOW, HERE, False),
        (0, NOW - 1, None, False),
        (NOW + 1, ETERNITY, HERE, True),
    ],
)
def test_cursor_of_another_span(since, until, start, nothing):
    """A cursor newer than the span starts at its beginning, an older one after its end; one inside continues there."""
    filters = Filters(since=since, until=until, after=HERE)
    assert (filters.start, filters.contradictory) == (start, nothing)


def test_largest_cursor():
    """Everything that matches the cursor's pattern is accepted; an instant out of range sorts before everything."""
    filters = parse_filters({"cursor": f"{10**15 - 1}.{ID}"})
    assert (filters.start, filters.contradictory) == (None, False)


def test_documented_patterns():
    """The OpenAPI patterns of the parameters match what the code accepts."""
    parameters = {
        parameter["name"]: parameter["schema"] for parameter in operations.paths()["/dispatch"]["get"]["parameters"]
    }
    assert re.fullmatch(parameters["cursor"]["pattern"], HERE.cursor())
    assert parameters["cursor"]["pattern"] == CURSOR
    for bound in ("minimum", "maximum", "default"):
        assert parse_filters({"limit": str(parameters["limit"][bound])}).limit == parameters["limit"][bound]
    assert parse_filters({}).limit == parameters["limit"]["default"]
    assert parse_filters({"client_ref": "x" * parameters["client_ref"]["maxLength"]}).client_ref
    for name in ("status", "channel"):
        words = resources.schemas()[parameters[name]["$ref"].rpartition("/")[2]]["enum"]
        assert [getattr(parse_filters({name: word}), name) for word in words] == words


def test_shown():
    """An entry has its own word and its instants; `next` is present if there may be more, and absent at the end."""
    item = {"pk": f"workflow#{ID}", "word": "workflow", "status": "running", "created_at": NOW, "channels": ["sms"]}
    entry = {"workflow_uuid": ID, "status": "running", "created_at": iso(NOW), "channels": ["sms"]}
    assert row(item) == entry
    read = {"as_of": iso(NOW + 1)}
    assert answer([entry], None, "workflow", NOW + 1) == {**read, "workflows": [entry]}
    assert answer([entry], HERE, "dispatch", NOW + 1) == {**read, "dispatches": [entry], "cursor": HERE.cursor()}


def test_expanded():
    """With its workflow an entry is as up to date as that; without it, the entry is the index's."""
    item = {"pk": f"workflow#{ID}", "word": "workflow", "status": "running", "created_at": NOW, "channels": ["sms"]}
    assert expanded(item, {}) == row(item)
    over = lived(sent(0), status(0, "read"))
    entry = expanded(item, {ID: over})
    assert (entry["status"], entry["ended_at"], entry["channels"]) == ("completed", iso(LATER), ["sms"])
    assert [step["state"] for step in entry["steps"]] == ["met", "pending"]
    assert "template" not in entry
