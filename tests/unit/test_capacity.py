"""What the stack can take: as docs/operations.md says, and by default 50 workflows a second."""

import pytest

from local.capacity import tables
from local.capacity.contracts import CONTRACTS, Contract
from local.capacity.demand import Durations, demand
from local.capacity.limits import Limit, exceeded
from local.capacity.profiles import ONE, PROFILES, TWO_EXPIRE
from local.capacity.quotas import ACCOUNTS, LARGE, OTHER
from local.capacity.settings import default, limits
from tests.world import template

WANTED = demand(TWO_EXPIRE, 50)


def test_tables():
    """The tables of docs/operations.md are the ones the code makes."""
    assert tables.PAGE.read_text() == tables.page(), "make generate"


@pytest.mark.parametrize("limit", limits(), ids=lambda limit: limit.name)
def test_defaults(limit):
    """Each default is enough for 50 workflows a second of three steps of which two expire, with three callbacks for
    each message. MessagesPerSecond is the one exception: it is the vendor's contract, and only delays messages."""
    assert WANTED[limit.resource] <= limit.most, f"{limit.name}: {WANTED[limit.resource]:.0f} {limit.resource} needed"


def test_every_limit_of_the_template():
    """No limit of the template is forgotten: each rate and concurrency among its parameters is compared, or is known
    to be none by default, or to belong to the vendor."""
    compared = {limit.name.strip("`") for limit in limits()}
    named = {name for name in template()["Parameters"] if name.endswith(("PerSecond", "Rate", "Concurrency"))}
    ours = {"StartsPerSecond", "AccountWorkflowsPerSecond", "TableWritesPerSecond"}
    of_vendor = {name for name in named if name.endswith("PerSecond")} - ours
    none = {name for name in named if int(template()["Parameters"][name]["Default"]) == 0}
    assert named - compared - of_vendor - none == set()


@pytest.mark.parametrize(
    ("burst", "resource"), [("ThrottlingBurst", "POSTs"), ("CallbackThrottlingBurst", "callbacks")]
)
def test_bursts(burst, resource):
    """Each burst has room for a second and a half of them."""
    assert default(burst) >= 1.5 * WANTED[resource]


def test_quotas_of_the_starts():
    """The smallest Region starts 50 workflows a second and, beside them, those of a backlog at StartsPerSecond."""
    assert WANTED["StartExecution"] + default("StartsPerSecond") <= OTHER.starts


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_demand(profile):
    """Demand grows with the rate; functions that run each minute are there without any workflow."""
    none, one, ten = (demand(profile, rate) for rate in (0, 1, 10))
    assert {resource for resource, asked in none.items() if asked} == {"functions at once"}
    for resource, asked in none.items():
        assert ten[resource] - asked == pytest.approx(10 * (one[resource] - asked))


def test_waits():
    """A send that waits for its turn enters four more states, is invoked again and reserves again."""
    waiting = demand(TWO_EXPIRE, 1, waits=1)
    once = demand(TWO_EXPIRE, 1)
    more = {resource: waiting[resource] - once[resource] for resource in once}
    assert (more["StateTransition"], more["invocations of send"], more["writes of the key's lane"]) == (12, 3, 3)
    assert more["vendor requests"] == more["callbacks"] == 0


def test_slow_vendor():
    """A vendor that takes 15 s to answer needs 750 functions for 50 messages a second."""
    slow = demand(ONE, 50, durations=Durations(send=15_000))
    assert slow["send at once"] == 750


def test_the_first_of_two():
    """Of two limits that are exceeded, that which binds at the lower rate comes first."""
    few, many = Limit("POSTs", 10, "few"), Limit("callbacks", 60, "many")
    assert exceeded(demand(ONE, 5), [few, many]) == []
    assert exceeded(demand(ONE, 20), [few, many]) == [few]
    assert exceeded(demand(ONE, 30), [many, few]) == [few, many]


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.name)
def test_quotas(account):
    """Each quota is of a resource that the demand names, and says which page of AWS it is from."""
    for limit in account.limits:
        assert limit.resource in WANTED
        assert limit.source.startswith("https://docs.aws.amazon.com/")
        assert limit.used(WANTED) <= 1 or account is not LARGE or limit.resource == "table writes"


@pytest.mark.parametrize("per_second", CONTRACTS)
def test_contracts(per_second):
    """With the settings for a contract, messages, callbacks and webhooks pass, and no message of a burst is lost."""
    contract = Contract(per_second)
    asked, settings = demand(ONE, per_second), contract.settings
    assert settings["MessagesPerSecond"] == asked["vendor requests"]
    assert settings["PatienceSeconds"] > contract.last_of_burst
    for limit in limits():
        name = limit.name.strip("`")
        if name in settings:
            assert asked[limit.resource] <= settings[name], name
