"""Which settings go with a contract with the vendor, which allows so many requests a second for a key."""

from dataclasses import dataclass
from math import ceil

from failover.rules.pacing.turns import USED_SHARE
from local.capacity.demand import TYPICAL, demand
from local.capacity.profiles import CALLBACKS, ONE, PROFILES
from local.capacity.settings import default

BURST = 1_000
"""Messages that are due at once."""
CONTRACTS = (1, 10, 30, 100, 300)

_MARGIN = 1.5
"""Callbacks and webhooks of a burst come closer together than its sends."""


@dataclass(frozen=True)
class Contract:
    per_second: int

    @property
    def last_of_burst(self) -> float:
        """Seconds until the last message of a burst is sent."""
        return BURST / self.used

    @property
    def used(self) -> float:
        """Messages a second that the stack sends."""
        return USED_SHARE * self.per_second

    @property
    def settings(self) -> dict[str, int]:
        """The parameters to set, by name. Where the template's default is enough, it is the default."""
        callbacks = self.per_second * CALLBACKS
        deliveries = self.per_second * ONE.webhooks * TYPICAL.deliver_webhook / 1000
        needed = {
            "PatienceSeconds": 2 * self.last_of_burst,
            "CallbackThrottlingRate": _MARGIN * callbacks,
            "CallbackThrottlingBurst": 2 * _MARGIN * callbacks,
            "WebhookConcurrency": _MARGIN * deliveries,
            "AccountWorkflowsPerSecond": self.per_second,
            "ThrottlingRate": 2 * self.per_second,  # well above the limit of one account, since all share it
            "ThrottlingBurst": 4 * self.per_second,
            "StartsPerSecond": self.per_second,
            "TableWritesPerSecond": max(
                demand(profile, self.per_second / profile.messages, waits=1)["table writes"] for profile in PROFILES
            ),
        }
        return {"MessagesPerSecond": self.per_second} | {
            name: max(default(name), ceil(number)) for name, number in needed.items()
        }
