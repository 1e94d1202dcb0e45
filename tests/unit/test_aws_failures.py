"""Which failures of AWS pass by themselves, by the error pages of each service, and which are ours to mend."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError, ReadTimeoutError

from failover.adapters import aws

PASSING = [
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


@pytest.mark.parametrize(("service", "code"), PASSING)
def test_passing(service, code):
    """What a service answers when it is busy or broken is worth the same call in a moment; its words are not kept."""
    with pytest.raises(aws.Unavailable) as told, aws.failures(service):
        raise refused(code)
    assert str(told.value) == f"{service}: {code}"


def test_older_codes():
    """SQS answers with the codes of an older protocol; the name of the error, which comes beside them, counts too."""
    old = {"Code": "KMS.ThrottlingException", "QueryErrorCode": "KmsThrottled", "Message": "of 447700900000"}
    with pytest.raises(aws.Unavailable) as told, aws.failures("sqs"):
        raise refused("", Error=old)
    assert str(told.value) == "sqs: KMS.ThrottlingException"


@pytest.mark.parametrize("code", OURS)
def test_ours(code):
    """A call that AWS refuses for good is an AwsError with AWS's code, and without AWS's words."""
    with pytest.raises(aws.AwsError) as raised, aws.failures("dynamodb"):
        raise refused(code)
    assert (raised.value.code, str(raised.value)) == (code, f"dynamodb: {code}")


def test_any_other_failure_of_theirs():
    """A code nobody has heard of passes if its HTTP status says that it is theirs."""
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
    """A transaction that was cancelled passes if one of its items was throttled; a condition that failed does not."""
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
    """Nothing came back: that passes. What never left is no matter of theirs. Neither says where it was going."""
    with pytest.raises(failure) as told, aws.failures("sqs"):
        raise error
    assert str(told.value) == f"sqs: {type(error).__name__}"
