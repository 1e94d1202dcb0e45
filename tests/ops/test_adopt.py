"""The templates with which CloudFormation adopts a table and the secrets beside it (docs/restore.md)."""

import json
import re
from copy import deepcopy
from pathlib import Path

import boto3
import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from moto import mock_aws
from samtranslator.yaml_helper import yaml_parse

from ops import adopt
from ops.adopt import CannotAdopt, RestoredTable
from tests.conftest import only_moto
from tests.template.conftest import translated  # noqa: F401 - a fixture
from tests.world import ROOT, create_table, template

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/restored"
TABLE = RestoredTable("restored", ARN, f"{ARN}/stream/2026-11-26T12:00:00.000")
LEFT = {name for name, one in template()["Resources"].items() if "Retain" in one.get("DeletionPolicy", "")}
"""What a deleted stack leaves."""
SECRETS = {
    one["Properties"]["Name"]["Fn::Sub"].replace("${AWS::StackName}", "w")
    for one in template()["Resources"].values()
    if one["Type"] == adopt.SECRET
}


@pytest.fixture
def retaining():
    """The template, to be changed."""
    return deepcopy(template())


@pytest.fixture
def processed(translated):  # noqa: F811
    """The template as a stack has it, with a version and aliases whose deployment is gradual."""
    made = json.loads(json.dumps(translated))
    made["Resources"] |= {
        "SendSmsVersion1": {
            "Type": "AWS::Lambda::Version",
            "DeletionPolicy": "Retain",
            "Properties": {"FunctionName": {"Ref": "SendSms"}},
        },
        "SendSmsAliaslive": {
            "Type": "AWS::Lambda::Alias",
            "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": "app", "DeploymentGroupName": "group"}},
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": "SendSms"},
                "FunctionVersion": {"Fn::GetAtt": ["SendSmsVersion1", "Version"]},
            },
        },
        "StateMachineVersion": {
            "Type": "AWS::StepFunctions::StateMachineVersion",
            "Properties": {"StateMachineArn": {"Ref": "StateMachine"}},
        },
        "StateMachineAliaslive": {
            "Type": "AWS::StepFunctions::StateMachineAlias",
            "Properties": {
                "Name": "live",
                "DeploymentPreference": {
                    "StateMachineVersionArn": {"Ref": "StateMachineVersion"},
                    "Type": "CANARY",
                    "Percentage": 10,
                    "Interval": 10,
                },
            },
        },
    }
    return made


def faults(made):
    """What cfn-lint finds in a template, other than warnings."""
    found = lint(json.dumps(made), config=ManualArgs(regions=["eu-west-1"]))
    return [(one.rule.id, one.message) for one in found if one.rule.id.startswith("E")]


def test_what_is_left(retaining):
    """The template to import has the table and each secret, all that is retained, and no other, as in the template."""
    assert {retaining["Resources"][name]["Type"] for name in LEFT} == {adopt.TABLE, adopt.SECRET}
    assert len(LEFT) == 1 + len(SECRETS)
    made = adopt.import_template(retaining)
    assert set(made["Resources"]) == LEFT
    for name, resource in made["Resources"].items():
        assert resource == {**retaining["Resources"][name], "DeletionPolicy": "Retain"}
    assert "Transform" not in made
    assert faults(made) == []


def test_only_what_it_uses(retaining):
    """It has the parameters and conditions that these resources use, and no other."""
    made = adopt.import_template(retaining)
    text = json.dumps(made)
    assert set(made["Parameters"]) >= {"Sandbox", "TableWritesPerSecond"}
    assert all(f'{{"Ref": "{name}"}}' in text for name in made["Parameters"])
    assert all(f'["{name}"' in text for name in made["Conditions"])


def test_no_name_of_the_table(retaining):
    """The table has no name in it: the next deployment would see it go, and replace the table."""
    assert "TableName" not in adopt.import_template(retaining)["Resources"]["Table"]["Properties"]


