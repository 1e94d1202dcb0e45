"""The documented fields of a request match the channel table."""

import re

from failover.rules.channels.rich_cards import SUGGESTION
from local.api_tables import PAGE, listed, page
from tests.documented import section


def test_tables():
    """The tables of channels, content, options and suggestions are the ones the code makes."""
    assert PAGE.read_text() == page(), "make generate"


def test_every_suggestion_has():
    """The text above the table of suggestions names the fields that all of them have."""
    text = re.sub(r"\s+", " ", section("RCS suggestions"))
    for case in SUGGESTION.cases:
        assert listed(case.object.fields[:2]) in text
