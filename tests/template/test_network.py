"""`SubnetIds` and `SecurityGroupIds`: messages and webhooks from fixed addresses. docs/permissions.md."""

import re

import pytest

from tests import permissions
from tests.template.test_roles import ROLES
from tests.world import SEND_FUNCTIONS, logical_id, template

OUTSIDE = {"DeliverWebhook", *map(logical_id, SEND_FUNCTIONS)}
"""Functions that call hosts outside AWS."""
CONNECTING = {
    f"ec2:{action}"
    for action in (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "UnassignPrivateIpAddresses",
    )
}
"""What AWS's managed policy AWSLambdaVPCAccessExecutionRole allows, besides logs."""


def test_who_is_in_the_subnets(translated):
    """Exactly the functions that call hosts outside AWS are in the subnets, and only if some are named."""
    connected = {
        name: one["Properties"]["VpcConfig"]
        for name, one in translated["Resources"].items()
        if "VpcConfig" in one.get("Properties", {})
    }
    parts = {name: {"Fn::Split": [",", {"Ref": name}]} for name in ("SubnetIds", "SecurityGroupIds")}
    assert set(connected) == OUTSIDE
    assert all(one == {"Fn::If": ["WithSubnets", parts, {"Ref": "AWS::NoValue"}]} for one in connected.values())
    assert translated["Conditions"]["WithSubnets"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "SubnetIds"}, ""]}]}


@pytest.mark.parametrize("name", ROLES)
def test_who_may_connect(name):
    """Only their roles may make network interfaces, only with subnets, and only Lambda may do it with them."""
    assert "ec2:" not in str(list(permissions.statements(template(), name)))
    found = [one for one in permissions.statements(template(), name, "WithSubnets") if "ec2:" in str(one["Action"])]
    if name not in OUTSIDE:
        assert found == []
        return
    allow, deny = found
    assert (allow["Effect"], set(allow["Action"]), "Condition" in allow) == ("Allow", CONNECTING, False)
    assert (deny["Effect"], set(deny["Action"]), deny["Resource"]) == ("Deny", CONNECTING, "*")
    ((operator, keys),) = deny["Condition"].items()
    assert (operator, list(keys)) == ("ArnLike", ["lambda:SourceFunctionArn"])
    pattern = permissions.resolved(template(), keys["lambda:SourceFunctionArn"])
    assert permissions.arn(template(), name).startswith(pattern.removesuffix("*"))


@pytest.mark.parametrize(("parameter", "one"), [("SubnetIds", "subnet-0a1"), ("SecurityGroupIds", "sg-0a1")])
def test_lists(parameter, one):
    """Both parameters take ids with commas between them, and are empty by default."""
    properties = template()["Parameters"][parameter]
    allowed = re.compile(properties["AllowedPattern"])
    assert properties["Default"] == ""
    assert all(allowed.fullmatch(value) for value in ("", one, f"{one},{one}b"))
    assert not any(allowed.fullmatch(value) for value in (f"{one},", f"{one}, {one}", "vpc-0a1"))


def test_both_or_neither():
    """Subnets without security groups are refused before anything is changed, and the reverse."""
    rules = template()["Rules"]
    given = {name: {"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]} for name in ("SubnetIds", "SecurityGroupIds")}
    for rule, first, second in (
        ("SubnetsHaveSecurityGroups", "SubnetIds", "SecurityGroupIds"),
        ("SecurityGroupsHaveSubnets", "SecurityGroupIds", "SubnetIds"),
    ):
        assert rules[rule]["RuleCondition"] == given[first]
        assert [one["Assert"] for one in rules[rule]["Assertions"]] == [given[second]]
