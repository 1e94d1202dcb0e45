"""`KmsKeyArn`: what it encrypts, and who may use it. docs/permissions.md, "A key of your own"."""

import re

from tests import permissions
from tests.template.test_roles import ROLES
from tests.world import template

KEY = {"Fn::If": ["WithKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
SERVICES = {"dynamodb", "sqs", "secretsmanager"}
"""Prefixes of actions, and of the services, which use the key in the name of who calls them."""


def of_kind(kind):
    return {name: one["Properties"] for name, one in template()["Resources"].items() if one["Type"] == kind}


def listed(value):
    return value if isinstance(value, list) else [value]


def test_by_default_there_is_none():
    """Without the parameter AWS's keys encrypt, and no role may use a key."""
    assert template()["Parameters"]["KmsKeyArn"]["Default"] == ""
    assert template()["Conditions"]["WithKey"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "KmsKeyArn"}, ""]}]}
    for name in ROLES:
        assert "kms:" not in str(list(permissions.statements(template(), name)))


def test_a_key_and_not_an_alias():
    """The parameter takes the ARN of a key: IAM does not compare aliases."""
    allowed = re.compile(template()["Parameters"]["KmsKeyArn"]["AllowedPattern"])
    arn = "arn:aws:kms:eu-west-1:123456789012:"
    assert all(allowed.fullmatch(value) for value in ("", f"{arn}key/mrk-1", f"{arn}key/0f0a4c1e-8d3b-4e57-9c1a"))
    assert not any(allowed.fullmatch(value) for value in (f"{arn}alias/mine", "alias/mine", "mrk-1"))


def test_what_it_encrypts():
    """The key encrypts every table with its stream, every secret, queue and log group."""
    for table in of_kind("AWS::DynamoDB::Table").values():
        assert table["SSESpecification"] == {
            "SSEEnabled": True,
            "SSEType": {"Fn::If": ["WithKey", "KMS", {"Ref": "AWS::NoValue"}]},
            "KMSMasterKeyId": KEY,
        }
    for queue in of_kind("AWS::SQS::Queue").values():
        assert queue["KmsMasterKeyId"] == KEY
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["WithKey", False, True]}, "SQS takes one of the two"
    for kind in ("AWS::SecretsManager::Secret", "AWS::Logs::LogGroup"):
        assert {name: one.get("KmsKeyId") for name, one in of_kind(kind).items()} == dict.fromkeys(of_kind(kind), KEY)


def test_who_may_use_it():
    """A role may use the key through each service that it calls and whose data the key encrypts, and no other way."""
    for name in ROLES:
        own = [action for one in permissions.statements(template(), name) for action in listed(one["Action"])]
        called = {action.partition(":")[0] for action in own} & SERVICES
        allowed = {}
        for statement in permissions.statements(template(), name, "WithKey"):
            if "kms:" in str(statement["Action"]):
                assert statement["Resource"] == {"Ref": "KmsKeyArn"}
                ((operator, keys),) = statement["Condition"].items()
                ((key, value),) = keys.items()
                assert (operator, key) == ("StringEquals", "kms:ViaService")
                service = value["Fn::Sub"].removesuffix(".${AWS::Region}.${AWS::URLSuffix}")
                allowed[service] = set(statement["Action"])
        assert set(allowed) == called, name
        assert all("kms:Decrypt" in actions for actions in allowed.values())
        if "sqs:SendMessage" in own:
            assert "kms:GenerateDataKey" in allowed["sqs"], 'SQS, "Configure KMS permissions for producers"'
