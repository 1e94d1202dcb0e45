"""When alarms fire and when not: their expressions and thresholds, evaluated for made-up traffic.

CloudWatch's functions behave as its guide says ("Using math expressions with CloudWatch metrics"): a division by zero
gives no value. A missing value counts as 0 in CloudWatch's arithmetic; here it gives none, so each expression must say
what it means by it. "Evaluating an alarm": of the last `EvaluationPeriods` values, `DatapointsToAlarm` must breach.
"""

import operator

import pytest

from tests.template.test_alarms import ALARMS, CALLBACKS

BREACHES = {"GreaterThanThreshold": operator.gt}


def _if(condition, then, otherwise):
    return then if condition else otherwise


def _fill(known, filler):
    return filler if known is None else known


WORDS = {"IF": _if, "FILL": _fill}
DAY = 288
"""Periods of 5 minutes."""
QUIET = {"OldestOverdueSeconds": 0}
"""A period without requests, in which `reconcile` still runs."""


def name_of(metric):
    """The name of a metric in a sample: callbacks alone, or the whole API."""
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", [])}
    return f"callbacks' {metric['MetricName']}" if CALLBACKS.items() <= dimensions.items() else metric["MetricName"]


def value(alarm, sample):
    """The value that an alarm compares with its threshold in one period, or None."""
    properties = alarm["Properties"]
    if "Metrics" not in properties:
        return sample.get(name_of(properties))
    known = dict(WORDS)
    expressions = [one for one in properties["Metrics"] if "Expression" in one]
    for one in properties["Metrics"]:
        if "MetricStat" in one:
            known[one["Id"]] = sample.get(name_of(one["MetricStat"]["Metric"]))
    result = None
    for one in reversed(expressions):  # the first expression uses the later ones
        try:
            result = known[one["Id"]] = eval(one["Expression"], {"__builtins__": {}}, known)
        except (ZeroDivisionError, TypeError):  # division by zero, or with a missing value
            return None
    return result


def period(alarm):
    """The period of an alarm in seconds."""
    stats = [one["MetricStat"] for one in alarm["Properties"].get("Metrics", []) if "MetricStat" in one]
    (seconds,) = {one["Period"] for one in stats or [alarm["Properties"]]}
    return seconds


def longer(samples, size, first):
    """The sums of `size` samples each. The first sum has `first` of them, and the last may be incomplete."""
    starts = [0, *range(first or size, len(samples), size)]
    parts = [samples[start:end] for start, end in zip(starts, [*starts[1:], len(samples)], strict=True)]
    return [{name: sum(one.get(name, 0) for one in part) for name in set().union(*part)} for part in parts]


