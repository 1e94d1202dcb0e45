"""Demand above the vendor's limit delays messages, in order of age, and loses none (docs/adr/0009-paced-sends.md).

The vendor takes ten requests in any second. A workflow has two steps, both with the vendor's one key.
"""

import contextlib

import pytest

from failover.rules.pacing import turns
from failover.use_cases.callers.register import COMMANDS
from tests.lives.stack import ACCOUNTS
from tests.pacing.figures import Figures, run
from tests.pacing.product import Product, simulated
from tests.pacing.vendor import Behaviour

LIMIT = 10
VENDOR = Behaviour(LIMIT)
SLOW = Behaviour(LIMIT, answer_seconds=14)
"""A request is cut off after 15 s."""
DOWN = Behaviour(LIMIT, down=True)
BURST = 2
"""Requests above the limit in one second: those before them took longer on their way to the vendor."""
SLEEPS = 2 * turns.SHORT / 1000
"""Seconds that a send may sleep in its function before its request: in its account's lane, then in the shared one."""
FLOODING, MODEST = ACCOUNTS


def at_once(vendor: Behaviour, arriving: float = 0) -> float:
    """The most sends that may run at once, while `arriving` new ones come a second, which look whether there is room.

    Sends that wait come a little faster than the limit, so that no time is lost.
    """
    return 1.5 * LIMIT * (SLEEPS + vendor.answer_seconds) + arriving


@pytest.fixture
def simulate():
    """Makes a product whose key has the limit of these tests."""
    with contextlib.ExitStack() as stack:

        def simulate(vendor=VENDOR, lambdas=1000, **environment):
            environment = {"MESSAGES_PER_SECOND": str(LIMIT), "ACCOUNT_WORKFLOWS_PER_SECOND": "0", **environment}
            product = stack.enter_context(simulated(vendor, environment, lambdas=lambdas))
            product.repair_each_minute()
            return product

        yield simulate


def assert_all_reached(figures: Figures, expected: int) -> None:
    """Every workflow reached its recipient on its first channel, and no message was sent twice."""
    assert len(figures.flows) == expected, "every POST was accepted"
    assert figures.reached(0) == expected
    assert sum(figures.product.vendor.accepted.values()) == expected, "no message twice, and no second one"
    assert {flow.status for flow in figures.flows} == {"completed"}
    assert_room(figures.product)


def assert_room(product: Product) -> None:
    """Lambda had room for every POST and every callback, all the time; and nothing failed."""
    assert not product.throttled, dict(product.throttled)
    assert product.metrics["UnexpectedFailures"] == 0


@pytest.mark.parametrize("times", [0.9, 1.1, 1.7, 3])
def test_demand(simulate, times):
    """All are reached on their first channel, in order of age, at the vendor's limit; and few sends run at once."""
    arriving = times * LIMIT
    product = simulate(lambdas=int(at_once(VENDOR, arriving)) + 20)
    product.offer(FLOODING, arriving, 60)
    figures = run(product, 60)
    assert_all_reached(figures, round(arriving * 60))
    assert product.vendor.busiest() <= LIMIT + BURST
    assert figures.refused_requests() == 0
    assert product.most["send"] <= at_once(VENDOR, arriving)
    assert figures.overtaken() <= 5
    assert max(figures.waits()) <= max(0, times - 1) * 60 * 1.1 + 5, "no time is lost while any wait"
    if times < 1:
        assert figures.events()["waiting"] <= 0.02 * len(figures.flows), "none waits without need"


@pytest.mark.parametrize("retry_after", [None, 2])
def test_the_vendor_takes_less(simulate, retry_after):
    """The vendor takes a third of the configured limit: none is lost, and it gets no more than is configured."""
    product = simulate(Behaviour(LIMIT, retry_after=retry_after), MESSAGES_PER_SECOND=str(3 * LIMIT))
    product.offer(FLOODING, 1.2 * LIMIT, 30)
    figures = run(product, 30)
    assert_all_reached(figures, round(1.2 * LIMIT * 30))
    assert product.vendor.busiest() <= 3 * LIMIT
    assert figures.refused_requests() <= 2 * len(figures.flows)


