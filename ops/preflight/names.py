"""The stack's name, and what in the account stands in its way."""

import re
from collections.abc import Iterator

from botocore.exceptions import ClientError

from ops.clients import client
from ops.planned import Planned, longest_stack_name, named
from ops.report import Finding, failure, ok, warning

_NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]*")


def stack_name(plan: Planned) -> Iterator[Finding]:
    most, pattern = longest_stack_name()
    if not _NAME.fullmatch(plan.stack):
        yield failure("stack name", f"{plan.stack} is no name: letters, digits and hyphens, a letter first")
    elif len(plan.stack) > most:
        derived = pattern.replace("${AWS::StackName}", "<stack>")
        text = f"{plan.stack} has {len(plan.stack)} characters: {most} at most, or {derived} is too long for AWS"
        yield failure("stack name", text)
    else:
        yield ok("stack name", plan.stack)


def status(plan: Planned, region: str) -> str | None:
    """The stack's status, or None if there is no such stack."""
    try:
        stacks = client("cloudformation", region).describe_stacks(StackName=plan.stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return str(stacks[0]["StackStatus"])


def state(plan: Planned, region: str) -> Iterator[Finding]:
    """Whether `sam deploy` can create or update the stack."""
    yield of_status(plan.stack, status(plan, region))


def of_status(stack: str, status: str | None) -> Finding:
    if status is None:
        return ok("stack", f"{stack} does not exist yet")
    if status == "REVIEW_IN_PROGRESS":
        return ok("stack", f"{stack} has a change set that was never carried out, and nothing else")
    if status.endswith("_IN_PROGRESS"):
        return failure("stack", f"{stack} is {status}: wait until that has ended")
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        text = f"{stack} is {status} and cannot be updated: sam delete --stack-name {stack}, then see the leftovers"
        return failure("stack", text)
    if status == "UPDATE_ROLLBACK_FAILED":
        text = f"{stack} is {status}: aws cloudformation continue-update-rollback --stack-name {stack}"
        return failure("stack", text)
    return ok("stack", f"{stack} exists ({status}), and would be updated")


def leftovers(plan: Planned, region: str) -> Iterator[Finding]:
    """What a deleted stack has left under names that a new one needs. Nothing if the stack exists."""
    if status(plan, region) not in (None, "REVIEW_IN_PROGRESS"):
        return
    blocking = [*_secrets(plan, region), *_log_groups(plan, region)]
    yield from blocking or [ok("leftovers", "no secret or log group of an earlier stack")]


def _secrets(plan: Planned, region: str) -> Iterator[Finding]:
    needed = {one.name(plan.stack) for one in named() if one.type == "AWS::SecretsManager::Secret"}
    pages = client("secretsmanager", region).get_paginator("list_secrets")
    filters = [{"Key": "name", "Values": [f"{plan.stack}/"]}]
    for page in pages.paginate(IncludePlannedDeletion=True, Filters=filters):
        for secret in page["SecretList"]:
            name = secret["Name"]
            if name not in needed:
                continue
            if "DeletedDate" in secret:
                how = f"aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {name}"
                yield failure("leftovers", f"secret {name} is still being deleted and blocks its name: {how}")
            else:
                text = f"secret {name} exists, of an earlier stack, and blocks its name: see docs/deploy.md, Leftovers"
                yield failure("leftovers", text)


def _log_groups(plan: Planned, region: str) -> Iterator[Finding]:
    needed = {one.name(plan.stack) for one in named() if one.type == "AWS::Logs::LogGroup"}
    pages = client("logs", region).get_paginator("describe_log_groups")
    prefixes = sorted({name[: name.index(plan.stack) + len(plan.stack)] for name in needed})
    found = {
        group["logGroupName"]
        for prefix in prefixes
        for page in pages.paginate(logGroupNamePrefix=prefix)
        for group in page["logGroups"]
    }
    for name in sorted(found & needed):
        how = f"aws logs delete-log-group --log-group-name {name}"
        yield failure("leftovers", f"log group {name} exists, of an earlier stack: {how}")
    if others := found - needed:
        yield warning("leftovers", f"{len(others)} more log groups with this prefix, which block nothing")
