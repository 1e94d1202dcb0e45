"""The tables of docs/costs.md. `make costs` prints them."""

from local.capacity import prices
from local.capacity.costs import MONTH, of_options, of_stack, of_workflow, total
from local.capacity.profiles import FIRST_SUCCEEDS, ONE, PROFILES, TWO_EXPIRE, Profile
from local.generated_tables import as_text, table, with_tables
from local.place import ROOT

PAGE = ROOT / "docs/costs.md"
RATES = (1, 10, 50)
MILLION = 1_000_000
_NAMES = {
    "a month, one message": ONE,
    "a month, the first of three succeeds": FIRST_SUCCEEDS,
    "a month, two of three expire": TWO_EXPIRE,
}


def tables() -> dict[str, list[str]]:
    """Return the lines of each table, by the name in its marker."""
    return {
        "totals": _totals(),
        "a million workflows": _million(),
        "a stack": _stack(),
        **{name: _month(profile) for name, profile in _NAMES.items()},
        "options": _options(),
        "prices": _prices(),
    }


def page() -> str:
    """Return docs/costs.md with its tables as the code has them."""
    return with_tables(PAGE, tables())


def text() -> str:
    """Return everything, for a terminal."""
    return as_text(tables())


def _totals() -> list[str]:
    rows = []
    for profile in PROFILES:
        months = [f"{total(of_workflow(profile), rate * MONTH) + total(of_stack()):,.0f}" for rate in RATES]
        million = total(of_workflow(profile), MILLION)
        rows.append([profile.name, f"{million / MILLION:.6f}", f"{million:,.0f}", *months])
    return table(["workflows of", "one", "a million", *(f"{rate} a second" for rate in RATES)], *rows)


def _million() -> list[str]:
    uses = [of_workflow(profile) for profile in PROFILES]
    rows = [
        [same[0].service, same[0].what, *(_dollars(use.dollars(MILLION)) for use in same)]
        for same in zip(*uses, strict=True)
    ]
    rows.append(["**all**", "", *(f"**{_dollars(total(of, MILLION))}**" for of in uses)])
    return table(["service", "for", *(profile.name for profile in PROFILES)], *rows)


def _stack() -> list[str]:
    rows = [[use.service, use.what, f"{use.units:,.0f}", _dollars(use.dollars(1))] for use in of_stack()]
    rows.append(["**all**", "", "", f"**{_dollars(total(of_stack()))}**"])
    return table(["service", "for", "units", "a month"], *rows)


def _month(profile: Profile) -> list[str]:
    uses = of_workflow(profile)
    services = list(dict.fromkeys(use.service for use in uses))
    rows = [
        [service, *(_whole(total([use for use in uses if use.service == service], rate * MONTH)) for rate in RATES)]
        for service in services
    ]
    rows.append(["the stack itself", *([_whole(total(of_stack()))] * len(RATES))])
    rows.append(["**all**", *(f"**{_whole(total(uses, rate * MONTH) + total(of_stack()))}**" for rate in RATES)])
    return table(["service", *(f"{rate} a second" for rate in RATES)], *rows)


def _options() -> list[str]:
    rows = []
    for use, fixed in of_options(TWO_EXPIRE):
        base = fixed.dollars(1) if fixed else 0
        rows.append([use.what, _dollars(base), *(_whole(use.dollars(rate * MONTH) + base) for rate in RATES)])
    rows.append(
        [
            "a KMS key of your own, without its requests",
            _dollars(prices.KEY.dollars),
            *([_whole(prices.KEY.dollars)] * 3),
        ]
    )
    return table(["option", "a month", *(f"{rate} a second" for rate in RATES)], *rows)


def _prices() -> list[str]:
    rows = []
    for price in prices.PRICES:
        per = f"per {price.per:,.0f}" if price.per > 1 else "each"
        cheaper = "; ".join(f"{dollars:g} above {above:,.0f} a month" for above, dollars in price.cheaper)
        rows.append([f"[{price.of}]({price.page})", f"{price.dollars:g} {per}", cheaper])
    return table(["", "dollars", "cheaper in bulk"], *rows)


def _dollars(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _whole(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:.2f}"


if __name__ == "__main__":
    PAGE.write_text(page())
