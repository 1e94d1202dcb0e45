"""The price in a callback, as an exact decimal (docs/api.md, "Prices")."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

type Usage = dict[str, str]
"""{"price": "0.0333", "currency": "EUR"}. The price is an exact decimal without an exponent."""

_DECIMALS = 20
"""Decimals kept exactly. A vendor that uses binary floats writes 0.3 as 0.30000000000000004, which has 17."""
_WHOLE_DIGITS = 15
_PRICE = re.compile(rf"([+-]?)(?=\.?[0-9])([0-9]{{0,{_WHOLE_DIGITS}}})(?:\.([0-9]*))?")
"""Sign, digits before the point, digits after it; at least one digit."""
EXACT = Context(prec=60)
"""More digits than a sum of ten thousand prices can have: 15 + 4 before the point, 20 after it."""


def usage(value: Any) -> Usage | None:
    """Return the usage of a callback. Returns None if there is none, or if its price or currency is invalid.

    A price has at most 15 digits before the point. 20 decimals are kept, rounded half to even. A currency that is
    missing, null or blank is EUR.
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
    """Return a number, or the text of one without an exponent, as an exact decimal. Returns None if it is neither."""
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, Decimal) and value.is_finite() and value.adjusted() < _WHOLE_DIGITS:
        text = f"{_rounded(value):f}"  # rounded first: an exponent may stand for a million digits
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_WHOLE_DIGITS:
        text = str(value)
    else:
        return None
    written = _written(text)
    if written is None or len(written.partition(".")[2]) <= _DECIMALS:
        return written
    return _written(f"{_rounded(Decimal(written)):f}")  # rounding up may add a digit before the point


def _written(text: str) -> str | None:
    """Normalize `+.50` to `0.50`. Returns None if it is not a number, has an exponent, or is too large."""
    found = _PRICE.fullmatch(text)
    if found is None:
        return None
    sign, whole, decimals = found.groups()
    return f"{sign.strip('+')}{whole or 0}{f'.{decimals}' if decimals else ''}"


def _rounded(price: Decimal) -> Decimal:
    exponent = price.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -_DECIMALS:
        return price
    return price.quantize(Decimal(1).scaleb(-_DECIMALS), ROUND_HALF_EVEN, EXACT)
