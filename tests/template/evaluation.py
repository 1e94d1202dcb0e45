"""CloudWatch's evaluation of alarms, for made-up samples.

Its functions behave as its guide says ("Using math expressions with CloudWatch metrics"): a division by zero gives no
value. A missing value counts as 0 in CloudWatch's arithmetic; here it gives none, so each expression must say what it
means by it. "Evaluating an alarm": of the last `EvaluationPeriods` values, `DatapointsToAlarm` must breach.
"""

import operator
from functools import cache

from tests.template.test_alarms import CALLBACKS
from tests.template.test_template import references

BREACHES = {"GreaterThanThreshold": operator.gt}


def _if(condition, then, otherwise):
    return then if condition else otherwise


def _fill(known, filler):
    return filler if known is None else known


@cache
def _compiled(expression):
    return compile(expression.strip(), expression, "eval")


WORDS = {"IF": _if, "FILL": _fill}

OWNERS = {"FunctionName", "QueueName", "GlobalSecondaryIndexName", "APIName", "ServiceMetric", "service"}
"""Dimensions that select one series of a metric that has several."""


def name_of(metric):
    """The name of a series in a sample: its metric, behind the function, queue, index or path that it is limited to."""
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", [])}
    if "Resource" in dimensions:
        return f"{'callbacks' if CALLBACKS.items() <= dimensions.items() else 'posts'}' {metric['MetricName']}"
    (owner,) = [value for name, value in dimensions.items() if name in OWNERS] or [""]
    if isinstance(owner, dict):
        (owner,) = references(owner)
    return f"{owner} {metric['MetricName']}".strip()


def value(alarm, sample):
    """The value that an alarm compares with its threshold in one period, or None."""
    properties = alarm["Properties"]
    if "Metrics" not in properties:
        return sample.get(name_of(properties))
    known = WORDS | {"SERVICE_QUOTA": lambda usage: usage and sample["quota"]}
    expressions = [one for one in properties["Metrics"] if "Expression" in one]
    for one in properties["Metrics"]:
        if "MetricStat" in one:
            known[one["Id"]] = sample.get(name_of(one["MetricStat"]["Metric"]))
    result = None
    for one in reversed(expressions):  # the first expression uses the later ones
        try:
            result = known[one["Id"]] = eval(_compiled(one["Expression"]), {"__builtins__": {}}, known)
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
    different = {id(sample): value(alarm, sample) for sample in {id(one): one for one in samples}.values()}
    values = [different[id(sample)] for sample in samples]
    breaching = [missing if one is None else breaches(one, properties["Threshold"]) for one in values]
    return any(sum(breaching[max(0, end - periods) : end]) >= needed for end in range(1, len(breaching) + 1))
