"""What messages cost: exact decimals, and totals for each currency (contract, sections 0 and 7.2)."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from failover.rules.workflow.state import Entry

type Usage = dict[str, str]
"""{"price": "0.0333", "currency": "EUR"}; the price is an exact decimal without an exponent."""

_DECIMALS = 20
"""Kept exactly. A vendor that computes in binary writes 0.3 as 0.30000000000000004, which has 17."""
_WHOLE_DIGITS = 15
_PRICE = re.compile(rf"([+-]?)(?=\.?[0-9])([0-9]{{0,{_WHOLE_DIGITS}}})(?:\.([0-9]*))?")
"""Sign, digits before the point, digits behind it: one digit at least."""
_EXACT = Context(prec=60)
"""More digits than the sum of ten such prices can have: 15 + 1 before the point, and 20 behind it."""


def usage(value: Any) -> Usage | None:
    """The usage of a callback; None: there is none, or its price is no price.

    A price has at most 15 digits before the point. Of those behind it 20 are kept, rounded half to even. A currency
    that is missing, null or blank is EUR.
    """
    if not isinstance(value, dict) or "price" not in value:
        return None
    price, currency = _price(value["price"]), _currency(value.get("currency"))
    return {"price": price, "currency": currency} if price and currency else None


def _currency(value: Any) -> str | None:
    if value is None:
        return "EUR"
    if not isinstance(value, str):
        return None
    text = value.strip() or "EUR"
    return text.upper() if re.fullmatch("[A-Za-z]{3}", text) else None


def _price(value: Any) -> str | None:
    """A number, or the text of one without an exponent, as an exact decimal."""
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, Decimal) and value.is_finite() and value.adjusted() < _WHOLE_DIGITS:
        text = f"{_rounded(value):f}"  # first, as an exponent may stand for a million digits
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_WHOLE_DIGITS:
        text = str(value)
    else:
        return None
    written = _written(text)
    if written is None or len(written.partition(".")[2]) <= _DECIMALS:
        return written
    return _written(f"{_rounded(Decimal(written)):f}")  # rounding up may add a digit before the point


def _written(text: str) -> str | None:
    """`+.50` → `0.50`; None: it is no number without an exponent, or too large."""
    found = _PRICE.fullmatch(text)
    if found is None:
        return None
    sign, whole, decimals = found.groups()
    return f"{sign.strip('+')}{whole or 0}{f'.{decimals}' if decimals else ''}"


def _rounded(price: Decimal) -> Decimal:
    exponent = price.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -_DECIMALS:
        return price
    return price.quantize(Decimal(1).scaleb(-_DECIMALS), ROUND_HALF_EVEN, _EXACT)


def by_step(timeline: Iterable[Entry]) -> dict[int, Usage]:
    """The price of each step's message: the highest that its callbacks have named, in whatever order they came.

    A callback that repeats a price charges nothing twice, and one that names a lower price, or 0, takes nothing back. A
    price in another currency takes the place of the one before, unless it is nothing: a message has one price.
    """
    prices: dict[int, Usage] = {}
    for entry in timeline:
        if entry["event"] == "status" and "usage" in entry:
            known, named = prices.get(entry["step"]), entry["usage"]
            if known is None or _outweighs(named, known):
                prices[entry["step"]] = named
    return prices


def _outweighs(named: Usage, known: Usage) -> bool:
    least = known["price"] if named["currency"] == known["currency"] else 0
    return Decimal(named["price"]) > Decimal(least)


def named_before(timeline: Iterable[Entry], number: int, charged: Usage | None) -> bool:
    """A callback of this step's message has named this price already, however written; no price is nothing new."""
    return charged is None or any(
        entry["event"] == "status" and entry["step"] == number and _same(entry.get("usage"), charged)
        for entry in timeline
    )


def _same(known: Usage | None, charged: Usage) -> bool:
    return (
        known is not None
        and known["currency"] == charged["currency"]
        and Decimal(known["price"]) == Decimal(charged["price"])
    )


def totals(timeline: Iterable[Entry]) -> list[Usage]:
    """The exact sum of the messages' prices, one for each currency; no fee is added."""
    return [{"price": f"{price:f}", "currency": currency} for currency, price in _sums(timeline).items()]


def costs(timeline: Iterable[Entry]) -> dict[str, Decimal]:
    """What is to be paid, by currency; where that is nothing, the currency is not there."""
    return {currency: price for currency, price in _sums(timeline).items() if price}


def _sums(timeline: Iterable[Entry]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for charged in by_step(timeline).values():
        before = sums.get(charged["currency"], Decimal(0))
        sums[charged["currency"]] = _EXACT.add(before, Decimal(charged["price"]))
    return sums
