"""The roles as SAM translates them: docs/permissions.md."""

import json
import re
from fnmatch import fnmatchcase

import pytest

from tests import permissions
from tests.template.test_roles import ROLES, roles_of
from tests.template.test_template import references
from tests.world import ROOT, SEND_FUNCTIONS, logical_id, template

NO_VALUE = {"Ref": "AWS::NoValue"}
UNNAMED = {"StateMachineRole": {"DeliverLogs"}, "DeploymentRole": {"WatchAlarms"}}
for _name in ("DeliverWebhook", *map(logical_id, SEND_FUNCTIONS)):
    UNNAMED[f"{_name}Role"] = {"ConnectToSubnets", "ForLambdaItself"}
"""Role → its statements that name no resource, because AWS does not accept one. docs/permissions.md says why."""


def of_kind(translated, kind):
    """{logical id: properties} of a kind of resource."""
    return {
        name: resource["Properties"] for name, resource in translated["Resources"].items() if resource["Type"] == kind
    }


def policies(node):
    """Every policy document in a part of a template, also under a condition."""
    if isinstance(node, dict):
        if "PolicyDocument" in node:
            yield node["PolicyDocument"]
        for value in node.values():
            yield from policies(value)
    elif isinstance(node, list):
        for item in node:
            yield from policies(item)


def statements(properties):
    """Every statement of a role or policy, also under a condition."""
    return [statement for document in policies(properties) for statement in document["Statement"]]


