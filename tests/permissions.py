"""Enforces the functions' own roles in the tests: a call to AWS that template.yaml does not allow is denied.

`tests.world.load` puts each handler under its role. A denied call fails as it would on AWS, and also fails its test,
even if the code handles the error. The roles are those of a stack with default parameters: no key and no network.

The one condition that a policy may have is on `dynamodb:LeadingKeys`, the partition keys in a call: a statement allows
a call only if each of them matches one of the statement's patterns. A call without keys is allowed, as on AWS, where
`ForAllValues` holds for an empty set ("Set operators for multivalued context keys", IAM User Guide); no action that is
granted on the table can be called without them.
"""

import functools
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import botocore.handlers
from botocore.exceptions import ClientError
from botocore.model import OperationModel

type Template = dict[str, Any]


class Grant(NamedTuple):
    """What one statement of a policy allows."""

    action: str
    resource: str
    """An ARN, or a pattern of one."""
    leading_keys: tuple[str, ...] | None = None
    """Patterns of the allowed partition keys. None allows all."""

    def allows(self, call: "Call") -> bool:
        if self.action != call.action or not fnmatchcase(call.resource, self.resource):
            return False
        patterns = self.leading_keys
        return patterns is None or all(any(fnmatchcase(key, one) for one in patterns) for key in call.leading_keys)


class Call(NamedTuple):
    """What IAM checks for a call to AWS."""

    action: str
    resource: str
    leading_keys: tuple[str, ...] = ()
    """The partition keys in the call."""


_ACCOUNT = "eu-west-1:123456789012"
_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "stack",
}
_NAMES = {
    "Table": "workflows",
    "SandboxTable": "sandbox",
    "StateMachine": "failover",
    "MessagesSecret": "messages",
    "SignatureSecret": "signature",
    "WebhookSecret": "webhooks",
    "RecipientSecret": "recipients",
    "Webhooks": "webhooks",
    "WebhookDeadLetters": "dead-letters",
    "SandboxQueue": "sandbox",
}
"""Names of the template's resources in the tests' AWS; others are named after their logical id."""
_ARNS = {
    "AWS::DynamoDB::Table": "dynamodb:{account}:table/{name}",
    "AWS::SQS::Queue": "sqs:{account}:{name}",
    "AWS::SecretsManager::Secret": "secretsmanager:{account}:secret:{name}",
    "AWS::Serverless::StateMachine": "states:{account}:stateMachine:{name}",
    "AWS::Serverless::Function": "lambda:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{account}:log-group:{name}:*",
}
_NAMED = {"AWS::Serverless::Function": "FunctionName", "AWS::Logs::LogGroup": "LogGroupName"}
"""Kinds of resources that the template names itself, and the property with the name."""

_role: ContextVar[str | None] = ContextVar("role", default=None)
_template: Callable[[], Template]
asked: set[tuple[str, Call]] = set()
"""Every call so far, with the logical id of its function."""
denied: list[str] = []
"""Denied calls since the last check."""


def enforce(template: Callable[[], Template]) -> None:
    """Check every client made from now on."""
    global _template
    _template = template
    botocore.handlers.BUILTIN_HANDLERS.append(("provide-client-params", _check))


def under_role[**P, R](logical_id: str, handler: Callable[P, R]) -> Callable[P, R]:
    """The handler, with its calls made under its function's role."""

    @functools.wraps(handler)
    def call(*arguments: P.args, **more: P.kwargs) -> R:
        token = _role.set(logical_id)
        try:
            return handler(*arguments, **more)
        finally:
            _role.reset(token)

    return call


def grants(template: Template, logical_id: str) -> Iterator[Grant]:
    """Everything that the role of a function, or of the state machine, allows."""
    for statement in statements(template, logical_id):
        assert statement["Effect"] == "Allow"
        leading_keys = _leading_keys(statement.get("Condition"))
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Grant(action, resolved(template, resource), leading_keys)


def statements(template: Template, logical_id: str, *conditions: str) -> Iterator[Template]:
    """The statements of a role's policies; those that depend on a condition only if it is named."""
    role = role_of(template, logical_id)
    resources = template["Resources"]
    policies = list(resources[role]["Properties"]["Policies"])
    attached = (one["Properties"] for one in resources.values() if one["Type"] == "AWS::IAM::Policy")
    policies += [policy for policy in attached if {"Ref": role} in policy["Roles"]]
    for policy in policies:
        match policy:
            case {"Fn::If": [condition, conditional, {"Ref": "AWS::NoValue"}]}:
                if condition in conditions:
                    yield from conditional["PolicyDocument"]["Statement"]
            case _:
                yield from policy["PolicyDocument"]["Statement"]


def role_of(template: Template, logical_id: str) -> str:
    """The logical id of the role of a function or of the state machine."""
    role, _ = template["Resources"][logical_id]["Properties"]["Role"]["Fn::GetAtt"]
    return str(role)


