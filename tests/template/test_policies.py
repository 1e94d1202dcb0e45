"""The IAM policies in ops/policies, compared with what the template creates."""

import json
import re
from fnmatch import fnmatchcase
from string import Template as Text

import pytest
from botocore import xform_name

from local.deployer import policy
from tests.world import ROOT, SEND_FUNCTIONS, template

FILES = {file.stem: file for file in (ROOT / "ops/policies").glob("*.json")}
FILLED = {
    "Partition": "aws",
    "Region": "eu-west-1",
    "Account": "123456789012",
    "Stack": "workflows-prod",
    "Boundary": "arn:aws:iam::123456789012:policy/boundary",
    "Repository": "example/workflows",
    "Environment": "prod",
}
INLINE, MANAGED = 10_240, 6_144
"""Most characters of a role's inline policies together and of a managed policy, blanks not counted: IAM User Guide,
"IAM and AWS STS quotas"."""


def filled(name, **others):
    """A policy with its placeholders filled in. Raises KeyError for one that is not documented."""
    return json.loads(Text(FILES[name].read_text()).substitute({**FILLED, **others}))


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(name, effect="Allow"):
    return [one for one in filled(name)["Statement"] if one["Effect"] == effect]


def granted(name):
    return {action for one in statements(name) for action in listed(one["Action"])}


def test_the_deployers_policy():
    """The file is what the template needs according to AWS's schemas of its resources: nothing is missing or left."""
    assert FILES["deployer"].read_text() == policy.text(), "make generate"


def test_nothing_is_missing(translated):
    """Every action that the schemas list for a resource of the template is granted, unless only an unused option needs
    it; no option takes away what creates a resource."""
    wanted = policy.needed(translated)
    assert wanted.keys() <= granted("deployer")
    for kind in {resource["Type"] for resource in translated["Resources"].values()}:
        assert any(
            re.search(r":(Create|Put|Publish|Add|Associate|Modify|Change|POST)", one)
            for one in wanted
            if kind in wanted[one]
        )


@pytest.mark.parametrize(
    ("kind", "properties", "action"),
    [
        ("AWS::Lambda::Function", {"VpcConfig": {}}, "ec2:DescribeSubnets"),
        ("AWS::Lambda::Function", {"KmsKeyArn": "key"}, "kms:CreateGrant"),
        ("AWS::SecretsManager::Secret", {"KmsKeyId": "key"}, "kms:GenerateDataKey"),
        ("AWS::IAM::Role", {"PermissionsBoundary": "boundary"}, "iam:PutRolePermissionsBoundary"),
        ("AWS::CodeDeploy::Application", {}, "codedeploy:CreateApplication"),
        ("AWS::ApiGateway::DomainName", {}, "apigateway:POST"),
        ("AWS::Route53::RecordSet", {}, "route53:ChangeResourceRecordSets"),
    ],
)
def test_an_option_that_the_template_starts_to_use(kind, properties, action):
    """The policy follows the template: a new kind of resource, or a property that needs more, adds its actions."""
    with_it = {"Resources": {**_least(), "New": {"Type": kind, "Properties": properties}}}
    assert action in _actions(with_it)
    without = _least() | ({"New": {"Type": kind}} if properties else {})
    assert action not in _actions({"Resources": without})


@pytest.mark.parametrize(("kind", "named"), [("AWS::SSM::Parameter", "ssm:"), ("AWS::SNS::Topic", "AWS::SNS::Topic")])
def test_a_resource_that_is_not_known(kind, named):
    """An action that no scope names, and a kind of resource that gets a role, are refused and not granted anyway."""
    with pytest.raises(LookupError, match=named):
        policy.policy({"Resources": {**_least(), "New": {"Type": kind}}})


def _actions(resources):
    return {one for statement in policy.policy(resources)["Statement"] for one in listed(statement["Action"])}


def _least():
    return {"Function": {"Type": "AWS::Lambda::Function"}}


@pytest.mark.parametrize("name", FILES)
def test_placeholders(name):
    """A policy has no placeholder but the documented ones, and is short enough for IAM."""
    text = json.dumps(filled(name), separators=(",", ":"))
    assert "$" not in text
    assert len(text) <= (INLINE if name == "deployer" else MANAGED)


@pytest.mark.parametrize("partition", [("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-northwest-1")])
def test_long_names(partition):
    """The deployer's policy fits a role with a long stack name, in every partition."""
    more = dict(zip(("Partition", "Region"), partition, strict=True))
    assert len(json.dumps(filled("deployer", Stack="s" * 24, **more), separators=(",", ":"))) <= INLINE


