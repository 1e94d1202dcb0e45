"""Whether the caller may do what a deployment does, by IAM's own simulator. It changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.place import ROOT
from ops.clients import client
from ops.planned import Planned
from ops.preflight.account import Caller
from ops.report import Finding, failure, ok, warning

POLICY = ROOT / "ops/policies/deployer.json"
"""What a deployment needs, with ${Partition}, ${Region}, ${Account} and ${Stack} to fill in."""
_EXAMPLE = "example"
"""In place of `*` in a resource: the simulator takes a resource, not a pattern."""
_MOST_SHOWN = 5


def permissions(plan: Planned, region: str, caller: Caller, policy: Path = POLICY) -> Iterator[Finding]:
    if not policy.exists():
        yield warning("permissions", f"could not check: there is no {policy.relative_to(ROOT)}")
        return
    if caller.arn.endswith(":root"):
        yield warning("permissions", "you are the account's root user, who may do everything: deploy with a role")
        return
    values = {"Partition": caller.arn.split(":")[1], "Region": region, "Account": caller.account, "Stack": plan.stack}
    principal = _principal(region, caller)
    refused: list[str] = []
    checked = 0
    for statement in filled_in(json.loads(policy.read_text()), values):
        answers = simulated(region, principal, statement)
        checked += len(answers)
        refused += sorted(action for action, allowed in answers.items() if not allowed)
    yield of_refused(refused, checked)


def of_refused(refused: list[str], checked: int) -> Finding:
    if not refused:
        return ok("permissions", f"all {checked} actions of a deployment are allowed")
    more = f" and {len(refused) - _MOST_SHOWN} more" if len(refused) > _MOST_SHOWN else ""
    text = f"you may not {', '.join(refused[:_MOST_SHOWN])}{more}: attach ops/policies/deployer.json (docs/deploy.md)"
    return failure("permissions", text)


def filled_in(policy: dict[str, Any], values: dict[str, str]) -> list[dict[str, Any]]:
    """The statements that allow something, for one stack."""
    text = json.dumps(policy["Statement"])
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    statements: list[dict[str, Any]] = json.loads(text)
    return [statement for statement in statements if statement["Effect"] == "Allow"]


def simulated(region: str, principal: str, statement: dict[str, Any]) -> dict[str, bool]:
    """Action → whether the principal may take it on any of the statement's resources.

    Not each action fits each resource of its statement, so one that is allowed is enough.
    """
    resources = [one if one == "*" else one.replace("*", _EXAMPLE) for one in _several(statement["Resource"])]
    pages = client("iam", region).get_paginator("simulate_principal_policy")
    allowed = dict.fromkeys((one for one in _several(statement["Action"]) if "*" not in one), False)
    if not allowed:
        return {}
    for page in pages.paginate(
        PolicySourceArn=principal,
        ActionNames=list(allowed),
        ResourceArns=resources,
        ContextEntries=list(context(statement)),
    ):
        for result in page["EvaluationResults"]:
            decisions = [one["EvalResourceDecision"] for one in result.get("ResourceSpecificResults", [])]
            if "allowed" in (result["EvalDecision"], *decisions):
                allowed[result["EvalActionName"]] = True
    return allowed


def context(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statement's conditions as the simulator takes them: as if the request met each of them."""
    for tests in statement.get("Condition", {}).values():
        for key, expected in tests.items():
            values = [str(one).replace("*", _EXAMPLE) for one in _several(expected)]
            kind = "stringList" if len(values) > 1 or key == "aws:CalledVia" else "string"
            yield {"ContextKeyName": key, "ContextKeyValues": values, "ContextKeyType": kind}


def _principal(region: str, caller: Caller) -> str:
    """The user or role of the caller. A session's ARN lacks the role's path, so IAM is asked."""
    kind, _, rest = caller.arn.rpartition(":")[2].partition("/")
    if kind != "assumed-role":
        return caller.arn
    return str(client("iam", region).get_role(RoleName=rest.partition("/")[0])["Role"]["Arn"])


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
