"""What the messages of a workflow cost: exact totals for each currency (docs/api.md, "Prices")."""

from collections.abc import Iterable
from decimal import Decimal

from failover.rules.receipts.usage import EXACT, Usage
from failover.rules.workflow.state import Entry


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
        sums[charged["currency"]] = EXACT.add(before, Decimal(charged["price"]))
    return sums
