"""What the template refuses before anything is made: its rules, evaluated, and the patterns of its parameters."""

import re

import pytest

from ops.planned import planned
from tests.world import ROOT, template

RULES, PARAMETERS = template()["Rules"], template()["Parameters"]
WEB_ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/own/1"


def evaluated(node, parameters):
    """The value of a rule's expression. Parameters are texts there, numbers too."""
    match node:
        case {"Ref": name}:
            return str(parameters[name])
        case {"Fn::Equals": [left, right]}:
            return evaluated(left, parameters) == evaluated(right, parameters)
        case {"Fn::Not": [one]}:
            return not evaluated(one, parameters)
        case str():
            return node
    raise ValueError(f"no expression of a rule that is known here: {node}")


def refusals(**given):
    """The descriptions of the assertions that do not hold for these parameters and the others' defaults."""
    parameters = {name: one["Default"] for name, one in PARAMETERS.items()} | given
    return [
        assertion["AssertDescription"]
        for rule in RULES.values()
        if evaluated(rule.get("RuleCondition", {"Fn::Equals": ["", ""]}), parameters)
        for assertion in rule["Assertions"]
        if not evaluated(assertion["Assert"], parameters)
    ]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Production": "true"},
        {"Production": "true", "GradualDeployments": "true", "WebAclArn": WEB_ACL},
        {"Sandbox": "true", "SandboxLimit": "5", "LoopbackWebhooks": "true"},
        {"RequestsPerAddress": "2000"},
    ],
)
def test_what_is_allowed(given):
    """Defaults, a production stack and a stack for experiments are deployed."""
    assert refusals(**given) == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"Sandbox": "true"}, "Sandbox=true"),
        ({"SandboxLimit": "5"}, "SandboxLimit"),
        ({"LoopbackWebhooks": "true"}, "loopback"),
    ],
)
def test_what_production_refuses(given, named):
    """A production stack refuses each setting of an experiment, also later: it keeps its parameter Production."""
    (description,) = refusals(Production="true", **given)
    assert named in description
    assert refusals(**given) == []


def test_one_web_acl():
    """A web ACL of one's own and a limit by address exclude each other."""
    (description,) = refusals(WebAclArn=WEB_ACL, RequestsPerAddress="2000")
    assert "WebAclArn" in description


def test_prod_is_a_production_stack():
    """The environment prod deploys a production stack, gradually."""
    given = planned("prod").given
    assert given.items() >= {"Production": "true", "GradualDeployments": "true"}.items()
    assert refusals(**given) == []


def test_prod_names_every_parameter():
    """A parameter that `sam deploy` is not given keeps the stack's value, also if its default changes in a release."""
    assert set(planned("prod").given) == set(PARAMETERS)


@pytest.mark.parametrize(
    ("parameter", "allowed", "refused"),
    [
        (
            "MessagesUrl",
            ["https://api.nexmo.com", "https://messages-sandbox.nexmo.com/v1"],
            [
                "",
                "http://api.nexmo.com",
                "http://127.0.0.1:8000",
                "api.nexmo.com",
                'https://a"b',
                "https://a\\b",
                "https:// a",
            ],
        ),
        (
            "PublicUrl",
            ["", "https://workflows.example.com/beta", "http://127.0.0.1:4566/beta"],
            ["workflows.example.com", 'https://a"b', "https://a\\b", "https://a b"],
        ),
    ],
)
def test_urls(parameter, allowed, refused):
    """Credentials go to the vendor by https only, and no URL has what would end a text in the state machine's JSON."""
    pattern = re.compile(PARAMETERS[parameter]["AllowedPattern"])
    assert [one for one in allowed if not pattern.fullmatch(one)] == []
    assert [one for one in refused if pattern.fullmatch(one)] == []


def test_the_longest_name_of_a_stack():
    """A stack's name may have 47 characters, as the page says: the longest name of a function may have 64."""
    names = [
        resource["Properties"]["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}")
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    assert 64 - max(map(len, names)) == 47
    assert "at most 47 characters" in (ROOT / "docs/deploy.md").read_text()
