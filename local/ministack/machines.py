"""Versions and aliases of state machines in CloudFormation. MiniStack has their API, but not these two resources."""

import json
from typing import Any

from ministack.services import stepfunctions

type Properties = dict[str, Any]
type Created = tuple[str, dict[str, Any]]
"""(physical id, attributes)."""

_VERSION, _ALIAS = "AWS::StepFunctions::StateMachineVersion", "AWS::StepFunctions::StateMachineAlias"


def version(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Publish the current revision. A changed revision replaces the resource, and the old version stays."""
    asked = {"stateMachineArn": properties["StateMachineArn"], "revisionId": properties["StateMachineRevisionId"]}
    arn = _answer(stepfunctions._publish_state_machine_version(asked))["stateMachineVersionArn"]
    return arn, {"Arn": arn}


def new_version(physical_id: str, _old: Properties, properties: Properties, stack: str) -> Created:
    return version(physical_id, properties, stack)


def alias(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create an alias of the version. It gets all executions at once, also with a gradual deployment preference."""
    asked = {"name": properties["Name"], "routingConfiguration": _routing(properties)}
    arn = _answer(stepfunctions._create_state_machine_alias(asked))["stateMachineAliasArn"]
    return arn, {"Arn": arn}


def moved_alias(physical_id: str, _old: Properties, properties: Properties, _stack: str) -> Created:
    asked = {"stateMachineAliasArn": physical_id, "routingConfiguration": _routing(properties)}
    _answer(stepfunctions._update_state_machine_alias(asked))
    return physical_id, {"Arn": physical_id}


def delete_version(physical_id: str, _properties: Properties) -> None:
    _answer(stepfunctions._delete_state_machine_version({"stateMachineVersionArn": physical_id}))


def delete_alias(physical_id: str, _properties: Properties) -> None:
    _answer(stepfunctions._delete_state_machine_alias({"stateMachineAliasArn": physical_id}))


HANDLERS = {
    _VERSION: {"create": version, "update": new_version, "delete": delete_version},
    _ALIAS: {"create": alias, "update": moved_alias, "delete": delete_alias},
}
"""As in MiniStack's own table of resource types."""


def _routing(properties: Properties) -> list[dict[str, Any]]:
    version = properties["DeploymentPreference"]["StateMachineVersionArn"]
    return [{"stateMachineVersionArn": version, "weight": 100}]


def _answer(response: tuple[int, Any, bytes]) -> dict[str, Any]:
    """Return the body of the API's answer. Raises ValueError if it refuses, as CloudFormation's handlers do."""
    status, _, body = response
    if status >= 400:
        raise ValueError(body.decode())
    answer: dict[str, Any] = json.loads(body or b"{}")
    return answer
