"""The policy, from the translated template. `make generate` writes it."""

import json
import logging
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any
from unittest.mock import patch

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from local.deployer.options import OPTIONS, UNLISTED
from local.deployer.scopes import CODE, DEPLOYMENT, ONLY_WITH, PASSED_TO, ROLES, SCOPES, Scope, Statement, arn
from local.place import REGION, ROOT

type Template = dict[str, Any]

PAGE = ROOT / "ops/policies/deployer.json"
OPTIONAL = {"GradualDeployments": "true"}
"""Parameters with which SAM itself makes more resources. Those of conditions are there in any case."""


def translated() -> Template:
    """Return the template as SAM translates it, with every resource that a condition may switch on."""
    source = yaml_parse((ROOT / "template.yaml").read_text())
    for resource in source["Resources"].values():
        properties = resource.get("Properties", {})
        for name in {"CodeUri", "ContentUri", "DefinitionUri"} & properties.keys():
            properties[name] = f"s3://bucket/{properties[name]}"
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    with patch.dict(os.environ, {"AWS_DEFAULT_REGION": REGION}):
        found: Template = transform(source, OPTIONAL, _NoPolicies())
        return found


class _NoPolicies:
    """SAM's policy templates by name, of which the template uses none."""

    def load(self) -> dict[str, str]:
        return {}


def needed(template: Template) -> dict[str, set[str]]:
    """Return which actions CloudFormation needs for a translated template, with the types that need them."""
    found: dict[str, set[str]] = {}
    resources = list(template["Resources"].values())
    for kind in {resource["Type"] for resource in resources}:
        keys = {key for resource in resources if resource["Type"] == kind for key in _keys(resource)}
        for action in _listed(kind) | {one.action for one in UNLISTED if one.kind == kind}:
            options = (one for one in (*OPTIONS, *UNLISTED) if fnmatchcase(kind, one.kind))
            switches = [one.switch for one in options if fnmatchcase(action, one.action)]
            if all(switch in keys for switch in switches):
                found.setdefault(action, set()).add(kind)
    return found


def _listed(kind: str) -> set[str]:
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
    used = (handlers.get(name, {}) for name in ("create", "read", "update", "delete"))
    return {action for handler in used for action in handler.get("permissions", [])}


def _keys(node: Any) -> Iterator[str]:
    """Every key in a part of a template."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _keys(value)
    elif isinstance(node, list):
        for item in node:
            yield from _keys(item)


def policy(template: Template) -> dict[str, Any]:
    """Return the policy for a translated template.

    Raises LookupError for an action without a scope, and for a type of resource that gets a role and is not listed.
    """
    wanted = needed(template)
    receivers = sorted({PASSED_TO[kind] for kind in wanted.pop("iam:PassRole", set())})
    attached = wanted.pop("iam:AttachRolePolicy", None)
    scopes = {action: _scope(action) for action in sorted(wanted) if action not in CODE}
    statements = [
        _statement(scope, [action for action, of in scopes.items() if of is scope], template)
        for scope in SCOPES
        if scope in scopes.values()
    ]
    if attached:
        only = {"ArnEquals": {"iam:PolicyARN": _managed_policies(template)}}
        statements.append(_statement(Scope("Attach", "", (ROLES,), only), ["iam:AttachRolePolicy"], template))
    passed = {"StringEquals": {"iam:PassedToService": receivers}}
    statements.append(_statement(Scope("Pass", "", (ROLES,), passed), ["iam:PassRole"], template))
    return {"Version": "2012-10-17", "Statement": [*DEPLOYMENT, *statements]}


def _scope(action: str) -> Scope:
    for scope in SCOPES:
        if any(fnmatchcase(action, pattern) for pattern in scope.actions.split()):
            return scope
    raise LookupError(f"{action}: say in SCOPES on which resources, or in OPTIONS which property needs it")


def _statement(scope: Scope, actions: list[str], template: Template) -> Statement:
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    resources = _log_groups(template) if scope.sid == "Logs" else [*scope.resources]
    absent = [part for part, kind in ONLY_WITH.items() if kind not in kinds]
    resources = [one for one in resources if not any(part in one for part in absent)]
    statement = {"Sid": scope.sid, "Effect": "Allow", "Action": _alone(actions), "Resource": _alone(resources)}
    return statement | ({"Condition": scope.condition} if scope.condition else {})


def _alone(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _log_groups(template: Template) -> list[str]:
    """`${Stack}-*` or `${Stack}`, with what stands before the stack's name in the names of the template's groups."""
    groups = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Logs::LogGroup"]
    names = {re.sub(r"\$\{AWS::StackName\}(.).*", r"${Stack}\1*", group["LogGroupName"]["Fn::Sub"]) for group in groups}
    return [arn("logs", f"log-group:{name.replace('${AWS::StackName}', '${Stack}')}") for name in sorted(names)]


def _managed_policies(template: Template) -> list[str]:
    names = re.findall(r":iam::aws:policy/[\w/-]+", json.dumps(template["Resources"]))
    return [f"arn:${{Partition}}{name}" for name in sorted(set(names))]


def text() -> str:
    """Return the file as the template needs it."""
    return json.dumps(policy(translated()), indent=2) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text())
