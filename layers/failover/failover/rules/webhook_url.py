"""Which URLs a customer may have webhooks sent to, as far as that can be told from the URL (faults, F24).

A host's name is looked up, and its addresses are checked, when the connection is made (`adapters.webhooks`): only
then is it known where it leads.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

LONGEST = 2000
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""Outside of it are site-local addresses, and those that have an IPv4 address inside, which may be any."""


def public(address: IPv4Address | IPv6Address) -> bool:
    """It is a host of the internet, as far as its address tells."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast


def fault(url: str, *, loopback: bool) -> str | None:
    """What is wrong with a webhook's URL; None: nothing. `loopback` also allows http, and hosts of this machine."""
    if not 0 < len(url) <= LONGEST:
        return f"String should have 1 to {LONGEST} characters"
    try:
        parts = urlsplit(url)
        port_known = parts.port is None or parts.port > 0
    except ValueError:
        return "Input should be a URL"
    if re.search(r"[\x00-\x20\x7f-\xa0\\]", url) or not parts.hostname or not port_known:
        return "Input should be a URL"
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        return "Input should be a URL with https"
    if parts.username is not None or parts.password is not None:
        return "Input should be a URL without credentials"
    return _host_fault(parts, loopback=loopback)


def _host_fault(parts: SplitResult, *, loopback: bool) -> str | None:
    host = (parts.hostname or "").rstrip(".")
    is_loopback = host == "localhost" or host.endswith(".localhost")
    try:
        address = ip_address(host)
    except ValueError:
        may_be_public = not is_loopback
    else:
        is_loopback, may_be_public = address.is_loopback, public(address)
    return None if may_be_public or (loopback and is_loopback) else "Input should be a URL with a public host"
