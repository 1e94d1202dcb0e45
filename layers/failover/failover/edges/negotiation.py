"""Content negotiation: may the answer be compressed, and does the client have it already?"""

import re

_ETAG = re.compile(r'"[^"]*"')
_WEIGHT = re.compile(r"\s*q\s*=\s*(1(?:\.0{0,3})?|0(?:\.[0-9]{0,3})?)\s*", re.IGNORECASE)


def takes_gzip(accept_encoding: str | None) -> bool:
    """The client accepts gzip, with no lower weight than uncompressed content (RFC 9110, 12.5.3).

    Without the header any coding is allowed, but such a client is old or simple, so nothing is compressed.
    """
    weights = dict(map(_weighted, (accept_encoding or "").lower().split(",")))
    gzip = max((weights[name] for name in ("gzip", "x-gzip") if name in weights), default=weights.get("*", 0.0))
    return 0 < gzip >= weights.get("identity", 0.0)


def _weighted(member: str) -> tuple[str, float]:
    """The coding and the weight of one member of the header. An unreadable weight is 0."""
    coding, has_weight, parameter = member.partition(";")
    match = _WEIGHT.fullmatch(parameter)
    return coding.strip(), float(match[1]) if match else float(not has_weight)


def is_known(if_none_match: str | None, etag: str) -> bool:
    """The client has the representation of `etag`, by the weak comparison (RFC 9110, 13.1.2)."""
    known = (if_none_match or "").strip()
    return known == "*" or etag.removeprefix("W/") in _ETAG.findall(known)