def test_a_type_that_cannot_be_imported(retaining):
    """A resource of a type that the tool does not know is named."""
    retaining["Resources"]["Webhooks"]["DeletionPolicy"] = "Retain"
    with pytest.raises(CannotAdopt, match="Webhooks"):
        adopt.import_template(retaining)


def mentions(made):
    """Every place in a template that refers to the resource `Table`."""
    text = json.dumps(made)
    known = ('{"Ref": "Table"}', '"Fn::GetAtt": ["Table"', '"Fn::GetAtt": "Table.', "${Table}", "${Table.")
    return [one for one in known if one in text]


def dangling(made):
    """What a template refers to and does not have."""
    known = made["Resources"].keys() | made["Parameters"].keys()
    found = set(re.findall(r'"(?:Ref|DependsOn)": "(?!AWS::)([^"]+)"|"Fn::GetAtt": \["([^"]+)"', json.dumps(made)))
    return {name for pair in found for name in pair if name} - known


def test_without_its_table(processed):
    """A stack's template without the table refers to the restored one by name, ARN and stream, and is valid."""
    assert mentions(processed)
    made = adopt.without_table(processed, TABLE)
    assert "Table" not in made["Resources"]
    assert mentions(made) == []
    variables = made["Resources"]["SendSms"]["Properties"]["Environment"]["Variables"]
    assert (variables["TABLE_NAME"], variables["TABLE_STREAM_ARN"]) == (TABLE.name, TABLE.stream_arn)
    streams = [one["Properties"].get("EventSourceArn") for one in made["Resources"].values() if "Properties" in one]
    assert TABLE.stream_arn in streams
    assert made["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"]["Table"] == TABLE.name
    assert made["Outputs"]["TableName"]["Value"] == TABLE.name
    assert dangling(made) == set()


def test_new_versions_at_once(processed):
    """Each function changes and gets a version of another logical id, which its alias uses at once for all requests."""
    made = adopt.without_table(processed, TABLE)["Resources"]
    functions = {name for name, one in made.items() if one["Type"] == "AWS::Lambda::Function"}
    for name in functions:
        before, after = (one[name]["Properties"]["Environment"]["Variables"] for one in (processed["Resources"], made))
        assert set(after) - set(before) == {adopt.MARK}
    assert "SendSmsVersion1" not in made
    assert made["SendSmsVersion1Restored"]["DeletionPolicy"] == "Retain"
    assert made["SendSmsAliaslive"]["Properties"]["FunctionVersion"] == {
        "Fn::GetAtt": ["SendSmsVersion1Restored", "Version"]
    }
    assert "UpdatePolicy" not in made["SendSmsAliaslive"]
    assert made["StateMachineAliaslive"]["Properties"]["DeploymentPreference"] == {
        "StateMachineVersionArn": {"Ref": "StateMachineVersion"},
        "Type": "ALL_AT_ONCE",
    }


def test_nothing_else(processed):
    """No other resource is added, removed or changed than those that name the table, functions and their versions."""
    made, before = adopt.without_table(processed, TABLE)["Resources"], processed["Resources"]
    versions = {name for name, one in before.items() if one["Type"] == "AWS::Lambda::Version"}
    assert "SendSmsVersion1" in versions
    assert before.keys() - made.keys() == {"Table", *versions}
    assert made.keys() - before.keys() == {f"{name}Restored" for name in versions}
    changed = {name for name in before.keys() & made.keys() if before[name] != made[name]}
    switched = {"AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::StepFunctions::StateMachineAlias"}
    for name in changed:
        assert before[name]["Type"] in switched or mentions(before[name]), name


def test_the_import_adds_only_the_table(processed):
    """The template to import differs from that by the table alone, as it was in the stack."""
    without, made = (act(processed, TABLE) for act in (adopt.without_table, adopt.with_table))
    assert made["Resources"].pop("Table") == processed["Resources"]["Table"]
    assert made == without


