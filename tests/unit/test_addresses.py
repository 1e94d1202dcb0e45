"""Numbers, names and ids as people paste them from phones, contacts and spreadsheets."""

import sys
import unicodedata

import pytest

from failover.rules.formats.faults import InvalidRequest
from failover.rules.requests.request import validated
from tests.examples import MESSENGER, RCS, SMS, changed, request

UNSEEN = [
    *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e"),  # what phones put around a number in a right-to-left text
    *("\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f", "\u061c"),
    *("\u00a0", "\u202f", "\u2007", "\u2009", "\u3000"),
    *("\ufeff", "\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\U000e0020"),
    *("\u2028", "\u2029", "\u034f", "\ufe0f", "\U000e0100", "\u180b", "\u180f", "\u17b4", "\u17b5"),
    *("\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u2065", "\ufff0"),
]


def read(step, party, field):
    return validated(request(step)).steps[0][party][field]


def reason(step):
    with pytest.raises(InvalidRequest) as caught:
        validated(request(step))
    ((name, reason),) = [(fault["name"], fault["reason"]) for fault in caught.value.faults]
    return name, reason


@pytest.mark.decision("Tolerated input")
@pytest.mark.parametrize("char", UNSEEN, ids=lambda char: f"U+{ord(char):04X}")
def test_what_cannot_be_seen(char):
    """Invisible characters are removed from numbers and ids, at the ends and inside."""
    for path, number in (("to", "447700900000"), ("from", "447700900100")):
        pasted = f"{char}+{number[:2]}{char}{number[2:]}{char}"
        assert read(changed(SMS, f"{path}.number", pasted), path, "number") == number
    for path in ("to", "from"):
        assert read(changed(MESSENGER, f"{path}.id", f"{char}sim{char}-page{char}"), path, "id") == "sim-page"
    assert read(changed(RCS, "from.id", f"{char}Ac{char}me"), "from", "id") == "Acme"
    assert read(changed(SMS, "from.number", f"AC{char}ME"), "from", "number") == "ACME"


def test_the_whole_category():
    """Every character of Unicode's categories Cf, Zs, Zl and Zp is removed from a number."""
    for point in range(sys.maxunicode + 1):
        char = chr(point)
        if unicodedata.category(char) in ("Cf", "Zs", "Zl", "Zp"):
            assert read(changed(SMS, "to.number", f"44{char}7700900000"), "to", "number") == "447700900000"


@pytest.mark.parametrize(
    "number", ["+44 7700 900000", "0044 7700 900000", "\t447700900000\r\n", "4 4 7 7 0 0 9 0 0 0 0 0"]
)
def test_blanks_in_numbers(number):
    """A number may be written in groups."""
    assert read(changed(SMS, "to.number", number), "to", "number") == "447700900000"


@pytest.mark.decision("Spaces in a sender's name")
@pytest.mark.parametrize(
    ("sender", "sent"),
    [
        ("ACME Ltd", "ACME Ltd"),
        (" ACME Ltd\u200b ", "ACME Ltd"),
        ("\u202aACME Ltd\u202c", "ACME Ltd"),
        ("ACME\u00a0Ltd", "ACMELtd"),
        ("12 345", "12345"),
        ("+44 7700 900100", "447700900100"),
        ("Order 66", "Order 66"),
    ],
)
def test_names(sender, sent):
    """A name keeps the spaces between its words, but no other blanks or invisible characters; a number keeps none."""
    assert read(changed(SMS, "from.number", sender), "from", "number") == sent


@pytest.mark.decision("What is a telephone number?")
@pytest.mark.parametrize(
    "number", ["+44-7700-900000", "(44)7700900000", "+44 (0)7700 900000", "44.7700.900000", "４４７７００９０００００"]
)
def test_no_punctuation(number):
    """Hyphens, brackets and dots are refused and named: they may mean that a digit must be dropped."""
    name, why = reason(changed(SMS, "to.number", number))
    assert name == "workflow[0].to.number"
    assert why == (
        "Should be 7 to 15 digits, country code first and no leading 0, such as 447700900000; no letters, "
        "hyphens, dots, brackets or control characters"
    )


@pytest.mark.parametrize("sender", ["", "\u200b", " \u00a0 ", "x" * 51, "ACME\nLtd", "ACME\x7f", "ACME\x85"])
def test_no_senders(sender):
    """The cleaned sender must be a name or a number: not empty, not too long, without control characters."""
    assert reason(changed(SMS, "from.number", sender))[0] == "workflow[0].from.number"


@pytest.mark.parametrize("char", [chr(point) for point in (*range(0x20), *range(0x7F, 0xA0))], ids=ascii)
def test_no_control_characters(char):
    """A control character inside a number, a name or an id is refused."""
    for step, path in ((SMS, "to.number"), (SMS, "from.number"), (MESSENGER, "to.id"), (RCS, "from.id")):
        inside = f"4477{char}00900000"
        assert reason(changed(step, path, inside))[0] == f"workflow[0].{path}"


def test_length_of_what_is_left():
    """The length limit applies to the cleaned value."""
    assert read(changed(SMS, "from.number", "\u200b" * 100 + "x" * 50), "from", "number") == "x" * 50
