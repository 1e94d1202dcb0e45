"""The one logger and the one set of metrics.

Neither ever gets a text, an address or a secret. A foreign exception is logged by its type and place, because its words
may quote its input.
"""

import logging
import traceback
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from failover.errors import Temporary
from failover.settings import from_environment

NAMESPACE = "Workflows"

ALARMED = frozenset(
    {
        "AccountRefused",
        "CallbacksNotPosted",
        "ForgedReceipts",
        "GenuineReceipts",
        "InvalidTaskTokens",
        "LanesClosed",
        "MessagesAccepted",
        "OldestOverdueSeconds",
        "OldestUnstartedSeconds",
        "PatienceEnded",
        "SendsPutOff",
        "UnexpectedFailures",
        "UnknownStatuses",
        "UnsignedReceipts",
        "WebhooksPublishedLate",
        "WorkflowsAbandoned",
        "WorkflowsRestored",
    }
)
"""Metrics with an alarm in the template. An alarm matches exactly one set of dimensions, so these metrics are also
written with the dimension `stack` alone."""

logger = Logger(use_rfc3339=True, utc=True)

# Libraries inherit the root logger's level, which Lambda sets. At DEBUG they log whole requests, with texts, numbers
# and credentials. Our logger has its own level.
logging.getLogger().setLevel(logging.WARNING)


def count(name: str, **dimensions: str) -> None:
    """Add one to a metric. It is written at once, so that a function that dies loses none."""
    _write(name, MetricUnit.Count, 1, dimensions)


def count_many(name: str, number: int) -> None:
    """Add a number to a metric."""
    _write(name, MetricUnit.Count, number, {})


def count_none(name: str) -> None:
    """Write 0, for alarms that cannot tell zero from missing data."""
    _write(name, MetricUnit.Count, 0, {})


def measure_seconds(name: str, seconds: float, **dimensions: str) -> None:
    """Write one value of a metric that is a duration."""
    _write(name, MetricUnit.Seconds, seconds, dimensions)


def measure_price(name: str, price: float, *, currency: str) -> None:
    """Write one value of a metric that is an amount of money. CloudWatch has no unit for it."""
    _write(name, MetricUnit.NoUnit, price, {"currency": currency})


def _write(name: str, unit: MetricUnit, value: float, dimensions: dict[str, str]) -> None:
    metric = AmazonCloudWatchEMFProvider(namespace=NAMESPACE)
    metric.add_metric(name, unit, value)
    for dimension, value_of_it in dimensions.items():
        metric.add_dimension(dimension, value_of_it)
    if stack := from_environment().stack_name:
        metric.add_dimension("stack", stack)
        if name in ALARMED:
            metric.add_dimensions(stack=stack)
    logger.registered_handler.acquire()  # a line of another thread in the middle of this one would lose both
    try:
        metric.flush_metrics()
    finally:
        logger.registered_handler.release()


def unavailable(error: Exception, **more: Any) -> None:
    """Log a temporary failure. Its words are our own."""
    logger.warning("unavailable", error=str(error) or type(error).__name__, **more)


def passed_over(error: Exception, **more: Any) -> None:
    """Log a failure that ends here, so that the rest goes on: as `unavailable` if temporary, else as `unexpected`."""
    if isinstance(error, Temporary):
        unavailable(error, **more)
    else:
        unexpected(error)


def unexpected(error: BaseException) -> None:
    """Log an unexpected failure and count it: its type and place, never its words."""
    frames = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    logger.error("unexpected failure", error=type(error).__name__, frames=frames[-12:])
    count("UnexpectedFailures", error=type(error).__name__)