def rings(alarm, samples):
    """Whether an alarm fires in these periods, for any start of its own longer periods."""
    size = max(1, period(alarm) // 300)
    return any(_rings(alarm, longer(samples, size, first) if size > 1 else samples) for first in range(size))


def _rings(alarm, samples):
    properties = alarm["Properties"]
    periods = properties["EvaluationPeriods"]
    needed = properties.get("DatapointsToAlarm", periods)
    missing = properties["TreatMissingData"] == "breaching"
    breaches = BREACHES[properties["ComparisonOperator"]]
    values = [value(alarm, sample) for sample in samples]
    breaching = [missing if one is None else breaches(one, properties["Threshold"]) for one in values]
    return any(sum(breaching[max(0, end - periods) : end]) >= needed for end in range(1, len(breaching) + 1))


def rung(*samples):
    """The alarms that fire in these periods of 5 minutes."""
    return {name for name, alarm in ALARMS.items() if rings(alarm, [QUIET | sample for sample in samples])}


def requests(count, failed=0):
    return {"Count": count, "5XXError": failed} if failed else {"Count": count}


def callbacks(genuine=0, forged=0, unsigned=0):
    """The callbacks of one period, as API Gateway and `message_status` count them."""
    every = genuine + forged + unsigned
    counts = {"Count": every, "callbacks' Count": every, "4XXError": forged}
    counts |= {"5XXError": unsigned, "UnsignedReceipts": unsigned} if unsigned else {}
    return counts | ({"ForgedReceipts": forged} if forged else {})


GET = {"Count": 1, "4XXError": 1, "CallbacksNotPosted": 1}
"""A callback by GET, the initial setting in the vendor's dashboard."""


@pytest.mark.parametrize("one", [callbacks(unsigned=1), callbacks(forged=1), {"Count": 1, "4XXError": 1}, GET])
def test_a_strangers_request(one):
    """No alarm fires for a stranger's request: an unsigned or wrongly signed callback, or an unknown path."""
    assert rung(one) == set()


@pytest.mark.parametrize("kind", ["unsigned", "forged"])
def test_a_scanner(kind):
    """No alarm fires for five minutes of heavy scanning, nor for a long scan beside real traffic."""
    assert rung(callbacks(**{kind: 200})) == set()
    assert rung(*[callbacks(genuine=40, **{kind: 4})] * DAY) == set()


def test_a_wrong_secret():
    """With a wrong secret the alarm fires within a quarter of an hour, and not at once."""
    wrong = callbacks(forged=300)
    assert rung(wrong, wrong) == set()
    assert rung(wrong, wrong, wrong) == {"ReceiptsForged"}


def test_a_wrong_secret_of_a_quiet_stack():
    """With three messages a day the alarm fires at the third one."""
    message, hours = callbacks(forged=2), [{}] * 90
    assert rung(message, *hours, message, *hours) == set()
    assert rung(message, *hours, message, *hours, message) == {"ReceiptsForged"}


def test_a_secret_that_is_wrong_in_part():
    """The alarm also fires if most callbacks are genuine, but not if hardly any is forged."""
    assert rung(*[callbacks(genuine=85, forged=15)] * 3) == {"ReceiptsForged"}
    assert rung(*[callbacks(genuine=95, forged=5)] * DAY) == set()


def test_a_wrong_secret_cannot_be_hidden():
    """Unsigned callbacks, which anyone may send, do not dilute the forged ones."""
    assert rung(*[callbacks(genuine=1, forged=20, unsigned=2000)] * 3) == {"ReceiptsForged"}


def test_a_dashboard_that_says_get():
    """The alarm fires at the sixth callback by GET, even on a quiet stack; a few among real ones are ignored."""
    quiet = [GET, *[{}] * 40]
    assert rung(*quiet * 5) == set()
    assert rung(*quiet * 6) == {"ReceiptsNotPosted"}
    assert rung(*[{**callbacks(genuine=40), "CallbacksNotPosted": 4}] * DAY) == set()


def test_an_unknown_status():
    """The alarm fires at the first unknown status: only the vendor can sign one."""
    assert rung({**callbacks(genuine=40), "UnknownStatuses": 1}) == {"StatusesUnknown"}


def test_unsigned_callbacks():
    """A vendor that does not sign has its own alarm, within half an hour; the API does not count as failing."""
    unsigned = callbacks(unsigned=300)
    beside_requests = {**unsigned, "Count": unsigned["Count"] + 100}
    assert rung(*[beside_requests] * 5) == set()
    assert rung(*[beside_requests] * 6) == rung(*[unsigned] * 6) == {"ReceiptsUnsigned"}


def test_unsigned_callbacks_of_a_quiet_stack():
    """One callback that the vendor repeats for a day is enough."""
    assert rung(*[callbacks(unsigned=1), *[{}] * 40] * 6) == {"ReceiptsUnsigned"}


@pytest.mark.parametrize(
    ("traffic", "expected"),
    [
        (requests(100_000, 6000), {"ApiFailing"}),
        (requests(100_000, 4000), set()),
        (requests(5, 5), {"ApiFailing"}),
        (requests(4, 4), set()),
        (requests(10_000, 4), set()),
        (requests(90), set()),
    ],
)
def test_an_api_that_fails(traffic, expected):
    """The alarm fires within ten minutes for a share of the requests, also of few, but not for one or two."""
    assert rung(traffic, traffic) == rung(traffic, {}, traffic) == expected


def test_metrics_that_arrive_late():
    """A period with callbacks counted as failures, but not yet as unsigned, does not fire the alarm."""
    late = {name: value for name, value in callbacks(unsigned=300).items() if name != "UnsignedReceipts"}
    assert rung(late) == set()


def test_a_failing_api_cannot_be_hidden():
    """Unsigned callbacks count neither as failures nor as requests."""
    unsigned = callbacks(unsigned=2000)
    both = {**unsigned, "Count": unsigned["Count"] + 100, "5XXError": unsigned["5XXError"] + 10}
    assert rung(both, both) == {"ApiFailing"}


def test_one_unexpected_failure():
    """The alarm fires at the first unexpected failure, even one caused by a stranger."""
    assert rung({"UnexpectedFailures": 1}) == {"UnexpectedFailures"}


@pytest.mark.parametrize("name", [name for name, alarm in ALARMS.items() if "Metrics" in alarm["Properties"]])
def test_an_expression(name):
    """Each alarm compares one series with one period, and looks back a day at most."""
    properties = ALARMS[name]["Properties"]
    shown = [one for one in properties["Metrics"] if one.get("ReturnData", True)]
    assert shown == [properties["Metrics"][0]]
    assert properties["EvaluationPeriods"] * period(ALARMS[name]) <= DAY * 300


def sent(count=1, receipts=0):
    """The messages accepted by the vendor in one period, and the genuine callbacks."""
    return {"MessagesAccepted": count} | ({"GenuineReceipts": receipts} if receipts else {})


HALF_HOUR = 6
"""Periods of 5 minutes."""


def test_no_receipts_at_all():
    """With constant traffic and no receipts the alarm fires within two hours, and not in the first."""
    assert rung(*[sent(100)] * (2 * HALF_HOUR)) == set()
    assert rung(*[sent(100)] * (4 * HALF_HOUR)) == {"ReceiptsMissing"}


def test_no_receipts_of_a_quiet_stack():
    """With hardly any traffic the alarm fires at the fourth message of a day."""
    message = [sent(), *[{}] * 60]
    assert rung(*message * 3) == set()
    assert rung(*message * 4) == {"ReceiptsMissing"}


@pytest.mark.parametrize(
    "samples",
    [
        [{}] * DAY,
        [sent(50)] * 3,
        [sent(2, receipts=4)] * DAY,
        [sent(2), {"GenuineReceipts": 4}] * (DAY // 2),
        [sent(20), *[{}] * 5, {"GenuineReceipts": 40}, *[{}] * 5] * 3,
        [*[sent(10, receipts=1)] * DAY, *[sent(10)] * HALF_HOUR],
        [{"GenuineReceipts": 5}] * DAY,
        [sent(), {}, {"GenuineReceipts": 2}, *[{}] * 200],
    ],
    ids=["no traffic", "just now", "healthy", "ten minutes", "half an hour", "a pause", "statuses only", "one message"],
)
def test_receipts_that_are_not_missing(samples):
    """No alarm fires without traffic, for recent messages, or for the usual delay of receipts."""
    assert rung(*samples) == set()


def test_forgeries_are_no_receipts():
    """Callbacks that anyone may send do not hide missing receipts."""
    beside = sent(10) | callbacks(unsigned=1)
    assert "ReceiptsMissing" in rung(*[beside] * (4 * HALF_HOUR))
