"""What workflows cost at AWS: the counted calls of `demand` times the list prices of `prices`.

What is not counted is assumed, and named here in capitals: durations (`demand.TYPICAL`), bytes on the wire, and how
many metric series have values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from local.capacity import prices
from local.capacity.demand import LOG_OVERHEAD, TYPICAL, demand
from local.capacity.prices import GB, Price
from local.capacity.profiles import Profile
from local.capacity.settings import default, template

MONTH = 365.25 * 86_400 / 12
"""Seconds."""
_DAYS = MONTH / 86_400

QUEUE_CALLS = 3
"""Of a webhook: sent, received, deleted."""
BYTES_OF_A_REQUEST = 2_000
"""Of a request that a function makes, to the vendor or to a customer: body, headers, and the start of TLS."""
BYTES_OF_AN_ANSWER = 1_000
"""Of the API's answer to a request or a callback."""
BYTES_OF_ACCESS_LOG = 375
"""A line for each request, if the access log is on."""
BYTES_OF_PLATFORM_LOG = 700
"""Lines of type platform.start and platform.report of one invocation, which the template switches off."""
SECRET_KEPT = 300
"""Seconds for which a function keeps a secret."""

SERIES_OF_METRICS = 90
"""Of our own metrics, with values in a normal month: by channel, answer and reason, several for each."""
SERIES_OF_METHODS = 30
"""Of API Gateway's detailed metrics: five for each of about six methods that are called."""
POLLS = 5 * MONTH / 20
"""Lambda's five pollers of an empty queue wait 20 s for a message."""
IDLE_MILLISECONDS = 300
"""Of a minutely function that finds nothing to do."""
_MINUTELY = ("Reconcile", "StartWorkflows")

_MEMORY_OF = {
    "workflows_api": "WorkflowsApi",
    "send": "SendSms",
    "message_status": "MessageStatus",
    "publish_events": "PublishEvents",
    "deliver_webhook": "DeliverWebhook",
}


@dataclass(frozen=True)
class Use:
    """What workflows, or a stack, use of something that has a price."""

    service: str
    what: str
    price: Price
    units: float

    def dollars(self, workflows: float) -> float:
        """For so many workflows in one month."""
        return self.price.of_month(self.units * workflows)


def of_workflow(profile: Profile) -> list[Use]:
    """Return what one workflow uses. Storage is that of the template's default retention, until it is over."""
    asked = demand(profile, 1)
    invocations = profile.invocations
    computed = sum(
        number * TYPICAL.of(name) / 1000 * memory(_MEMORY_OF[name]) / 1024 for name, number in invocations.items()
    )
    writes = asked["table writes"] + sum(profile.indexes.values())
    sent = (profile.messages + profile.webhooks) * BYTES_OF_A_REQUEST + asked["API requests"] * BYTES_OF_AN_ANSWER
    stored = profile.stored / GB * default("RecordRetentionDays") / _DAYS
    logged = asked["log bytes"] / GB
    at_once = sum(number * TYPICAL.of(name) / 1000 for name, number in invocations.items())
    return [
        Use("Step Functions", "state transitions", prices.TRANSITION, asked["StateTransition"]),
        Use("API Gateway", "requests and callbacks", prices.REQUEST, asked["API requests"]),
        Use("Lambda", "requests", prices.INVOCATION, sum(invocations.values())),
        Use("Lambda", "computing", prices.COMPUTING, computed),
        Use("DynamoDB", "writes, with the indexes", prices.WRITE, writes),
        Use("DynamoDB", "reads", prices.READ, asked["table reads"]),
        Use("DynamoDB", "storage until retention ends", prices.STORED, stored),
        Use("DynamoDB", "point-in-time recovery", prices.BACKED_UP, stored),
        Use("SQS", "webhooks", prices.QUEUE_CALL, QUEUE_CALLS * profile.webhooks),
        Use("CloudWatch Logs", "log lines and metrics written", prices.LOGGED, logged),
        Use(
            "CloudWatch Logs",
            "kept until retention ends",
            prices.ARCHIVED,
            logged * default("LogRetentionDays") / _DAYS,
        ),
        Use("Secrets Manager", "secrets read", prices.SECRET_READ, at_once / SECRET_KEPT),
        Use("Data transfer", "webhooks, requests, answers", prices.SENT_OUT, sent / GB),
    ]


def of_stack() -> list[Use]:
    """Return what a stack uses in a month without a workflow."""
    runs = MONTH / 60
    computed = sum(runs * IDLE_MILLISECONDS / 1000 * memory(name) / 1024 for name in _MINUTELY)
    found = [
        Use("CloudWatch", "metric series of our own", prices.SERIES, SERIES_OF_METRICS),
        Use("CloudWatch", "metric series of the API's methods", prices.SERIES, SERIES_OF_METHODS),
        Use("CloudWatch", "series that alarms watch", prices.WATCHED, watched()),
        Use("CloudWatch", "dashboard", prices.DASHBOARD, number_of("AWS::CloudWatch::Dashboard")),
        Use("Secrets Manager", "secrets", prices.SECRET, number_of("AWS::SecretsManager::Secret")),
        Use("Lambda", "`reconcile` and `start_workflows`", prices.COMPUTING, computed),
        Use("SQS", "polls of an empty queue", prices.QUEUE_CALL, POLLS),
    ]
    return [use for use in found if use.units]


def of_options(profile: Profile) -> list[tuple[Use, Use | None]]:
    """Return what each option adds, by workflow and, if it has a price of its own, by stack."""
    requests = demand(profile, 1)["API requests"]
    lines = requests * (BYTES_OF_ACCESS_LOG + LOG_OVERHEAD) / GB
    of_platform = sum(profile.invocations.values()) * BYTES_OF_PLATFORM_LOG / GB
    return [
        (Use("CloudWatch Logs", "an access log of the API", prices.LOGGED, lines), None),
        (
            Use(
                "CloudWatch Logs",
                "Lambda's own lines of each call (`SystemLogLevel: INFO`)",
                prices.LOGGED,
                of_platform,
            ),
            None,
        ),
        (
            Use("WAF", "a web ACL with one rule (`RequestsPerAddress`)", prices.INSPECTED, requests),
            Use("WAF", "", prices.WEB_ACL, 1),
        ),
    ]


def total(uses: list[Use], workflows: float = 1) -> float:
    return sum(use.dollars(workflows) for use in uses)


def memory(logical_id: str) -> int:
    """Return the MB of a function."""
    properties = template()["Resources"][logical_id]["Properties"]
    found: int = properties.get("MemorySize", template()["Globals"]["Function"]["MemorySize"])
    return found


def number_of(kind: str) -> int:
    """Return how many resources of a type a stack has without optional ones."""
    return sum(one["Type"] == kind and "Condition" not in one for one in template()["Resources"].values())


@cache
def watched() -> int:
    """Return how many series the alarms watch."""
    alarms = [one for one in template()["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    return sum(max(1, sum(_series(one["Properties"]))) for one in alarms if "Condition" not in one)


def _series(properties: dict[str, Any]) -> Iterator[bool]:
    return ("MetricStat" in metric for metric in properties.get("Metrics", []))
