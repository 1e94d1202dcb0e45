"""Clients of AWS with their timeouts and retries, and the two kinds of its failures."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from failover.errors import Failure, Temporary
from failover.rules.timing.backoff import grown

_TRIES = 3
_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": _TRIES},
    max_pool_connections=20,  # more than the threads that use one client
)

_FIRST_PAUSE = 0.2
"""Seconds; at most so long before the second try of a call."""

_PASSING = frozenset(
    {
        "ExecutionLimitExceeded",
        "InternalServerError",
        "InternalServiceError",
        "KmsThrottled",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ServiceUnavailable",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)

_PASSING_IN_A_TRANSACTION = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})


class Unavailable(Temporary):
    """A service of AWS is throttling, down or out of reach; the same call may succeed later.

    Its words are ours alone, so that they may stand in a log or in an execution's history.
    """


class AwsError(Failure):
    """AWS refused a call for good: a missing right, a missing resource, a wrong parameter. The words are ours alone."""

    def __init__(self, service: str, code: str, cancellations: tuple[str, ...] = ()) -> None:
        """`code`: AWS's name for the error. `cancellations`: why DynamoDB cancelled a transaction, write by write."""
        super().__init__(f"{service}: {code}")
        self.code = code
        self.cancellations = cancellations


def client(service: str) -> Any:
    """A client of an AWS service: 1 s to connect, 3 s to answer, three tries, well within API Gateway's 29 s."""
    return boto3.client(service, config=_CONFIG)


def paced_client(service: str, *paced: str) -> Any:
    """As `client`, but the operations `paced` are not retried when throttled.

    A retry takes from the quota of other calls what it hopes to get, and their caller knows a better time for it. All
    operations are still retried if the connection or the service fails.
    """
    made = boto3.client(service, config=_CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1})))

    def pause(attempts: int, operation: Any, response: Any, caught_exception: Exception | None, **_: Any) -> Any:
        if attempts >= _TRIES:
            return None
        if response is None:
            passing = isinstance(caught_exception, NoConnection | HTTPClientError)
        else:
            answer, parsed = response
            throttled = parsed.get("Error", {}).get("Code") in _PASSING and operation.name not in paced
            passing = answer.status_code >= 500 or throttled
        return random.uniform(0, grown(_FIRST_PAUSE, attempts)) if passing else None

    made.meta.events.register(f"needs-retry.{made.meta.service_model.service_id.hyphenize()}", pause)
    return made


@contextmanager
def failures(service: str) -> Iterator[None]:
    """Turn every error of botocore into `Unavailable` or `AwsError`."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        cancellations = tuple(reason.get("Code", "") for reason in error.response.get("CancellationReasons", []))
        if {code, _shape(error)} & _PASSING or _PASSING_IN_A_TRANSACTION.intersection(cancellations) or status >= 500:
            raise Unavailable(f"{service}: {code}") from None
        raise AwsError(service, code, cancellations) from None
    except (NoConnection, HTTPClientError) as error:
        raise Unavailable(f"{service}: {type(error).__name__}") from None
    except BotoCoreError as error:
        raise AwsError(service, type(error).__name__) from None


_PAUSES = (0.1, 0.3, 1.0, 2.0, 4.0)


def insistently[T](read: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """Read with retries whether a write took effect whose answer was lost.

    The last read begins about seven seconds after the first at the latest. Raises Unavailable.
    """
    ends = time.monotonic() + sum(_PAUSES)
    for pause in _PAUSES:
        try:
            return read()
        except Unavailable:
            if time.monotonic() + pause > ends:
                raise
            sleep(pause)
    return read()


def _shape(error: ClientError) -> str:
    """The error's name if its code is of an older protocol, as with SQS (Smithy's awsQueryCompatible)."""
    return str(error.response.get("Error", {}).get("QueryErrorCode", ""))
