"""Limits of a resource, and which of them a demand exceeds first."""

from collections.abc import Iterable
from dataclasses import dataclass

from local.capacity.demand import Demand


@dataclass(frozen=True)
class Limit:
    resource: str
    """As `demand` names it."""
    most: float
    name: str
    """The setting to raise, or the quota to request."""
    source: str = "template.yaml"
    """AWS's page."""

    def used(self, asked: Demand) -> float:
        """Return the share of the limit that is used; above 1 it is exceeded."""
        return asked[self.resource] / self.most


def exceeded(asked: Demand, limits: Iterable[Limit]) -> list[Limit]:
    """Return the limits that a demand exceeds; that which is exceeded first as the rate grows comes first."""
    return sorted((one for one in limits if one.used(asked) > 1), key=lambda one: -one.used(asked))
