"""What workflows cost: as docs/costs.md and README say."""

import re
from datetime import date

import pytest

from local.capacity import cost_tables, costs, prices
from local.capacity.costs import MONTH, of_options, of_stack, of_workflow, total
from local.capacity.demand import demand
from local.capacity.profiles import ONE, PROFILES, TWO_EXPIRE
from tests.world import ROOT, template

PAGE = cost_tables.PAGE.read_text()
every_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def test_tables():
    """The tables of docs/costs.md are the ones the code makes."""
    assert cost_tables.page() == PAGE, "make generate"


def test_readme():
    """The README says what a million workflows of the cheapest and of the dearest kind cost, and a stack."""
    low, high = (total(of_workflow(profile), 1_000_000) for profile in (ONE, TWO_EXPIRE))
    named = re.search(
        r"(\d+) to (\d+) dollars for a\s+million workflows .*?, and (\d+) dollars a month", _readme(), re.S
    )
    assert [int(number) for number in named.groups()] == [round(low), round(high), round(total(of_stack()))]


def _readme():
    return (ROOT / "README.md").read_text()


def test_step_functions_dominates():
    """Its share is what docs/costs.md says."""
    shares = [
        use.dollars(1) / total(of_workflow(profile))
        for profile in PROFILES
        for use in of_workflow(profile)
        if use.service == "Step Functions"
    ]
    assert f"takes {100 * min(shares):.0f} to {100 * max(shares):.0f} % of the sum" in PAGE


@every_profile
def test_every_call_has_a_price(profile):
    """Each resource that AWS charges for is in the sum: what `demand` counts, times its price."""
    asked = demand(profile, 1)
    units = {use.price: use.units for use in of_workflow(profile)}
    assert units[prices.TRANSITION] == profile.states
    assert units[prices.REQUEST] == 1 + profile.callbacks
    assert units[prices.INVOCATION] == asked["invocations"]
    assert units[prices.WRITE] == asked["table writes"] + sum(profile.indexes.values())
    assert units[prices.READ] == asked["table reads"]
    assert units[prices.LOGGED] > profile.log_bytes / prices.GB


@every_profile
def test_no_service_is_forgotten(profile):
    """Each service that a workflow calls has a row, and each row costs something."""
    uses = of_workflow(profile)
    services = {"Step Functions", "API Gateway", "Lambda", "DynamoDB", "SQS", "CloudWatch Logs", "Secrets Manager"}
    assert {use.service for use in uses} == {*services, "Data transfer"}
    assert all(use.units > 0 for use in uses)


def test_prices_in_bulk():
    """A price falls for the units above each step, and not for those below it."""
    price = prices.Price("x", 3, 1, "", ((10, 2), (20, 1)))
    assert [price.of_month(units) for units in (0, 10, 15, 25)] == [0, 30, 40, 55]


@pytest.mark.parametrize("price", prices.PRICES, ids=lambda price: price.of)
def test_sources(price):
    """Each price names AWS's page, and falls in bulk."""
    assert price.page.startswith("https://aws.amazon.com/")
    steps = [price.dollars, *(dollars for _, dollars in price.cheaper)]
    assert steps == sorted(steps, reverse=True)


def test_the_day_of_the_prices():
    """The page says in which month the prices were read."""
    assert f"{date.fromisoformat(prices.READ_ON):as known in %B %Y}" in PAGE


def test_the_stack_is_counted_from_the_template():
    """Alarms are charged by the series they watch, and secrets one by one."""
    assert costs.number_of("AWS::SecretsManager::Secret") >= 3
    alarms = [one for one in template()["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) <= costs.watched()


def test_lambdas_own_lines_are_off():
    """Lambda writes no lines about calls that went well; those of our own, with the metrics, are not affected."""
    config = template()["Globals"]["Function"]["LoggingConfig"]
    assert config["SystemLogLevel"] == "WARN"
    assert config["ApplicationLogLevel"] == {"Ref": "LogLevel"}
    assert template()["Parameters"]["LogLevel"]["AllowedValues"] == ["DEBUG", "INFO"]


def test_what_that_saves():
    """At 50 workflows a second Lambda's own lines would cost more than all others."""
    rate = 50 * MONTH
    (own,) = (use for use, _ in of_options(TWO_EXPIRE) if "SystemLogLevel" in use.what)
    ours = sum(use.dollars(rate) for use in of_workflow(TWO_EXPIRE) if use.price is prices.LOGGED)
    assert own.dollars(rate) > ours
