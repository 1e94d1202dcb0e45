"""What holds for the summary of any workflows, after any history."""

from dataclasses import replace
from decimal import Decimal
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from failover.rules.receipts.usage import EXACT
from failover.rules.workflow.costs import totals
from failover.rules.workflow.summary import MOST_POINTS, Asked, summary
from tests.examples import NOW
from tests.properties.test_histories import EVENTS, STEPS, histories

HOUR = 3_600_000
SPAN = Asked(NOW, NOW + 4 * HOUR)


def last(flow, happenings, created_at):
    for _, _, after in histories(flow, happenings):
        flow = after
    return replace(flow, created_at=created_at)


FLOWS = st.lists(st.builds(last, STEPS, EVENTS, st.integers(NOW, NOW + 4 * HOUR)), max_size=6)


def summarized(flows):
    return summary(flows, SPAN, NOW, exact=True)


def usages(shown):
    usage = shown.get("usage", [])
    return usage if isinstance(usage, list) else [usage]


@settings(max_examples=200, deadline=None)
@given(FLOWS)
def test_counts_add_up(flows):
    """Each workflow has one status and one hour, each completed one has the step that completed it, and the prices are
    the sum of the workflows' own."""
    shown = summarized(flows)
    assert shown["workflows"] == sum(shown["outcomes"].values()) == len(flows)
    for status, count in shown["outcomes"].items():
        assert sum(hour[status] for hour in shown["hours"]) == count
    assert [hour["from"] for hour in shown["hours"]] == sorted({hour["from"] for hour in shown["hours"]})
    assert sum(step["workflows"] for step in shown["reached"]) == shown["outcomes"]["completed"]
    left = [entry for flow in flows for entry in flow.timeline if entry["event"] == "left"]
    assert sum(row["steps"] for row in shown["failovers"]) == len(left)
    steps = [(flow, number) for flow in flows for number in range(len(flow.steps))]
    assert sum(row["met"] for row in shown["times"]) >= sum(flow.steps[n].outcome == "met" for flow, n in steps)
    assert sum(row["sent"] for row in shown["times"]) <= sum(flow.steps[n].phase != "pending" for flow, n in steps)
    own = [price for flow in flows for price in totals(flow.timeline)]
    for usage in usages(shown):
        prices = [Decimal(price["price"]) for price in own if price["currency"] == usage["currency"]]
        assert Decimal(usage["price"]) == reduce(EXACT.add, prices)
    assert {usage["currency"] for usage in usages(shown)} == {price["currency"] for price in own}


@settings(max_examples=200, deadline=None)
@given(FLOWS)
def test_curve(flows):
    """A curve rises, begins at 0 s or later, and ends with all steps that met their condition, which were all sent."""
    for row in summarized(flows)["times"]:
        seconds, steps = ([point[name] for point in row["curve"]] for name in ("seconds", "steps"))
        assert seconds == sorted(set(seconds))
        assert steps == sorted(set(steps))
        assert min(seconds, default=0) >= 0
        assert max(steps, default=0) == row["met"]
        assert len(steps) <= MOST_POINTS
        assert row["met"] <= row["sent"]
        assert sum(one["steps"] for one in row["expiry_times"]) <= row["sent"]


@settings(max_examples=100, deadline=None)
@given(FLOWS, st.randoms(use_true_random=False))
def test_order_does_not_matter(flows, random):
    """The order of the workflows does not matter."""
    shuffled = list(flows)
    random.shuffle(shuffled)
    assert summarized(shuffled) == summarized(flows)


@settings(max_examples=100, deadline=None)
@given(FLOWS)
def test_twice_the_workflows(flows):
    """Twice the workflows have twice the counts and prices, at the same times."""
    assert summarized(flows * 2) == doubled(summarized(flows))


def doubled(value, name=""):
    """A summary with its counts and prices doubled, but no step number, span, limit or time."""
    match value:
        case dict():
            return {name: doubled(one, name) for name, one in value.items()}
        case list():
            return [doubled(one) for one in value]
        case bool():
            return value
        case int() if name not in ("step", "seconds"):
            return 2 * value
        case str() if name == "price":
            return f"{EXACT.multiply(2, Decimal(value)):f}"
    return value


@settings(max_examples=100, deadline=None)
@given(FLOWS, FLOWS)
def test_together(some, others):
    """The counts of two sets of workflows together are the sums of theirs."""
    one, other, both = summarized(some), summarized(others), summarized(some + others)
    assert both["reached_twice"] == one["reached_twice"] + other["reached_twice"]
    assert both["workflows"] == one["workflows"] + other["workflows"]
    for status, count in both["outcomes"].items():
        assert count == one["outcomes"][status] + other["outcomes"][status]
    for name in ("sent", "met"):
        assert sum(row[name] for row in both["times"]) == sum(row[name] for row in one["times"] + other["times"])
