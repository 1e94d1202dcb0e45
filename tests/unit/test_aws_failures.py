"""Which AWS failures are transient, by each service's error page, and which are our own errors."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError, ReadTimeoutError

from failover.adapters import aws

TRANSIENT = [
    ("dynamodb", "InternalServerError"),
    ("dynamodb", "ProvisionedThroughputExceededException"),
    ("dynamodb", "RequestLimitExceeded"),
    ("dynamodb", "ThrottlingException"),
    ("dynamodb", "TransactionInProgressException"),
    ("secretsmanager", "InternalServiceError"),
    ("sqs", "KmsThrottled"),
    ("sqs", "RequestThrottled"),
    ("sqs", "ServiceUnavailable"),
    ("sqs", "ThrottlingException"),
    ("stepfunctions", "ExecutionLimitExceeded"),
    ("stepfunctions", "ThrottlingException"),
]
OURS = ["AccessDeniedException", "ResourceNotFoundException", "StateMachineDoesNotExist", "ValidationException"]


def refused(code, status=400, **more):
    response = {"Error": {"Code": code, "Message": "of 447700900000"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response | more, "Anything")


@pytest.mark.parametrize(("service", "code"), TRANSIENT)
def test_transient(service, code):
    """An error of a busy or broken service is transient; its message is not kept."""
    with pytest.raises(aws.Unavailable) as raised, aws.failures(service):
        raise refused(code)
    assert str(raised.value) == f"{service}: {code}"


def test_older_codes():
    """SQS sends the codes of an older protocol; the error name beside the code counts too."""
    old = {"Code": "KMS.ThrottlingException", "QueryErrorCode": "KmsThrottled", "Message": "of 447700900000"}
    with pytest.raises(aws.Unavailable) as raised, aws.failures("sqs"):
        raise refused("", Error=old)
    assert str(raised.value) == "sqs: KMS.ThrottlingException"


@pytest.mark.parametrize("code", OURS)
def test_ours(code):
    """A call that AWS refuses permanently raises AwsError with AWS's code, without AWS's message."""
    with pytest.raises(aws.AwsError) as raised, aws.failures("dynamodb"):
        raise refused(code)
    assert (raised.value.code, str(raised.value)) == (code, f"dynamodb: {code}")


def test_unknown_code_with_5xx():
    """An unknown code is transient if its HTTP status is a 5xx."""
    with pytest.raises(aws.Unavailable), aws.failures("dynamodb"):
        raise refused("Unheard", 500)


@pytest.mark.parametrize(
    ("reasons", "failure"),
    [
        (["None", "ThrottlingError"], aws.Unavailable),
        (["ProvisionedThroughputExceeded", "None"], aws.Unavailable),
        (["ConditionalCheckFailed", "None"], aws.AwsError),
    ],
)
def test_transactions(reasons, failure):
    """A cancelled transaction is transient if one of its items was throttled, but not if a condition failed."""
    with pytest.raises(failure), aws.failures("dynamodb"):
        raise refused("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in reasons])


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ConnectTimeoutError(endpoint_url="https://447700900000"), aws.Unavailable),
        (ReadTimeoutError(endpoint_url="https://447700900000"), aws.Unavailable),
        (NoCredentialsError(), aws.AwsError),
    ],
)
def test_without_an_answer(error, failure):
    """A missing answer is transient; a request that never left is not. Neither error names the endpoint."""
    with pytest.raises(failure) as raised, aws.failures("sqs"):
        raise error
    assert str(raised.value) == f"sqs: {type(error).__name__}"