def test_an_attribute_that_is_not_known(processed):
    """A reference that the tool cannot replace is refused."""
    processed["Outputs"]["TableId"] = {"Value": {"Fn::GetAtt": ["Table", "TableId"]}}
    with pytest.raises(CannotAdopt, match="TableId"):
        adopt.without_table(processed, TABLE)


def test_forms_of_references():
    """References in text, dependencies and versions are replaced as well, and no others."""
    source = {
        "Resources": {
            "Table": {"Type": "AWS::DynamoDB::Table"},
            "Tables": {"Type": "AWS::SQS::Queue", "DependsOn": ["Table", "Other"]},
            "Other": {"Type": "AWS::SQS::Queue", "DependsOn": "Table", "Properties": {"Tags": [{"Ref": "Tables"}]}},
        },
        "Outputs": {
            "A": {"Value": {"Fn::Sub": "${Table} ${Table.Arn}/index ${Tables} ${AWS::Region}"}},
            "B": {"Value": {"Fn::Sub": ["${Table.StreamArn} ${x}", {"x": {"Fn::GetAtt": "Table.Arn"}}]}},
        },
    }
    made = adopt.without_table(source, TABLE)
    assert made["Resources"]["Tables"]["DependsOn"] == ["Other"]
    assert made["Resources"]["Other"] == {**source["Resources"]["Other"], "DependsOn": []}
    assert made["Outputs"]["A"]["Value"] == {"Fn::Sub": f"restored {ARN}/index ${{Tables}} ${{AWS::Region}}"}
    assert made["Outputs"]["B"]["Value"] == {"Fn::Sub": [f"{TABLE.stream_arn} ${{x}}", {"x": ARN}]}


@pytest.fixture
def account(monkeypatch):
    """An AWS account with the table and the secrets that a deleted stack has left."""
    only_moto(monkeypatch)
    with mock_aws():
        create_table("Table", "w-Table-1")
        secrets = boto3.client("secretsmanager")
        for name in SECRETS:
            secrets.create_secret(Name=name, SecretString="{}")
        yield secrets


def files(folder):
    return {one.name: json.loads(one.read_text()) for one in folder.iterdir()}


@pytest.fixture
def template_file(tmp_path, retaining):
    """The template as a file, in which table and secrets are retained."""
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps(retaining))
    return path


def test_short_forms():
    """The tool reads the template as the tests do: with short forms and merges."""
    assert yaml_parse((ROOT / "template.yaml").read_text()) == template()


def deleted(path, folder, *more):
    arguments = ["deleted", "--stack", "w", "--table", "w-Table-1", "--template", str(path), "--into", str(folder)]
    return adopt.main([*arguments, *more])


def test_files_for_a_deleted_stack(account, template_file, tmp_path, retaining):
    """The list names each resource by what CloudFormation imports it by: the table's name and the secrets' ARNs."""
    assert deleted(template_file, tmp_path / "out", "--parameter", "Sandbox=true", "--parameter", "Other=1") == 0
    made = files(tmp_path / "out")
    assert made["import.json"] == json.loads(json.dumps(adopt.import_template(retaining)))
    assert made["parameters.json"] == [{"ParameterKey": "Sandbox", "ParameterValue": "true"}]
    found = {one["LogicalResourceId"]: one["ResourceIdentifier"] for one in made["resources-to-import.json"]}
    assert set(found) == LEFT
    assert found["Table"] == {"TableName": "w-Table-1"}
    arn = account.describe_secret(SecretId="w/webhooks")["ARN"]
    assert found["WebhookSecret"] == {"Id": arn}


def test_a_secret_that_is_gone(account, template_file, tmp_path, capsys):
    """A secret that is missing or about to be deleted is named, and no file is written."""
    account.delete_secret(SecretId="w/webhooks", RecoveryWindowInDays=7)
    assert deleted(template_file, tmp_path / "out") == 1
    assert "restore-secret" in capsys.readouterr().err
    account.delete_secret(SecretId="w/webhooks", ForceDeleteWithoutRecovery=True)
    assert deleted(template_file, tmp_path / "out") == 1
    assert "WebhookSecret: ResourceNotFoundException" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def restored(folder):
    return adopt.main(["restored", "--stack", "w", "--table", "w-Table-1", "--into", str(folder)])