def _leading_keys(condition: Template | None) -> tuple[str, ...] | None:
    match condition:
        case None:
            return None
        case {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": patterns, **others}, **more} if not others | more:
            return tuple(_listed(patterns))
    raise ValueError(f"no condition of a policy that is known here: {condition}")


def resolved(template: Template, value: Any) -> str:
    """The ARN of a part of a policy."""
    match value:
        case str():
            return value
        case {"Ref": name} | {"Fn::GetAtt": [name, "Arn" | "Id"]}:
            return arn(template, name)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _substituted(template, found[1]), text)
    raise ValueError(f"no resource of a policy that is known here: {value}")


def arn(template: Template, logical_id: str) -> str:
    """The ARN of a resource in the tests' AWS."""
    resource = template["Resources"][logical_id]
    kind = resource["Type"]
    if kind in _NAMED:
        name = resolved(template, resource["Properties"][_NAMED[kind]])
    else:
        name = _NAMES.get(logical_id, logical_id)
    return "arn:aws:" + _ARNS[kind].format(account=_ACCOUNT, name=name)


def _substituted(template: Template, name: str) -> str:
    if name in _PSEUDO:
        return _PSEUDO[name]
    logical_id, _, attribute = name.partition(".")
    return _NAMES[logical_id] if attribute == "Name" else arn(template, logical_id)


def _check(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
    role = _role.get()
    if role is None:
        return
    allowed = list(grants(_template(), role))
    for call in _wanted(model.service_model.service_name, model.name, params):
        asked.add((role, call))
        if not any(grant.allows(call) for grant in allowed):
            denied.append(" ".join((f"{role} may not {call.action} {call.resource}", *call.leading_keys)))
            error = {"Code": "AccessDeniedException", "Message": "not authorized"}
            raise ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}, model.name)


def _wanted(service: str, operation: str, params: dict[str, Any]) -> Iterator[Call]:
    """What IAM checks for this call (Service Authorization Reference)."""
    match service, operation:
        case "dynamodb", "TransactWriteItems":
            for item in params["TransactItems"]:
                ((part, request),) = item.items()
                yield _of_table(f"{part}Item", request)
        case "dynamodb", "BatchGetItem":
            for name, request in params["RequestItems"].items():
                yield _of_table(operation, {"TableName": name, **request})
        case "dynamodb", _:
            yield _of_table(operation, params)
        case "sqs", _:
            name = params["QueueUrl"].rsplit("/", 1)[-1]
            yield Call(f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{_ACCOUNT}:{name}")
        case "secretsmanager", _:
            yield Call(f"secretsmanager:{operation}", f"arn:aws:secretsmanager:{_ACCOUNT}:secret:{params['SecretId']}")
        case "stepfunctions", "SendTaskFailure":  # its token belongs to one of our executions
            yield Call("states:SendTaskFailure", arn(_template(), "StateMachine"))
        case "stepfunctions", _:
            yield Call(f"states:{operation}", params.get("stateMachineArn") or params["executionArn"])
        case _:
            raise ValueError(f"no call that is known here: {service}:{operation}")


def _of_table(operation: str, request: dict[str, Any]) -> Call:
    """A DynamoDB call with its leading keys: the partition keys of the items, or of the queried index."""
    name, index = request["TableName"], request.get("IndexName")
    partition_key = _partition_key(name, index)
    resource = f"arn:aws:dynamodb:{_ACCOUNT}:table/{name}" + (f"/index/{index}" if index else "")
    if operation == "Query":
        values = [_bound(request, partition_key)]
    else:
        items = request["Keys"] if "Keys" in request else [request.get("Key") or request.get("Item") or {}]
        values = [item[partition_key] for item in items if item]
    return Call(f"dynamodb:{operation}", resource, tuple(value["S"] for value in values))


def _partition_key(table: str, index: str | None) -> str:
    (logical_id,) = (name for name in ("Table", "SandboxTable") if _NAMES[name] == table)
    properties = _template()["Resources"][logical_id]["Properties"]
    if index is not None:
        (properties,) = (one for one in properties["GlobalSecondaryIndexes"] if one["IndexName"] == index)
    (name,) = (key["AttributeName"] for key in properties["KeySchema"] if key["KeyType"] == "HASH")
    return str(name)


def _bound(query: dict[str, Any], attribute: str) -> dict[str, str]:
    """The value that a query's key condition gives to an attribute."""
    names = query.get("ExpressionAttributeNames", {})
    for name, value in re.findall(r"([#\w]+) = (:\w+)", query["KeyConditionExpression"]):
        if names.get(name, name) == attribute:
            bound: dict[str, str] = query["ExpressionAttributeValues"][value]
            return bound
    raise ValueError(f"no key condition on {attribute}: {query['KeyConditionExpression']}")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