@pytest.mark.parametrize("trouble", [SLOW, DOWN], ids=["slow", "down"])
def test_the_vendor_in_trouble(simulate, trouble):
    """While the vendor is slow or down, Lambda has room for the API and the callbacks; afterwards all are reached."""
    product = simulate(lambdas=int(at_once(SLOW)) + 20)
    product.offer(FLOODING, 0.9 * LIMIT, 45)
    product.pass_seconds(5)
    product.vendor.behaviour = trouble
    product.pass_seconds(30)
    product.vendor.behaviour = VENDOR
    figures = run(product, 10)
    assert_all_reached(figures, round(0.9 * LIMIT * 45))
    assert product.vendor.busiest() <= LIMIT + BURST


@pytest.mark.parametrize(("seconds", "resumed_after"), [(60, None), (3600, 60)], ids=["ends", "resumed"])
def test_paused(simulate, seconds, resumed_after):
    """An operator pauses all sends for a minute, of three that a message may wait: none is requested meanwhile.

    Afterwards all are reached, at the vendor's limit, and have waited for a minute more than the pause at most.
    """
    product = simulate(PATIENCE_SECONDS="180")
    for account in ACCOUNTS:
        product.offer(account, 0.4 * LIMIT, 80)
    product.pass_seconds(5)
    began = product.now
    COMMANDS.carry_out(product.outside, {"action": "pause_sends", "seconds": seconds})
    product.pass_seconds(resumed_after or seconds)
    if resumed_after:
        COMMANDS.carry_out(product.outside, {"action": "resume_sends"})
    figures = run(product, 15)
    assert_all_reached(figures, round(0.8 * LIMIT * 80))
    under_way = [at for at, _ in product.vendor.requests if began + 1000 < at < began + 60_000]
    assert (under_way, figures.refused_requests(), product.metrics["PatienceEnded"]) == ([], 0, 0)
    assert product.vendor.busiest() <= LIMIT + BURST
    assert max(figures.waits()) <= 60 + 65


def test_two_accounts(simulate):
    """One account posts three times the limit; the messages of another one, one a second, hardly wait."""
    product = simulate()
    product.offer(FLOODING, 3 * LIMIT, 20)
    product.offer(MODEST, 1, 20)
    figures = run(product, 20)
    assert_all_reached(figures, 3 * LIMIT * 20 + 20)
    assert max(figures.waits(lambda flow: flow.account == MODEST)) <= 7
    assert max(figures.waits(lambda flow: flow.account == FLOODING)) > 35, "the flood waits"


def test_two_floods(simulate):
    """Of two accounts that flood, each gets about half, also if one posts far more."""
    product = simulate()
    product.offer(FLOODING, 3 * LIMIT, 20)
    product.offer(MODEST, LIMIT, 20)
    product.pass_seconds(20)
    accounts = [product.flows[workflow_id].account for workflow_id, _ in product.vendor.taken_at]
    assert accounts.count(MODEST) / len(accounts) == pytest.approx(0.5, abs=0.1)


def test_many_accounts(simulate):
    """Twenty accounts post twice the limit: all are reached, and none waits much longer than it has to.

    More sends run at once than with one account, since each account has some that look whether it is their turn.
    """
    product = simulate()
    for number in range(20):
        product.add_account(account := f"acc{number:05}")
        product.offer(account, 0.1 * LIMIT, 20)
    figures = run(product, 20)
    assert_all_reached(figures, 2 * LIMIT * 20)
    assert product.most["send"] <= 15 * LIMIT
    assert max(execution.entered for execution in product.engine.executions.values()) <= 130
    assert max(figures.waits()) <= 20 + 20, "the limit is used, and each account has its share"


def test_beyond_patience(simulate):
    """If demand stays above the limit for longer than steps are patient, some are left, and the rest goes on."""
    product = simulate(PATIENCE_SECONDS="15")
    product.offer(FLOODING, 2 * LIMIT, 30)
    figures = run(product, 30)
    left = {entry["reason"] for flow in figures.flows for entry in flow.timeline if entry["event"] == "left"}
    assert left == {"unsendable: no turn within 15 s"}
    assert max(figures.waits()) <= 15 + SLEEPS + 1, "none is taken long after its patience has ended"
    assert 0 < figures.unreached < len(figures.flows) / 2
    assert set(product.vendor.accepted.values()) == {1}, "no message twice"
    assert figures.requests_per_second == pytest.approx(LIMIT, rel=0.1), "the limit is used"
    assert product.vendor.busiest() <= LIMIT + BURST
    assert figures.refused_requests() == 0
    assert_room(product)
