"""Which URLs a customer may have webhooks sent to, as far as that can be told from the URL (faults, F24).

A host's name is looked up, and its addresses are checked, when the connection is made (`adapters.webhooks`): only
then is it known where it leads.
"""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

LONGEST = 2000


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
        public = not is_loopback
    else:
        is_loopback, public = address.is_loopback, address.is_global and not address.is_multicast
    return None if public or (loopback and is_loopback) else "Input should be a URL with a public host"
