"""Which URLs webhooks may be sent to, by the URL alone (docs/reliability.md, F24).

`adapters.webhooks.endpoint` checks the host's addresses when it connects: only then are they known.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from failover.rules.formats.unseen import all_seen

LONGEST = 2000
_LONGEST_LABEL, _LONGEST_NAME = 63, 253
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""Other IPv6 addresses are site-local, or embed an IPv4 address, which may be private."""


def public(address: IPv4Address | IPv6Address) -> bool:
    """Return True for an address on the public internet."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast


def fault(url: str, *, loopback: bool) -> str | None:
    """Return what is wrong with a webhook's URL, or None. `loopback` also allows http, and this machine's hosts."""
    if not 0 < len(url) <= LONGEST:
        return f"Should have 1 to {LONGEST} characters"
    try:
        parts = urlsplit(url)
        port_known = parts.port is None or parts.port > 0
    except ValueError:
        return "Should be a URL"
    unfit = re.search(r"[\x00-\x20\x7f-\x9f\\]", url) or not all_seen(url)
    if unfit or not parts.hostname or not port_known:
        return "Should be a URL"
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        return "Should be an https URL"
    if parts.username is not None or parts.password is not None:
        return "Should be a URL without a user name or password"
    return _host_fault(parts, loopback=loopback)


def _host_fault(parts: SplitResult, *, loopback: bool) -> str | None:
    host = _as_looked_up(parts)
    if host is None:
        return "Should be a URL whose host is a domain name (labels of 1 to 63 characters) or a complete IP address"
    is_loopback = host == "localhost" or host.endswith(".localhost")
    try:
        address = ip_address(host)
    except ValueError:
        may_be_public = not is_loopback
    else:
        is_loopback, may_be_public = address.is_loopback, public(address)
    return None if may_be_public or (loopback and is_loopback) else "Should be a URL with a public host"


def _as_looked_up(parts: SplitResult) -> str | None:
    """Return the host in ASCII without a final dot, as a resolver expects it. Returns None if it is invalid.

    RFC 1035, section 2.3.4, limits labels and names. A host whose last label is a number is an IPv4 address, which some
    parsers let abbreviate (`127.1`): only the full form is allowed (https://url.spec.whatwg.org/#concept-host-parser).
    """
    name = parts.hostname or ""
    if "[" in parts.netloc:
        return name if _is(IPv6Address, name) else None
    host = name if name.isascii() else _idna(name)
    if host is None or "%" in host or host.startswith("*"):
        return None
    host = host.removesuffix(".")
    labels = host.split(".")
    if len(host) > _LONGEST_NAME or not all(0 < len(label) <= _LONGEST_LABEL for label in labels):
        return None
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) and not _is(IPv4Address, host):
        return None
    return host


def _idna(name: str) -> str | None:
    """Encode an international name label by label, as urllib3 does. Returns None if that fails."""
    import idna  # its tables are large, and few hosts need them

    try:
        labels = [
            label if label.isascii() else idna.encode(label.lower(), strict=True, std3_rules=True).decode()
            for label in name.split(".")
        ]
    except UnicodeError:
        return None
    return ".".join(labels).lower()


def _is(kind: type[IPv4Address | IPv6Address], host: str) -> bool:
    try:
        kind(host)
    except ValueError:
        return False
    return True
