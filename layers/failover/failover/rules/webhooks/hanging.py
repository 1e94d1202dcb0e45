"""A customer's host that hangs: when its attempts are held back, and when one probes it (docs/reliability.md, F30).

An attempt keeps a worker busy until its timeout. Without this rule a few thousand webhooks for one dead host would keep
all workers busy, and delay the webhooks of all customers.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from failover.rules.webhooks.delivery import Attempted, Failed

AFTER = 3
"""Timeouts in a row after which a host counts as hanging."""
PROBE_SECONDS = 30
"""Seconds between attempts at a hanging host, of all webhooks together."""
KEPT_SECONDS = 7 * 24 * 3600
"""Seconds that a host is remembered after its last attempt."""
HELD_BACK = Failed("held back")
"""Result of an attempt skipped because the host hangs. It is repeated like a failed one."""


@dataclass(frozen=True)
class Host:
    """A host as one account sees it, so that no account can have another's webhooks held back."""

    account: str
    name: str
    timeouts: int = 0
    """Timeouts in a row up to now."""
    probe_at: int = 0
    """While the host hangs, when the next attempt may be made (ms)."""

    @property
    def hangs(self) -> bool:
        return self.timeouts >= AFTER


def timed_out(attempted: Attempted) -> bool:
    """Return True if the attempt kept a worker busy, unlike a refused connection or an error status."""
    return attempted == Failed("timeout")


def name(url: str) -> str:
    """Return host and port of a URL."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return url
