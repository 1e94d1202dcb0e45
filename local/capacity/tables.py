"""The tables of docs/operations.md, "Capacity". `make capacity` prints them, with the whole demand."""

from local.capacity.contracts import BURST, CONTRACTS, Contract
from local.capacity.demand import demand
from local.capacity.limits import Limit, exceeded
from local.capacity.profiles import PROFILES, TWO_EXPIRE, Profile
from local.capacity.quotas import ACCOUNTS
from local.capacity.settings import default, limits
from local.generated_tables import as_text, table, with_tables
from local.place import ROOT

PAGE = ROOT / "docs/operations.md"
RATES = (1, 10, 50, 300, 1_000)
WANTED = 50
"""Workflows per second that the template's defaults are for, of the profile that needs most."""


def tables() -> dict[str, list[str]]:
    """Return the lines of each table, by the name in its marker."""
    return {
        "quotas": _quotas(),
        "settings": _settings(),
        "quotas to request": _to_request(),
        "contracts": _contracts(),
    }


def page() -> str:
    """Return docs/operations.md with its tables as the code has them."""
    return with_tables(PAGE, tables())


def text() -> str:
    """Return everything, for a terminal."""
    parts = {
        "AWS quotas that bind first": _quotas(),
        "settings that bind first": _settings(),
        f"{WANTED} workflows a second": _to_request(),
        "contracts with the vendor": _contracts(),
        **{f"demand of {profile.name}": _demand(profile) for profile in PROFILES},
        "sources": sorted({limit.source for account in ACCOUNTS for limit in account.limits}),
    }
    return as_text(parts)


def _quotas() -> list[str]:
    rows = [
        [account.name, profile.name, *(_first(profile, rate, account.limits) for rate in RATES)]
        for account in ACCOUNTS
        for profile in PROFILES
    ]
    return table(["AWS account", "workflows", *(f"{rate:,} a second" for rate in RATES)], *rows)


def _settings() -> list[str]:
    rows = [[profile.name, *(_first(profile, rate, limits()) for rate in RATES)] for profile in PROFILES]
    return table(["workflows", *(f"{rate:,} a second" for rate in RATES)], *rows)


def _first(profile: Profile, rate: float, of: list[Limit]) -> str:
    asked = demand(profile, rate)
    over = exceeded(asked, of)
    if not over:
        return "fits"
    more = f", and {len(over) - 1} more" if len(over) > 1 else ""
    return f"{over[0].name} × {over[0].used(asked):.1f}{more}"


def _to_request() -> list[str]:
    """Every quota of which a tenth is used somewhere."""
    asked, waiting = demand(TWO_EXPIRE, WANTED), demand(TWO_EXPIRE, WANTED, waits=1)
    rows = []
    for same in zip(*(account.limits for account in ACCOUNTS), strict=True):
        if max(limit.used(waiting) for limit in same) < 0.1:
            continue
        cells = [f"**{limit.most:,}**" if limit.used(waiting) > 1 else f"{limit.most:,}" for limit in same]
        resource = same[0].resource
        rows.append([resource, _number(asked[resource]), _number(waiting[resource]), *cells, same[0].name])
    return table(
        ["", "needed", "if each send waits once", *(account.name for account in ACCOUNTS), "raise"],
        *rows,
    )


def _contracts() -> list[str]:
    contracts = [Contract(per_second) for per_second in CONTRACTS]
    rows = [[f"set `{name}`", *(_setting(one, name) for one in contracts)] for name in contracts[0].settings]
    rows.append([f"last of {BURST:,} messages after", *(f"{one.last_of_burst:,.0f} s" for one in contracts)])
    for profile in PROFILES:
        most = [_number(one.used / profile.messages) for one in contracts]
        rows.append([f"workflows a second: {profile.name}", *most])
    return table(["contract", *(f"{one.per_second} a second" for one in contracts)], *rows)


def _setting(one: Contract, name: str) -> str:
    """Return a setting's value, in bold if it is not the template's default."""
    value = one.settings[name]
    return f"{value:,}" if value == default(name) else f"**{value:,}**"


def _demand(profile: Profile) -> list[str]:
    of_each = [demand(profile, rate) for rate in RATES]
    rows = [[resource, *(_number(asked[resource]) for asked in of_each)] for resource in of_each[0]]
    return table(["per second", *(f"{rate:,} a second" for rate in RATES)], *rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


if __name__ == "__main__":
    PAGE.write_text(page())
