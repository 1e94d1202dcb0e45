"""Message prices: exact decimals from every form the vendor uses."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.rules.receipts.usage import usage
from failover.rules.workflow.costs import by_step, totals

SCALE = 10**20


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
        ("0." + "1" * 20, "0." + "1" * 20),
        ("0." + "1" * 16, "0." + "1" * 16),
        (".13", "0.13"),
        ("-.13", "-0.13"),
        ("+0.14", "0.14"),
        ("+.14", "0.14"),
        ("1.", "1"),
        ("+0." + "1" * 21, "0." + "1" * 20),
        (5, "5"),
        (10**15 - 1, "999999999999999"),
        (Decimal("0.0330"), "0.0330"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.30000000000000004"), "0.30000000000000004"),
        (Decimal("1E-16"), "0.0000000000000001"),
        (Decimal("1E-20"), "0.00000000000000000001"),
    ],
)
def test_price(price, kept):
    """A price keeps its digits, and has no exponent."""
    assert usage({"price": price, "currency": "eur"}) == {"price": kept, "currency": "EUR"}


@pytest.mark.parametrize(
    ("price", "kept"),
    [
        ("0.000000000000000000005", "0.00000000000000000000"),
        ("0.000000000000000000015", "0.00000000000000000002"),
        ("0.0000000000000000000050000000001", "0.00000000000000000001"),
        ("-0.000000000000000000015", "-0.00000000000000000002"),
        ("1." + "3" * 1000, "1." + "3" * 20),
        (Decimal("1E-999999"), "0.00000000000000000000"),
        ("999999999999998." + "9" * 21, "999999999999999.00000000000000000000"),
    ],
)
def test_digits_beyond_the_twentieth(price, kept):
    """A price with more than 20 decimals is rounded half to even, not dropped."""
    assert usage({"price": price}) == usage({"price": Decimal(price)}) == {"price": kept, "currency": "EUR"}


@pytest.mark.decision("Prices")
@pytest.mark.parametrize("currency", [{}, *({"currency": currency} for currency in (None, "", " ", "EUR ", "\neur"))])
def test_currency_of_old(currency):
    """A price without a currency is in euros, once the only currency; blanks around a currency are ignored."""
    assert usage({"price": "1", **currency}) == {"price": "1", "currency": "EUR"}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "0.1",
        {},
        {"currency": "EUR"},
        *({"price": price} for price in (None, True, 0.1, "", "free", "1e3", "NaN", "Infinity", "1,5", ".", "+", "-.")),
        *(
            {"price": price}
            for price in ("1\n1", "+-1", "--1", "+ 1", "9" * 16, "9" * 15 + "." + "9" * 21, "٠.٥", "１", [], {})
        ),
        *({"price": Decimal(price)} for price in ("NaN", "sNaN", "Infinity", "1E+15", "1E+999999")),
        *({"price": price} for price in (10**15, -(10**15), 10**5000)),
        *({"price": "1", "currency": currency} for currency in (7, True, [], "EU", "EURO", "E R", "ÉUR")),
    ],
    ids=lambda value: ascii(value)[:60] if not isinstance(value, dict) else None,
)
def test_no_price(value):
    """A value that is no exact price of a plausible size counts as no price and raises nothing."""
    assert usage(value) is None


@pytest.mark.decision("Prices")
def test_one_price_for_each_message():
    """A repeated price is charged once, and a higher one replaces it."""
    timeline = [charged(0, "0.1"), charged(1, "0.2"), charged(0, "0.1"), charged(1, "0.3")]
    assert totals(timeline) == [{"price": "0.4", "currency": "EUR"}]
    assert by_step(timeline) == {0: timeline[2]["usage"], 1: timeline[3]["usage"]}


@pytest.mark.decision("Prices")
@pytest.mark.parametrize(
    ("named", "counts"),
    [
        ([("0.0333", "EUR"), ("0", "EUR")], ("0.0333", "EUR")),
        ([("0", "EUR"), ("0.0333", "EUR")], ("0.0333", "EUR")),
        ([("0.05", "EUR"), ("0.04", "EUR")], ("0.05", "EUR")),
        ([("0.1", "EUR"), ("0.10", "EUR")], ("0.1", "EUR")),
        ([("9", "EUR"), ("10", "EUR")], ("10", "EUR")),
        ([("0.05", "EUR"), ("0", "USD")], ("0.05", "EUR")),
        ([("0.05", "EUR"), ("0.01", "USD")], ("0.01", "USD")),
        ([("0", "EUR"), ("0", "USD")], ("0", "EUR")),
        ([("-0.01", "EUR"), ("0", "EUR")], ("0", "EUR")),
    ],
)
def test_the_highest_price_counts(named, counts):
    """A later price that is lower or 0 is ignored; one in another currency replaces the first, unless it is 0."""
    assert by_step([charged(3, *one) for one in named]) == {3: {"price": counts[0], "currency": counts[1]}}


@given(
    st.lists(st.sampled_from(["0", "0.1", "0.10", "0.2", "0.0333"]), min_size=1).flatmap(
        lambda prices: st.tuples(st.just(prices), st.permutations(prices))
    )
)
def test_the_order_of_prices_does_not_matter(orders):
    """In one currency the total is the same for any order of callbacks."""
    one, other = ([charged(0, price) for price in prices] for prices in orders)
    assert Decimal(totals(one)[0]["price"]) == Decimal(totals(other)[0]["price"])


def test_only_statuses_charge():
    """An end entry's total is no further price, and a status without a price is none."""
    end = {"event": "completed", "step": 0, "usage": [{"price": "0.1", "currency": "EUR"}]}
    timeline = [charged(0, "0.1"), end, {"event": "status", "step": 1}]
    assert totals(timeline) == [{"price": "0.1", "currency": "EUR"}]


def test_nothing_charged():
    """Without a price there is no total, rather than a total of 0."""
    assert totals([{"event": "status", "step": 0}]) == []


def test_forty_digits():
    """A sum of forty digits is exact."""
    timeline = [charged(0, "1234567890123456789012345.678901234567890"), charged(1, "0.000000000000001")]
    assert totals(timeline) == [{"price": "1234567890123456789012345.678901234567891", "currency": "EUR"}]


def test_a_total_for_each_currency():
    """Each currency has its own total, in the order of its first message."""
    timeline = [charged(0, "1", "USD"), charged(1, "0.5"), charged(2, "0.25", "USD")]
    assert totals(timeline) == [{"price": "1.25", "currency": "USD"}, {"price": "0.5", "currency": "EUR"}]


@given(st.lists(st.integers(1 - 10**35, 10**35 - 1), min_size=1, max_size=10))
def test_every_sum_is_exact(prices):
    """Any sum of ten prices is exact; prices are generated as integers of their last digit."""
    written = [usage({"price": _written(price)})["price"] for price in prices]
    (total,) = totals(charged(step, price) for step, price in enumerate(written))
    assert total["price"] == _written(sum(prices))


def _written(price):
    return f"{'-' if price < 0 else ''}{abs(price) // SCALE}.{abs(price) % SCALE:020d}"