def test_files_for_a_restored_table(account, processed, tmp_path, monkeypatch, capsys):
    """They are made from the running stack's own template, with the values that its parameters have."""
    assert restored(tmp_path / "out") == 1
    assert "no stream" in capsys.readouterr().err
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    boto3.client("dynamodb").update_table(TableName="w-Table-1", StreamSpecification=stream)
    table, client = adopt.restored_table("w-Table-1"), boto3.client

    class Stack:
        def get_template(self, **asked):
            assert asked == {"StackName": "w", "TemplateStage": "Processed"}
            return {"TemplateBody": processed}

        def describe_stacks(self, **_):
            return {"Stacks": [{"Parameters": [{"ParameterKey": "Sandbox", "ParameterValue": "true"}]}]}

        def describe_stack_resource(self, **asked):
            assert asked == {"StackName": "w", "LogicalResourceId": "Table"}
            return {"StackResourceDetail": {"PhysicalResourceId": own[-1]}}

    own = ["w-Table-0"]
    monkeypatch.setattr(boto3, "client", lambda name: Stack() if name == "cloudformation" else client(name))
    assert restored(tmp_path / "out") == 0
    made = files(tmp_path / "out")
    assert made["without-table.json"] == adopt.without_table(processed, table)
    assert made["with-table.json"] == adopt.with_table(processed, table)
    assert made["parameters.json"] == [{"ParameterKey": "Sandbox", "UsePreviousValue": True}]
    assert made["resources-to-import.json"] == [
        {
            "ResourceType": "AWS::DynamoDB::Table",
            "LogicalResourceId": "Table",
            "ResourceIdentifier": {"TableName": "w-Table-1"},
        }
    ]
    own.append("w-Table-1")
    assert restored(tmp_path / "out") == 1
    assert "w-Table-1 is the stack's table already" in capsys.readouterr().err
    del processed["Resources"]["Table"]
    assert restored(tmp_path / "out") == 1
    assert "first run" in capsys.readouterr().err
    assert files(tmp_path / "out") == made, "the files of the first run are needed"


def test_it_dies_while_it_writes(account, template_file, tmp_path, monkeypatch):
    """After a second run that died, no file of the first is left beside one of the second."""
    assert deleted(template_file, tmp_path / "out") == 0
    first = files(tmp_path / "out")
    write = Path.write_text

    def dies(path, text):
        if path.name == "resources-to-import.json":
            raise KeyboardInterrupt
        write(path, text)

    monkeypatch.setattr(Path, "write_text", dies)
    with pytest.raises(KeyboardInterrupt):
        deleted(template_file, tmp_path / "out")
    assert list(files(tmp_path / "out")) == ["import.json"]
    monkeypatch.undo()
    only_moto(monkeypatch)
    assert deleted(template_file, tmp_path / "out") == 0
    assert files(tmp_path / "out") == first


def test_what_is_refused(account, template_file, tmp_path, capsys):
    """What the machine refuses is one line, and so is a parameter without a value."""
    assert deleted(tmp_path / "none.yaml", tmp_path / "out") == 1
    assert deleted(template_file, template_file) == 1
    with pytest.raises(SystemExit):
        deleted(template_file, tmp_path / "out", "--parameter", "Sandbox")
    said = capsys.readouterr().err
    assert "none.yaml: No such file or directory" in said
    assert "argument --parameter: it is not NAME=VALUE" in said


def test_no_such_stack(account, tmp_path, capsys):
    """A stack that AWS does not know is one line, with what was asked."""
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    boto3.client("dynamodb").update_table(TableName="w-Table-1", StreamSpecification=stream)
    assert restored(tmp_path / "out") == 1
    assert capsys.readouterr().err.startswith("adopt: GetTemplate was answered ")
