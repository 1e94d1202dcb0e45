"""What the messages of a workflow cost: exact totals for each currency (docs/api.md, "Prices")."""

from collections.abc import Iterable
from decimal import Decimal

from failover.rules.receipts.usage import EXACT, Usage
from failover.rules.workflow.state import Entry


def by_step(timeline: Iterable[Entry]) -> dict[int, Usage]:
    """Return the price of each step's message: the highest in its callbacks, in any order.

    A repeated price is charged once, and a lower one, or 0, takes nothing back. A message has one price: one in another
    currency replaces the one before, unless it is 0.
    """
    prices: dict[int, Usage] = {}
    for entry in timeline:
        if entry["event"] == "status" and "usage" in entry:
            current, reported = prices.get(entry["step"]), entry["usage"]
            if current is None or _replaces(reported, current):
                prices[entry["step"]] = reported
    return prices


def _replaces(reported: Usage, current: Usage) -> bool:
    least = current["price"] if reported["currency"] == current["currency"] else 0
    return Decimal(reported["price"]) > Decimal(least)


def reported_before(timeline: Iterable[Entry], number: int, price: Usage | None) -> bool:
    """Return True if an earlier callback of the step's message reported the same price, or if `price` is None.

    Prices are compared as numbers: 0.5 and 0.50 are the same.
    """
    return price is None or any(
        entry["event"] == "status" and entry["step"] == number and _same(entry.get("usage"), price)
        for entry in timeline
    )


def _same(recorded: Usage | None, price: Usage) -> bool:
    return (
        recorded is not None
        and recorded["currency"] == price["currency"]
        and Decimal(recorded["price"]) == Decimal(price["price"])
    )


def totals(timeline: Iterable[Entry]) -> list[Usage]:
    """Return the exact sum of the messages' prices for each currency. No fee is added."""
    return _usages(_sums(by_step(timeline).values()))


def grand_totals(timelines: Iterable[Iterable[Entry]]) -> list[Usage]:
    """Return `totals` of many workflows together, by currency in alphabetical order."""
    sums = _sums(price for timeline in timelines for price in by_step(timeline).values())
    return _usages(dict(sorted(sums.items())))


def costs(timeline: Iterable[Entry]) -> dict[str, Decimal]:
    """Return the total for each currency, without currencies whose total is 0."""
    return {currency: price for currency, price in _sums(by_step(timeline).values()).items() if price}


def _usages(sums: dict[str, Decimal]) -> list[Usage]:
    return [{"price": f"{price:f}", "currency": currency} for currency, price in sums.items()]


def _sums(prices: Iterable[Usage]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for usage in prices:
        before = sums.get(usage["currency"], Decimal(0))
        sums[usage["currency"]] = EXACT.add(before, Decimal(usage["price"]))
    return sums
