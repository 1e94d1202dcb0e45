"""What a simulation has shown: who was reached how, after how long, and what that took."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.pacing.product import Product


@dataclass(frozen=True)
class Figures:
    product: Product
    began: int
    """When the first workflow was offered (ms)."""
    seconds: float
    """How long workflows were offered."""

    @property
    def flows(self) -> list[Any]:
        """The workflows in the order in which they were posted."""
        return [self.product.flows[workflow_id] for workflow_id in self.product.posted]

    def reached(self, number: int) -> int:
        """How many workflows had this step as the first that the vendor took."""
        taken = self.product.vendor.accepted
        return sum(
            (flow.id, number) in taken and not any((flow.id, earlier) in taken for earlier in range(number))
            for flow in self.flows
        )

    @property
    def unreached(self) -> int:
        return len(self.flows) - sum(self.reached(number) for number in range(2))

    @property
    def requests_per_second(self) -> float:
        """Requests at the vendor a second, in the second half of the time in which workflows were offered."""
        half, end = self.began + self.seconds * 500, self.began + self.seconds * 1000
        return sum(half <= at < end for at, _ in self.product.vendor.requests) / (self.seconds / 2)

    def refused_requests(self, status: int = 429) -> int:
        return sum(result == status for _, result in self.product.vendor.requests)

    def waits(self, of: Callable[[Any], bool] = lambda _: True) -> list[float]:
        """Seconds from each POST until the vendor took the first step, in the order of the POSTs."""
        taken = self.product.vendor.taken_at
        return [
            (taken[workflow_id, 0] - at) / 1000
            for workflow_id, at in self.product.posted.items()
            if (workflow_id, 0) in taken and of(self.product.flows[workflow_id])
        ]

    def events(self) -> Counter[str]:
        """The entries of all timelines, by event."""
        return Counter(entry["event"] for flow in self.flows for entry in flow.timeline)

    def overtaken(self) -> float:
        """The most seconds by which a workflow was posted after one that it overtook on its way to the vendor."""
        taken, posted = self.product.vendor.taken_at, self.product.posted
        order = sorted((taken[flow.id, 0], posted[flow.id]) for flow in self.flows if (flow.id, 0) in taken)
        youngest, most = 0, 0
        for _, at in order:
            most, youngest = max(most, youngest - at), max(youngest, at)
        return most / 1000


def run(product: Product, seconds: float, patience: float = 1800) -> Figures:
    """Let so many seconds of load pass, and then time until every workflow has ended."""
    began = product.now
    product.pass_seconds(seconds)
    until = product.now + patience * 1000
    while product.now < until and any(flow.running for flow in product.flows.values()):
        product.pass_seconds(5)
    return Figures(product, began, seconds)
