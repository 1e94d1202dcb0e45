"""The promises hold over every history of the product, with any faults, deaths, repeats and cancels. See machine.py.

The same seed gives the same histories: `make test` always runs the same ones, `make soak` runs new ones.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from moto import mock_aws

from tests.conftest import only_moto
from tests.lives.figures import SEED
from tests.lives.machine import TOTALS, Histories
from tests.lives.moto_table import MotoTable

HISTORIES = int(os.environ.get("HISTORIES", "1000"))
AT_ONCE = 250
OVER_MOTO = 8
"""For each 1000 histories in memory."""


class HistoriesOverMoto(Histories):
    make_table = MotoTable


@pytest.fixture
def check(record_property):
    def check(machine, number, histories, steps):
        TOTALS.clear()
        settled = settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )
        try:
            seeded = seed(SEED * 1_000_000 + number)(type(machine.__name__, (machine,), {}))
            run_state_machine_as_test(seeded, settings=settled)
        finally:
            record_property("histories", dict(TOTALS))

    return check


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(-(-HISTORIES // AT_ONCE)))
def test_in_memory(check, number):
    """I1 to I13 and I15 hold over long and short histories."""
    check(Histories, number, min(AT_ONCE, HISTORIES - number * AT_ONCE), (24, 10)[number % 2])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(-(-HISTORIES // 1000)))
def test_over_moto(check, monkeypatch, number):
    """The promises hold with the real DynamoDB adapters too."""
    only_moto(monkeypatch)
    with mock_aws():
        check(HistoriesOverMoto, 500_000 + number, OVER_MOTO, 14)
