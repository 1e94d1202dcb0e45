"""What messages cost: exact decimals, whatever form the vendor gives them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.rules.usage import by_step, totals, usage

SCALE = 10**15


def charged(step, price, currency="EUR"):
    return {"event": "status", "step": step, "usage": {"price": price, "currency": currency}}


@pytest.mark.parametrize(
    ("price", "kept"),
    [
        ("0.0333", "0.0333"),
        (" 0.0333 ", "0.0333"),
        ("0", "0"),
        ("-0.01", "-0.01"),
        ("9" * 15 + "." + "9" * 15, "9" * 15 + "." + "9" * 15),
        (5, "5"),
        (Decimal("0.0330"), "0.0330"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+2"), "100"),
    ],
)
def test_price(price, kept):
    """A price keeps its digits, and has no exponent."""
    assert usage({"price": price, "currency": "eur"}) == {"price": kept, "currency": "EUR"}


@pytest.mark.decision("A price that changes")
def test_currency_of_old():
    """A price without a currency is in euros, the only one there was."""
    assert usage({"price": "1"}) == {"price": "1", "currency": "EUR"}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "0.1",
        {},
        {"currency": "EUR"},
        *({"price": price} for price in (None, True, 0.1, "", "free", "1e3", "NaN", "Infinity", "1,5", "1.", ".5")),
        *({"price": price} for price in ("1\n1", "+1", "--1", "9" * 16, "0." + "1" * 16, "٠.٥", "１", [], {})),
        *({"price": Decimal(price)} for price in ("NaN", "Infinity", "1E+16", "1E-16", "1E+999999", "1E-999999")),
        *({"price": "1", "currency": currency} for currency in (None, 7, "", "EU", "EURO", "E R", "ÉUR", "EUR\n")),
    ],
    ids=repr,
)
def test_no_price(value):
    """What is no exact price of a plausible size charges nothing, and breaks nothing."""
    assert usage(value) is None


@pytest.mark.decision("A price that changes")
def test_last_known_price_of_each_message():
    """A status that repeats a price charges nothing twice, one that corrects it replaces it."""
    timeline = [charged(0, "0.1"), charged(1, "0.2"), charged(0, "0.1"), charged(1, "0.3")]
    assert totals(timeline) == [{"price": "0.4", "currency": "EUR"}]
    assert by_step(timeline) == {0: timeline[2]["usage"], 1: timeline[3]["usage"]}


def test_only_statuses_charge():
    """The total an end entry keeps is no further price, and a status without a price is none."""
    end = {"event": "completed", "step": 0, "usage": [{"price": "0.1", "currency": "EUR"}]}
    timeline = [charged(0, "0.1"), end, {"event": "status", "step": 1}]
    assert totals(timeline) == [{"price": "0.1", "currency": "EUR"}]


def test_nothing_charged():
    """Without a price there is no total, not a total of nothing."""
    assert totals([{"event": "status", "step": 0}]) == []


def test_tenths():
    """0.1 and 0.2 make 0.3."""
    assert totals([charged(0, "0.1"), charged(1, "0.2")]) == [{"price": "0.3", "currency": "EUR"}]


def test_forty_digits():
    """A sum of forty digits loses none of them."""
    timeline = [charged(0, "1234567890123456789012345.678901234567890"), charged(1, "0.000000000000001")]
    assert totals(timeline) == [{"price": "1234567890123456789012345.678901234567891", "currency": "EUR"}]


def test_a_total_for_each_currency():
    """Currencies are added apart, in the order of their first message."""
    timeline = [charged(0, "1", "USD"), charged(1, "0.5"), charged(2, "0.25", "USD")]
    assert totals(timeline) == [{"price": "1.25", "currency": "USD"}, {"price": "0.5", "currency": "EUR"}]


@given(st.lists(st.integers(0, 10**30 - 1), min_size=1, max_size=10))
def test_every_sum_is_exact(prices):
    """No sum of ten prices of any size is rounded; a price is given here as a whole number of its last digit."""
    (total,) = totals(charged(step, f"{price // SCALE}.{price % SCALE:015d}") for step, price in enumerate(prices))
    assert total["price"] == f"{sum(prices) // SCALE}.{sum(prices) % SCALE:015d}"