def test_the_deployer_reads_no_data():
    """The deployer reads no item, message, log line or secret, calls no function, and deletes no stack. Only
    CloudFormation may read the secrets for it."""
    forbidden = ["dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan", "sqs:*Message*", "lambda:Invoke*", "logs:*Events"]
    forbidden += ["cloudformation:DeleteStack", "*:*[*]*"]
    assert not [one for one in granted("deployer") for pattern in forbidden if fnmatchcase(one, pattern)]
    (reading,) = (one for one in statements("deployer") if "secretsmanager:GetSecretValue" in listed(one["Action"]))
    assert reading["Action"] == "secretsmanager:GetSecretValue"
    assert reading["Condition"] == {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}


def test_the_deployer_manages_its_own_roles_only():
    """Each IAM action is on roles of the stack; roles are passed only to the services that the template gives one, and
    get only the managed policies that it names."""
    of_iam = [one for one in statements("deployer") if any(a.startswith("iam:") for a in listed(one["Action"]))]
    assert {one["Resource"] for one in of_iam} == {"arn:aws:iam::123456789012:role/workflows-prod-*"}
    conditions = {one["Action"]: one["Condition"] for one in of_iam if "Condition" in one}
    services = conditions.pop("iam:PassRole")["StringEquals"]["iam:PassedToService"]
    assert "lambda.amazonaws.com" in services
    for condition in conditions.values():
        assert all("::aws:policy/service-role/" in arn for arn in condition["ArnEquals"]["iam:PolicyARN"])


@pytest.mark.parametrize("name", FILES)
def test_everything(name):
    """`"Resource": "*"` is allowed only for actions that take no resource, or under a condition on the function."""
    for one in statements(name):
        if one.get("Resource") == "*" and "Condition" not in one:
            assert all(re.search(r":(Describe|List|Get|Stop)\w+$", action) for action in listed(one["Action"]))


def test_the_boundary():
    """With the boundary's policy, the deployer can make or change a role only if the role has the boundary, and can
    neither take it off nor change it."""
    first, off, change = statements("deployer-boundary", "Deny")
    assert {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"} <= set(first["Action"])
    assert first["Condition"] == {"StringNotEquals": {"iam:PermissionsBoundary": FILLED["Boundary"]}}
    assert off["Action"] == "iam:DeleteRolePermissionsBoundary"
    assert change["Resource"] == FILLED["Boundary"]


def test_functions_that_people_call():
    """Each function that nothing in the stack calls has a policy for the people who may call it."""
    names = {
        properties["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        for properties in _functions()
        if "Events" not in properties
    }
    uncalled = {f"{FILLED['Stack']}-{name}" for name in names if name.replace("-", "_") not in SEND_FUNCTIONS}
    assert uncalled
    resources = {arn for name in ("caller", "erasure") for one in statements(name) for arn in listed(one["Resource"])}
    assert uncalled <= {arn.rpartition(":")[2] for arn in resources}


def _functions():
    for resource in template()["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            yield resource["Properties"]


def test_the_operator_changes_no_resource():
    """An operator reads, redrives and empties queues, and resumes executions, but changes no resource."""
    changes = {
        one for one in granted("operator") if not re.search(r":(Describe|List|Get|Filter|Start|Stop|Query)", one)
    }
    queues = {
        "sqs:CancelMessageMoveTask",
        "sqs:DeleteMessage",
        "sqs:PurgeQueue",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    }
    assert changes == {*queues, "states:RedriveExecution"}


def test_the_operators_queues():
    """The queues in the operator's policy are the template's."""
    (redrive,) = (one for one in statements("operator") if one["Sid"] == "RedriveWebhooks")
    queues = [name for name, one in template()["Resources"].items() if one["Type"] == "AWS::SQS::Queue"]
    patterns = [arn.rpartition("workflows-prod-")[2] for arn in redrive["Resource"]]
    assert all(any(fnmatchcase(f"{queue}-1A2B3C", pattern) for pattern in patterns) for queue in queues)
    assert all(any(fnmatchcase(f"{queue}-1A2B3C", pattern) for queue in queues) for pattern in patterns)


def test_the_doctor():
    """The doctor may make the calls in its code, and no other; with a message to send it also needs caller.json."""
    code = "".join(file.read_text() for file in [*(ROOT / "ops/doctor").glob("*.py"), ROOT / "ops/deployed.py"])
    called = set(re.findall(r"[.\"]((?:get|describe|list)_[a-z_]+)\b", code)) - {"get_paginator"}
    actions = {xform_name(action.partition(":")[2]) for action in granted("doctor")}
    assert actions == called


def test_trust():
    """A role trusts one environment of one repository, and only tokens that were made for AWS."""
    (one,) = statements("github-oidc-trust")
    issuer = "token.actions.githubusercontent.com"
    assert one["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"}
    assert one["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": "repo:example/workflows:environment:prod",
        }
    }
