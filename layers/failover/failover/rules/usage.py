"""What messages cost: exact decimals, and totals for each currency (contract, sections 0 and 7.2)."""

import re
from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Any

from failover.rules.workflow import Entry

type Usage = dict[str, str]
"""{"price": "0.0333", "currency": "EUR"}; the price is an exact decimal without an exponent."""

_PRICE = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_EXACT = Context(prec=60)
"""More digits than the sum of ten such prices can have."""


def usage(value: Any) -> Usage | None:
    """The usage of a callback; None: there is none, or its price is no price."""
    if not isinstance(value, dict) or "price" not in value:
        return None
    price, currency = value["price"], value.get("currency", "EUR")
    if isinstance(price, bool) or not isinstance(price, str | int | Decimal):
        return None
    text = f"{price:f}" if isinstance(price, Decimal) and abs(price.adjusted()) <= 15 else str(price).strip()
    if not _PRICE.fullmatch(text) or not isinstance(currency, str) or not re.fullmatch(r"[A-Za-z]{3}", currency):
        return None
    return {"price": text, "currency": currency.upper()}


def by_step(timeline: Iterable[Entry]) -> dict[int, Usage]:
    """The last known usage of each step's message: a callback that repeats a price charges nothing twice."""
    return {entry["step"]: entry["usage"] for entry in timeline if entry["event"] == "status" and "usage" in entry}


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
