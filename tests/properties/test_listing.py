"""Any query for the list gives filters or faults."""

import re
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from failover.rules.formats.pages import InvalidFilters, Position
from failover.rules.timing.instants import iso
from failover.rules.workflow.listing import CURSOR, Filters, parse_filters

NAMES = st.sampled_from(["status", "channel", "client_ref", "since", "until", "limit", "cursor", "expand", "sig", ""])
ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)
DATES = st.from_regex(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,12})?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
FOREVER = 253_402_300_799_999
POSITIONS = st.builds(Position, st.integers(0, 10**15 - 1), st.uuids().map(str))


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(NAMES, ANY_TEXT | DATES | st.integers().map(str)))
def test_any_query(query):
    """Any query string gives filters, or is refused with faults of its own parameters."""
    named, filters = set(), Filters()
    try:
        filters = parse_filters(query)
    except InvalidFilters as error:
        named = {fault["name"] for fault in error.faults}
    assert named <= query.keys()
    assert 0 <= filters.since <= FOREVER
    assert 0 <= filters.until <= FOREVER


@settings(max_examples=300, deadline=None)
@given(st.datetimes(), st.integers(0, 60), st.text("0123456789", min_size=1), st.integers(-1439, 1439))
def test_every_date_time(at, second, fraction, offset):
    """Every RFC 3339 date-time is accepted, with any fraction and offset, and with leap seconds."""
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
    text = f"{at:%Y}".zfill(4) + f"{at:-%m-%dT%H:%M}:{second:02d}.{fraction}{zone}"
    assert parse_filters({"since": text}).since == parse_filters({"until": text.lower()}).until


@given(POSITIONS)
def test_cursors(position):
    """A cursor gives back its position and matches the pattern."""
    assert parse_filters({"cursor": position.cursor()}).after == position
    assert re.fullmatch(CURSOR, position.cursor())


@given(st.from_regex(CURSOR, fullmatch=True))
def test_every_string_that_matches_the_pattern(cursor):
    """Every string that matches the pattern is accepted and means one position."""
    position = parse_filters({"cursor": cursor.removesuffix("\n")}).after
    assert uuid.UUID(position.key)
    assert parse_filters({"cursor": position.cursor()}).after == position


@given(st.integers(0, FOREVER))
def test_instants(milliseconds):
    """A shown instant is read back to the millisecond."""
    assert parse_filters({"since": iso(milliseconds)}) == Filters(since=milliseconds)
