"""The functions' own roles, enforced in the tests: a call of AWS that template.yaml does not allow is denied.

`tests.world.load` puts each handler under its role. A denied call fails as it would on AWS, and its test besides,
even where the code lives with the failure.
"""

import functools
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from fnmatch import fnmatchcase
from typing import Any

import botocore.handlers
from botocore.exceptions import ClientError
from botocore.model import OperationModel

type Template = dict[str, Any]
type Grant = tuple[str, str, str]
"""(logical id of the function, action, ARN or pattern of one)."""

_ACCOUNT = "eu-west-1:123456789012"
_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"}
_NAMES = {
    "Table": "workflows",
    "SandboxTable": "sandbox",
    "StateMachine": "failover",
    "MessagesSecret": "messages",
    "SignatureSecret": "signature",
    "WebhookSecret": "webhooks",
    "Webhooks": "webhooks",
    "WebhookDeadLetters": "dead-letters",
    "SandboxQueue": "sandbox",
}
"""What the resources of the template are called in the tests' AWS; the others have their logical id."""
_ARNS = {
    "AWS::DynamoDB::Table": "dynamodb:{account}:table/{name}",
    "AWS::SQS::Queue": "sqs:{account}:{name}",
    "AWS::SecretsManager::Secret": "secretsmanager:{account}:secret:{name}",
    "AWS::Serverless::StateMachine": "states:{account}:stateMachine:{name}",
    "AWS::Serverless::Function": "lambda:{account}:function:{name}",
}

_role: ContextVar[str | None] = ContextVar("role", default=None)
_template: Callable[[], Template]
asked: set[Grant] = set()
"""Every permission a function has needed so far."""
denied: list[str] = []
"""What was asked for and not allowed since somebody last looked."""


def enforce(template: Callable[[], Template]) -> None:
    """From now on, in every client that is made."""
    global _template
    _template = template
    botocore.handlers.BUILTIN_HANDLERS.append(("provide-client-params", _check))


def under_role[**P, R](logical_id: str, handler: Callable[P, R]) -> Callable[P, R]:
    """The handler, whose calls are those of its function."""

    @functools.wraps(handler)
    def call(*arguments: P.args, **more: P.kwargs) -> R:
        token = _role.set(logical_id)
        try:
            return handler(*arguments, **more)
        finally:
            _role.reset(token)

    return call


def grants(template: Template, logical_id: str) -> Iterator[tuple[str, str]]:
    """(action, ARN or pattern of one) of everything the role of a function, or of the state machine, may do."""
    for policy in template["Resources"][logical_id]["Properties"].get("Policies", []):
        for statement in policy["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in _listed(statement["Action"]):
                for resource in _listed(statement["Resource"]):
                    yield action, resolved(template, resource)


def resolved(template: Template, value: Any) -> str:
    """The ARN a part of a policy means."""
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
    kind = template["Resources"][logical_id]["Type"]
    return "arn:aws:" + _ARNS[kind].format(account=_ACCOUNT, name=_NAMES.get(logical_id, logical_id))


def _substituted(template: Template, name: str) -> str:
    if name in _PSEUDO:
        return _PSEUDO[name]
    logical_id, _, attribute = name.partition(".")
    return _NAMES[logical_id] if attribute == "Name" else arn(template, logical_id)


def _check(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
    role = _role.get()
    if role is None:
        return
    template = _template()
    allowed = list(grants(template, role))
    for action, resource in _wanted(model.service_model.service_name, model.name, params):
        asked.add((role, action, resource))
        if not any(action == granted and fnmatchcase(resource, pattern) for granted, pattern in allowed):
            denied.append(f"{role} may not {action} {resource}")
            error = {"Code": "AccessDeniedException", "Message": "not authorized"}
            raise ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}, model.name)


def _wanted(service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What IAM asks for when this call is made (Service Authorization Reference)."""
    match service, operation:
        case "dynamodb", "TransactWriteItems":
            for item in params["TransactItems"]:
                ((part, request),) = item.items()
                yield f"dynamodb:{part}Item", _table(request["TableName"])
        case "dynamodb", "BatchGetItem":
            for name in params["RequestItems"]:
                yield "dynamodb:BatchGetItem", _table(name)
        case "dynamodb", _:
            index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
            yield f"dynamodb:{operation}", _table(params["TableName"]) + index
        case "sqs", _:
            name = params["QueueUrl"].rsplit("/", 1)[-1]
            yield f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{_ACCOUNT}:{name}"
        case "secretsmanager", _:
            yield f"secretsmanager:{operation}", f"arn:aws:secretsmanager:{_ACCOUNT}:secret:{params['SecretId']}"
        case "stepfunctions", "SendTaskFailure":  # its token is of some execution of ours
            yield "states:SendTaskFailure", arn(_template(), "StateMachine")
        case "stepfunctions", _:
            yield f"states:{operation}", params.get("stateMachineArn") or params["executionArn"]
        case _:
            raise ValueError(f"no call that is known here: {service}:{operation}")


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{_ACCOUNT}:table/{name}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
