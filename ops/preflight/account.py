"""The Region and the credentials that a deployment would use."""

from collections.abc import Mapping
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops.clients import client
from ops.planned import Planned
from ops.report import Finding, failure, ok, warning


@dataclass(frozen=True)
class Caller:
    account: str
    arn: str


def region(plan: Planned, environment: Mapping[str, str]) -> tuple[str | None, list[Finding]]:
    """The Region as the SAM CLI finds it: in samconfig.toml, AWS_DEFAULT_REGION or the profile, not in AWS_REGION."""
    session = boto3.Session()
    found, other = plan.region or session.region_name, environment.get("AWS_REGION")
    if found is None:
        why = "the SAM CLI does not read AWS_REGION" if other else "there is none"
        return None, [failure("Region", f"{why}: export AWS_DEFAULT_REGION={other or 'eu-west-1'}")]
    if other and other != found:
        text = f"the SAM CLI would deploy to {found}, the AWS CLI would look in {other}: unset AWS_REGION"
        return None, [failure("Region", text)]
    known = {
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("stepfunctions", partition_name=partition)
    }
    if found not in known:
        return found, [warning("Region", f"{found} is not in boto3's list of Regions with Step Functions: check it")]
    return found, [ok("Region", found)]


def caller(region: str, environment: Mapping[str, str]) -> tuple[Caller | None, list[Finding]]:
    """Who would deploy. A failure if AWS does not know the credentials."""
    found = []
    if "AWS_ENDPOINT_URL" in environment:
        text = "AWS_ENDPOINT_URL is set, so these are the findings of the local stack. Unset it for AWS"
        found.append(warning("AWS", text))
    try:
        answer = client("sts", region).get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        return None, [*found, failure("credentials", f"AWS does not accept them ({code}): sign in, then try again")]
    caller = Caller(answer["Account"], answer["Arn"])
    return caller, [*found, ok("credentials", f"account {caller.account}, {caller.arn.rpartition(':')[2]}")]
