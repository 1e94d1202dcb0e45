"""Print what happens when demand nears or exceeds the vendor's limit: `python -m tests.pacing [seconds of load]`.

The table is in docs/reliability.md.
"""

import sys

from tests.lives.stack import ACCOUNTS
from tests.pacing.figures import run
from tests.pacing.product import simulated
from tests.pacing.vendor import Behaviour

OFFERED = ((28, 30), (32, 30), (50, 30), (50, 55))
"""(workflows a second, requests a second that the vendor takes)"""
TITLES = (
    "offered → limit",
    "first channel",
    "second channel",
    "not reached",
    "requests at the vendor",
    "sends at once",
    "POSTs and callbacks without a Lambda",
    "longest wait",
)


def main(seconds: int) -> None:
    print(f"# {seconds} s of load, workflows of two steps, 0.35 s for each answer, 1,000 Lambdas\n")
    print("|", " | ".join(TITLES), "|")
    print("|" + "---|" * len(TITLES))
    for offered, limit in OFFERED:
        print("|", " | ".join(row(offered, limit, seconds)), "|", flush=True)


def row(offered: int, limit: int, seconds: int) -> list[str]:
    environment = {"MESSAGES_PER_SECOND": str(limit), "ACCOUNT_WORKFLOWS_PER_SECOND": "0"}
    with simulated(Behaviour(limit), environment) as product:
        product.offer(ACCOUNTS[0], offered, seconds)
        product.repair_each_minute()
        figures = run(product, seconds)
        posted = len(figures.flows)
        return [
            f"{offered}/s → {limit}/s",
            *(_share(number, posted) for number in (figures.reached(0), figures.reached(1), figures.unreached)),
            f"{figures.requests_per_second:.0f}/s",
            f"{product.most['send']:,}",
            f"{product.throttled['workflows_api'] + product.throttled['message_status']:,}",
            f"{max(figures.waits(), default=0):.0f} s",
        ]


def _share(number: int, of: int) -> str:
    return "0" if number == 0 else f"{100 * number / of:.{0 if number == of else 1}f} %"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 180)
