"""What a request's headers say of the answer's form: the content coding, and whether the client has it already."""

import re

_ETAG = re.compile(r'"[^"]*"')
_WEIGHT = re.compile(r"\s*q\s*=\s*(1(?:\.0{0,3})?|0(?:\.[0-9]{0,3})?)\s*", re.IGNORECASE)


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether gzip may be sent, and is no less welcome than the bare content (RFC 9110, 12.5.3).

    Without the header there is no compression: any coding would be allowed, but such a client is an old or simple one.
    """
    weights = dict(map(_weighted, (accept_encoding or "").lower().split(",")))
    gzip = max((weights[name] for name in ("gzip", "x-gzip") if name in weights), default=weights.get("*", 0.0))
    return 0 < gzip >= weights.get("identity", 0.0)


def _weighted(member: str) -> tuple[str, float]:
    """The coding of one member of the header, and its weight; 0 if the weight cannot be read."""
    coding, has_weight, parameter = member.partition(";")
    match = _WEIGHT.fullmatch(parameter)
    return coding.strip(), float(match[1]) if match else float(not has_weight)


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether the client has what `etag` stands for, by the weak comparison (RFC 9110, 13.1.2)."""
    known = (if_none_match or "").strip()
    return known == "*" or etag.removeprefix("W/") in _ETAG.findall(known)
