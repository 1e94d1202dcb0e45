"""A stack as AWS describes it."""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops.clients import client, invoking
from ops.report import said

OUTPUTS = {"ApiUrl", "StateMachineArn", "TableName", "AccountsFunction"}
"""Of every stack of this template."""


class NotDeployed(Exception):
    """There is no such stack, or AWS does not show it. The message is one line for the user."""


class InvocationFailed(Exception):
    """A function failed, or its answer was lost: what it was called for may have happened.

    The message is the type of error, without the function's or AWS's words.
    """


@dataclass(frozen=True)
class Deployed:
    stack: str
    region: str
    status: str
    outputs: dict[str, str]
    parameters: dict[str, str]

    @property
    def sandbox(self) -> bool:
        return self.parameters.get("Sandbox") == "true"

    @property
    def missing_outputs(self) -> list[str]:
        """Outputs that every stack of this template has once it is deployed, and this one has not."""
        return sorted(OUTPUTS - set(self.outputs))

    @property
    def api_url(self) -> str:
        """The API's base URL, with the base path. The local stack's output names a host that only AWS has."""
        local = "AWS_ENDPOINT_URL" in os.environ and self.parameters.get("PublicUrl")
        return (local or self.outputs.get("ApiUrl", "")).rstrip("/")

    @cached_property
    def resources(self) -> dict[str, tuple[str, str]]:
        """Logical id → (type, physical id)."""
        pages = client("cloudformation", self.region).get_paginator("list_stack_resources")
        return {
            one["LogicalResourceId"]: (one["ResourceType"], one.get("PhysicalResourceId", ""))
            for page in pages.paginate(StackName=self.stack)
            for one in page["StackResourceSummaries"]
        }

    def physical(self, logical_id: str) -> str:
        """Raises KeyError if the stack has no such resource."""
        return self.resources[logical_id][1]

    def of_type(self, kind: str) -> dict[str, str]:
        """Logical id → physical id of the resources of a type."""
        return {name: physical for name, (found, physical) in self.resources.items() if found == kind}

    def secret(self, logical_id: str) -> dict[str, Any]:
        """The value of one of the stack's secrets. Raises ValueError if it is not a JSON object."""
        answer = client("secretsmanager", self.region).get_secret_value(SecretId=self.physical(logical_id))
        return json_object(answer.get("SecretString", ""))

    def versions(self, logical_id: str) -> dict[str, list[str]]:
        """The versions of one of the stack's secrets: id → stages."""
        answer = client("secretsmanager", self.region).list_secret_version_ids(SecretId=self.physical(logical_id))
        return {one["VersionId"]: one.get("VersionStages", []) for one in answer["Versions"]}

    def invoke(self, logical_id: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call a function of the stack, once. Raises InvocationFailed."""
        try:
            answer = invoking(self.region).invoke(
                FunctionName=self.physical(logical_id), Payload=json.dumps(event).encode()
            )
            result: dict[str, Any] = json.loads(answer["Payload"].read())
        except (ClientError, BotoCoreError) as error:
            raise InvocationFailed(f"{logical_id} failed: {said(error)}") from None
        if "FunctionError" in answer:
            raise InvocationFailed(f"{logical_id} failed: {result.get('errorType', 'unknown error')}")
        return result


def json_object(text: str) -> dict[str, Any]:
    """What a secret holds. Raises ValueError if it is not a JSON object."""
    value = json.loads(text, strict=False)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def never_replaced(versions: dict[str, list[str]]) -> bool:
    """Whether a secret has only the version that the stack created: the version before it would be AWSPREVIOUS."""
    return not any("AWSPREVIOUS" in stages for stages in versions.values())


def deployed(stack: str, region: str | None = None) -> Deployed:
    """Ask AWS for a stack, in the Region that the SAM CLI would use. Raises NotDeployed."""
    if not stack:
        raise NotDeployed("name a stack: STACK=…")
    region = region or boto3.Session().region_name or os.environ.get("AWS_REGION")
    if region is None:
        raise NotDeployed("there is no Region: export AWS_DEFAULT_REGION")
    try:
        found = client("cloudformation", region).describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        raise NotDeployed(f"{stack} in {region}: {error.response['Error']['Message']}") from None
    except BotoCoreError as error:
        raise NotDeployed(f"{stack} in {region}: {error}") from None
    return Deployed(
        stack,
        region,
        found["StackStatus"],
        {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])},
    )
