"""The stack's resources, as AWS describes them."""

from collections.abc import Iterator

from ops.clients import client
from ops.deployed import Deployed
from ops.report import Finding, failure, ok, warning

_SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
DEAD_LETTERS = ("WebhookDeadLetters", "UnpublishedEvents", "SandboxDeadLetters")
"""Queues that no function empties."""
SILENT = ("DeploymentFailing", "DeploymentFailingSends")
"""Alarms that notify no one on purpose: they only take a gradual deployment back."""
_MOST_SHOWN = 5


def stack(stack: Deployed) -> Iterator[Finding]:
    if stack.status in _SETTLED:
        yield ok("stack", f"{stack.stack} is {stack.status}")
    elif stack.status in ("UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"):
        yield warning("stack", f"{stack.stack} is {stack.status}: the last deployment failed, so an earlier one runs")
    elif stack.status.endswith("_CLEANUP_IN_PROGRESS"):
        yield ok("stack", f"{stack.stack} is {stack.status}")
    elif stack.status.endswith("_IN_PROGRESS"):
        yield warning("stack", f"{stack.stack} is {stack.status}: wait until that has ended, and look again")
    else:
        yield failure("stack", f"{stack.stack} is {stack.status}: see its events in CloudFormation")


def functions(stack: Deployed) -> Iterator[Finding]:
    """Lambda's state of each function: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html"""
    found = stack.of_type("AWS::Lambda::Function")
    broken = []
    for name, physical in sorted(found.items()):
        one = client("lambda", stack.region).get_function_configuration(FunctionName=physical)
        if (one["State"], one["LastUpdateStatus"]) not in (("Active", "Successful"), ("Inactive", "Successful")):
            broken.append(f"{name} ({one['State']}, update {one['LastUpdateStatus']})")
    if broken:
        yield failure("functions", f"{_shown(broken)}: deploy again")
    else:
        yield ok("functions", f"all {len(found)} are active")


def aliases(stack: Deployed) -> Iterator[Finding]:
    """Whether a gradual deployment goes on: an alias then shares its requests between two versions."""
    shared = []
    for arn in stack.of_type("AWS::Lambda::Alias").values():
        function, _, name = arn.rpartition(":")
        alias = client("lambda", stack.region).get_alias(FunctionName=function, Name=name)
        if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            shared.append(function.rpartition(":")[2])
    if shared:
        yield warning("aliases", f"a deployment goes on: {_shown(sorted(shared))}; look again when it has ended")


def state_machine(stack: Deployed) -> Iterator[Finding]:
    arn = stack.physical("StateMachine")
    status = client("stepfunctions", stack.region).describe_state_machine(stateMachineArn=arn)["status"]
    yield ok("state machine", status) if status == "ACTIVE" else failure("state machine", f"it is {status}")


def table(stack: Deployed) -> Iterator[Finding]:
    """Whether the table works, can be restored, and survives a deletion of the stack."""
    dynamodb, name = client("dynamodb", stack.region), stack.physical("Table")
    found = dynamodb.describe_table(TableName=name)["Table"]
    if found["TableStatus"] not in ("ACTIVE", "UPDATING"):
        yield failure("table", f"it is {found['TableStatus']}")
        return
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if stack.sandbox:
        yield ok("table", f"{found['TableStatus']}; with the sandbox it is not protected")
    elif recovery != "ENABLED":
        yield failure("table", "point-in-time recovery is off: deploy again, or switch it on")
    elif not found.get("DeletionProtectionEnabled"):
        yield failure("table", "it is not protected against deletion: deploy again, or protect it")
    else:
        yield ok("table", f"{found['TableStatus']}, protected, with point-in-time recovery")


def logs(stack: Deployed) -> Iterator[Finding]:
    """Each log group of the template exists and forgets."""
    expected = set(stack.of_type("AWS::Logs::LogGroup").values())
    pages = client("logs", stack.region).get_paginator("describe_log_groups")
    found: dict[str, int | None] = {}
    for prefix in sorted({name.partition(stack.stack)[0] + stack.stack for name in expected}):
        for page in pages.paginate(logGroupNamePrefix=prefix):
            found |= {group["logGroupName"]: group.get("retentionInDays") for group in page["logGroups"]}
    if missing := sorted(expected - set(found)):
        yield failure("logs", f"there is no log group {_shown(missing)}: nothing is logged there; deploy again")
    elif endless := sorted(name for name in expected if not found[name]):
        yield warning("logs", f"{_shown(endless)} are kept for ever: set LogRetentionDays")
    else:
        yield ok("logs", f"all {len(expected)} log groups exist, with a retention")


def alarms(stack: Deployed) -> Iterator[Finding]:
    """The alarms exist, notify unless they are SILENT, and none rings."""
    of_stack = stack.of_type("AWS::CloudWatch::Alarm")
    expected, silent = set(of_stack.values()), {name for one, name in of_stack.items() if one in SILENT}
    pages = client("cloudwatch", stack.region).get_paginator("describe_alarms")
    found = {
        alarm["AlarmName"]: alarm
        for page in pages.paginate(AlarmNamePrefix=f"{stack.stack}-")
        for alarm in page["MetricAlarms"]
        if alarm["AlarmName"] in expected
    }
    if missing := sorted(expected - set(found)):
        yield failure("alarms", f"{_shown(missing)} do not exist: deploy again")
    if ringing := sorted(name for name, alarm in found.items() if alarm["StateValue"] == "ALARM"):
        yield failure("alarms", f"in alarm: {_shown(ringing)}; see docs/runbooks.md")
    mute = [
        name
        for name, alarm in found.items()
        if name not in silent and not (alarm["AlarmActions"] and alarm["ActionsEnabled"])
    ]
    if mute:
        text = f"{len(mute)} of {len(found)} notify no one: set AlarmTopicArn, or enable their actions"
        yield warning("alarms", text)
    if not missing and not ringing and not mute:
        yield ok("alarms", f"all {len(found)} exist and notify, and none rings")


def dead_letters(stack: Deployed) -> Iterator[Finding]:
    """Queues of what has failed for good are empty."""
    sqs = client("sqs", stack.region)
    queues = stack.of_type("AWS::SQS::Queue")
    waiting = {}
    for name in DEAD_LETTERS:
        if name in queues:
            counted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            numbers = sqs.get_queue_attributes(QueueUrl=queues[name], AttributeNames=counted)["Attributes"]
            waiting[name] = sum(int(numbers[one]) for one in counted)
    if full := [f"{number} in {name}" for name, number in waiting.items() if number]:
        yield warning("dead letters", f"{', '.join(full)}: see docs/operations.md, Queues")
    else:
        yield ok("dead letters", f"{len(waiting)} queues are empty")


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(names[:_MOST_SHOWN]) + more
