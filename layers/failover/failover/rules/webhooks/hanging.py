"""A customer's host that lets attempts time out: from when on it is spared, and how it is found to be back (F30).

Such an attempt keeps a worker busy for as long as a time-out lasts. Without this rule a few thousand webhooks that wait
for one dead host would keep all workers busy, and everybody's webhooks waiting.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from failover.rules.webhooks.delivery import Attempted, Failed

AFTER = 3
"""Time-outs in a row after which a host is taken to hang."""
PROBE_SECONDS = 30
"""While it hangs, one attempt is made in so many seconds, whichever webhook's turn it is then."""
KEPT_SECONDS = 7 * 24 * 3600
"""How long a host nobody asks any more is remembered."""
HELD_BACK = Failed("held back")
"""What an attempt comes to that is not made because the host hangs: it is put off like any other."""


@dataclass(frozen=True)
class Host:
    """What is known of a host, for one account: no account can have another one's webhooks held back."""

    account: str
    name: str
    timeouts: int = 0
    """In a row, up to now."""
    probe_at: int = 0
    """When the next attempt may be made (ms), once it hangs."""

    @property
    def hangs(self) -> bool:
        return self.timeouts >= AFTER


def timed_out(attempted: Attempted) -> bool:
    """It kept a worker busy; a refused connection, or an error as answer, does not."""
    return attempted == Failed("timeout")


def name(url: str) -> str:
    """Host and port of a URL: what hangs together."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return url
