"""The one logger and the one set of metrics.

Neither ever gets a text, an address or a secret; an exception is named by its type and its place, because its
words may quote what it was given.
"""

import logging
import traceback
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from failover.settings import from_environment

NAMESPACE = "Workflows"

ALARMED = frozenset(
    {
        "AccountRefused",
        "CallbacksNotPosted",
        "ForgedReceipts",
        "GenuineReceipts",
        "InvalidTaskTokens",
        "MessagesAccepted",
        "OldestOverdueSeconds",
        "UnexpectedFailures",
        "UnknownStatuses",
        "UnsignedReceipts",
        "WebhooksPublishedLate",
        "WorkflowsAbandoned",
    }
)
"""What the template's alarms watch. An alarm knows one set of dimensions only: these metrics are written once more
under the name of the stack's table alone, whichever function has written them, and whatever else they tell."""

logger = Logger(use_rfc3339=True, utc=True)

# Lambda sets the root logger to the level it was asked for, and the libraries have theirs from it. At DEBUG they log
# whole requests, with texts, numbers and credentials; our own logger has a level of its own.
logging.getLogger().setLevel(logging.WARNING)


def count(name: str, **dimensions: str) -> None:
    """Add one to a metric, at once and on its own, so that nothing has to be flushed when a function dies."""
    _write(name, MetricUnit.Count, 1, dimensions)


def count_none(name: str) -> None:
    """Write 0, so that the metric has a value in this period: an alarm may not be able to tell none from missing."""
    _write(name, MetricUnit.Count, 0, {})


def measure_seconds(name: str, seconds: float) -> None:
    """Write one value of a metric that is a span of time, at once and on its own."""
    _write(name, MetricUnit.Seconds, seconds, {})


def _write(name: str, unit: MetricUnit, value: float, dimensions: dict[str, str]) -> None:
    metric = AmazonCloudWatchEMFProvider(namespace=NAMESPACE)
    metric.add_metric(name, unit, value)
    for dimension, told in dimensions.items():
        metric.add_dimension(dimension, told)
    if name in ALARMED and (table := from_environment().table_name):
        metric.add_dimensions(table=table)
    metric.flush_metrics()


def unavailable(error: Exception, **more: Any) -> None:
    """Log a temporary failure, whose words are our own."""
    logger.warning("unavailable", error=str(error) or type(error).__name__, **more)


def unexpected(error: BaseException) -> None:
    """Log an unexpected failure and count it: its type and place, never its words."""
    frames = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    logger.error("unexpected failure", error=type(error).__name__, frames=frames[-12:])
    count("UnexpectedFailures", error=type(error).__name__)