def listed(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture
def roles(translated):
    """{logical id: properties} of every role, with the policies that are resources of their own."""
    found = of_kind(translated, "AWS::IAM::Role")
    for policy in of_kind(translated, "AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            found[role["Ref"]] = found[role["Ref"]] | {"attached": [policy, *found[role["Ref"]].get("attached", [])]}
    return found


def test_each_has_a_role_of_its_own(translated, roles):
    """Each function, and the state machine, has one role, which is named after it; SAM adds no other role."""
    functions = of_kind(translated, "AWS::Lambda::Function")
    used = {name: one["Role"] for name, one in functions.items()}
    used |= {name: one["RoleArn"] for name, one in of_kind(translated, "AWS::StepFunctions::StateMachine").items()}
    assert used == {name: {"Fn::GetAtt": [f"{name}Role", "Arn"]} for name in used}
    assert set(roles) == {f"{name}Role" for name in used} | {"DeploymentRole"}
    for name in functions:
        conditions = [translated["Resources"][one].get("Condition") for one in (name, f"{name}Role")]
        assert conditions[0] == conditions[1]


def test_only_policies_of_our_own(translated, roles):
    """No role has a managed policy, and none has a name, so that CAPABILITY_IAM is enough."""
    for role in roles.values():
        assert not {"ManagedPolicyArns", "RoleName"} & set(role)
    kinds = {resource["Type"] for resource in translated["Resources"].values()}
    assert {kind for kind in kinds if kind.startswith("AWS::IAM::")} == {"AWS::IAM::Role", "AWS::IAM::Policy"}


def test_no_wildcards(roles):
    """No statement allows actions by wildcard, and only the listed ones allow every resource."""
    unnamed = {}
    for name, role in roles.items():
        assert statements(role)
        for statement in statements(role):
            assert not any("*" in action for action in listed(statement["Action"]))
            assert not {"NotAction", "NotResource"} & set(statement)
            if "*" in listed(statement["Resource"]):
                unnamed.setdefault(name, set()).add(statement["Sid"])
    assert unnamed == UNNAMED


PAGE = (ROOT / "docs/permissions.md").read_text()


def test_every_statement_is_explained(roles):
    """The page has each role with each of its statements, and no others."""
    documented = {}
    for line in PAGE.partition("\n## The roles\n")[2].partition("\n### ")[0].splitlines():
        first, *others = line.strip("|").split("|")
        sids = {sid for sid in re.findall(r"`(\w+)`", "".join(others)) if sid[0].isupper()}
        documented |= {logical_id(name): sids for name in roles_of(first.strip()) if line.startswith("| `")}
    granted = {name: {one["Sid"] for one in permissions.statements(template(), name)} for name in ROLES}
    granted["Deployment"] = {one["Sid"] for one in statements(roles["DeploymentRole"])}
    assert documented == {name: sids - {"WriteLogs"} for name, sids in granted.items()}


def test_statements_without_a_resource_are_explained():
    """The page says of each statement that names no resource why it does not."""
    for name, sids in UNNAMED.items():
        for sid in sids:
            assert f"| `{sid}` |" in PAGE, name


def test_logs_go_to_ones_own_group(translated, roles):
    """A function writes only to its log group, and cannot make one: the group of a deleted stack would come back."""
    for name, function in of_kind(translated, "AWS::Lambda::Function").items():
        group = function["LoggingConfig"]["LogGroup"]["Ref"]
        writing = [one for one in statements(roles[f"{name}Role"]) if "logs:" in str(one["Action"])]
        assert [(one["Action"], one["Resource"]) for one in writing] == [
            (["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": [group, "Arn"]})
        ]
    assert "CreateLogGroup" not in str(roles)


def test_who_may_assume_a_role(roles):
    """Only Lambda may assume a function's role, CodeDeploy its own, and Step Functions that of the state machine."""
    for name, role in roles.items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert (trust["Effect"], trust["Action"]) == ("Allow", "sts:AssumeRole")
        if name != "StateMachineRole":
            service = "codedeploy" if name == "DeploymentRole" else "lambda"
            assert (trust["Principal"], "Condition" in trust) == ({"Service": f"{service}.amazonaws.com"}, False)
            continue
        assert trust["Principal"] == {"Service": "states.amazonaws.com"}
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        source = trust["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
        machine = template()["Resources"]["StateMachine"]["Properties"]["Name"]["Fn::Sub"]
        assert source.endswith(f":stateMachine:{machine}*"), "* for a version or an alias"


def test_the_state_machines_role_comes_early(translated, roles):
    """The role with the right to deliver logs waits for no resource, and the state machine waits for the table."""
    role = translated["Resources"]["StateMachineRole"]
    assert {one for one in references(role) if one in translated["Resources"]} == set()
    assert "logs:CreateLogDelivery" in str(role)
    machine = translated["Resources"]["StateMachine"]
    assert "StateMachineTable" in listed(machine["DependsOn"])
    assert "Table" in set(references(translated["Resources"]["StateMachineTable"]))


def test_permissions_boundary(translated, roles):
    """Every role has the boundary that PermissionsBoundaryArn names; by default it names none."""
    boundary = {"Fn::If": ["WithBoundary", {"Ref": "PermissionsBoundaryArn"}, NO_VALUE]}
    assert {name for name, role in roles.items() if role.get("PermissionsBoundary") != boundary} == set()
    assert template()["Parameters"]["PermissionsBoundaryArn"]["Default"] == ""
    assert translated["Conditions"]["WithBoundary"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundaryArn"}, ""]}]
    }


def test_the_documented_boundary(roles):
    """The boundary on the page, which it calls enough, allows every action of every role, also under a condition."""
    (block,) = [one for one in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if "StartExecution" in one]
    (allowing,) = json.loads(block)["Statement"]
    assert (allowing["Effect"], allowing["Resource"]) == ("Allow", "*")
    used = {
        action
        for role in roles.values()
        for one in statements(role)
        if one["Effect"] == "Allow"
        for action in listed(one["Action"])
    }
    assert {"lambda:UpdateAlias", "kms:Decrypt", "ec2:CreateNetworkInterface"} <= used
    assert {one for one in used if not any(fnmatchcase(one, pattern) for pattern in allowing["Action"])} == set()
    assert {pattern for pattern in allowing["Action"] if not any(fnmatchcase(one, pattern) for one in used)} == set()
