"""Templates with which CloudFormation adopts a table, and the secrets beside it (docs/restore.md).

`restored`: a running stack gets a restored table instead of its own. `deleted`: a new stack gets what a deleted one has
left. Both write files for `aws cloudformation create-change-set` and change nothing in AWS. A second run writes the
same files again, unless the stack has let go of its table meanwhile: then those of the first are needed, and stay.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from samtranslator.yaml_helper import yaml_parse

from ops.report import said

type Template = dict[str, Any]
type Found = dict[str, str]
"""The identifier of each resource to import, by its logical id."""

TABLE, SECRET = "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret"
IDENTIFIED_BY = {TABLE: "TableName", SECRET: "Id"}
"""Types that a stack may leave behind, and the property by which CloudFormation imports a resource."""
MARK = "TABLE_RESTORED"
"""An environment variable that only the template without the table sets. It makes each function differ from the one
before and after, without which Lambda publishes no version."""


class CannotAdopt(Exception):
    """The message says why, and what to do."""


@dataclass(frozen=True)
class RestoredTable:
    name: str
    arn: str
    stream_arn: str

    def attribute(self, name: str) -> str:
        """Return what `!GetAtt Table.<name>` is to be."""
        if name not in ("Arn", "StreamArn"):
            raise CannotAdopt(f"the template uses Table.{name}, which this tool does not know")
        return self.arn if name == "Arn" else self.stream_arn


# ---------------------------------------------------------------- what a deleted stack has left
def retained(template: Template) -> Template:
    """Return the resources that CloudFormation keeps when the stack is deleted, by logical id.

    Raises CannotAdopt if one is of a type that this tool does not know.
    """
    kept = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource.get("DeletionPolicy") not in (None, "Delete", "Snapshot")
        and not resource["Type"].startswith("AWS::Serverless::")
    }
    if unknown := [name for name, resource in kept.items() if resource["Type"] not in IDENTIFIED_BY]:
        raise CannotAdopt(f"the template retains {', '.join(unknown)}, which this tool cannot import")
    return kept


def import_template(template: Template) -> Template:
    """Return a template with the retained resources alone, and the parameters and conditions that they use.

    Their properties are those of `template`: the next deployment must find no difference. CloudFormation would make a
    new value for a secret whose `GenerateSecretString` differs, and replace a table whose name it sees go.
    """
    resources = {name: {**resource, "DeletionPolicy": "Retain"} for name, resource in retained(template).items()}
    conditions = _used(resources, template.get("Conditions", {}), "Fn::If", "Condition")
    parameters = _used([resources, conditions], template.get("Parameters", {}), "Ref")
    made = {"AWSTemplateFormatVersion": "2010-09-09", "Parameters": parameters, "Conditions": conditions}
    return {**{name: part for name, part in made.items() if part}, "Resources": resources}


def _used(node: Any, known: Template, *names: str) -> Template:
    """Return those of `known` that `node` names, and those that they name in turn."""
    found: Template = {}
    waiting = [node]
    while waiting:
        for key, value in _pairs(waiting.pop()):
            name = value[0] if key == "Fn::If" else value
            if key in names and isinstance(name, str) and name in known and name not in found:
                found[name] = known[name]
                waiting.append(known[name])
    return {name: known[name] for name in known if name in found}


def _pairs(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from _pairs(value)
    elif isinstance(node, list):
        for one in node:
            yield from _pairs(one)


# ---------------------------------------------------------------- a restored table in a running stack
def without_table(processed: Template, table: RestoredTable) -> Template:
    """Return a stack's processed template without its table, and with the restored one in its place as plain text.

    Each function gets a new version at once, for all requests: a gradual deployment would use both tables.
    """
    resources = {name: resource for name, resource in processed["Resources"].items() if name != "Table"}
    versions = {name: f"{name}Restored" for name, one in resources.items() if one["Type"] == "AWS::Lambda::Version"}
    made = {name: part for name, part in processed.items() if name != "Transform"}
    made["Resources"] = {versions.get(name, name): _switched(resource) for name, resource in resources.items()}
    return dict(_replaced(made, table, versions))


def _switched(resource: Template) -> Template:
    properties = resource.get("Properties", {})
    if resource["Type"] == "AWS::Lambda::Alias":
        return {name: value for name, value in resource.items() if name != "UpdatePolicy"}
    if preference := properties.get("DeploymentPreference"):  # of the state machine's alias
        at_once = {"StateMachineVersionArn": preference["StateMachineVersionArn"], "Type": "ALL_AT_ONCE"}
        return {**resource, "Properties": {**properties, "DeploymentPreference": at_once}}
    if resource["Type"] != "AWS::Lambda::Function" or "Environment" not in properties:
        return resource
    environment = properties["Environment"]
    variables = {**environment["Variables"], MARK: {"Fn::GetAtt": ["Table", "StreamArn"]}}
    return {**resource, "Properties": {**properties, "Environment": {**environment, "Variables": variables}}}


def _replaced(node: Any, table: RestoredTable, names: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_replaced(one, table, names) for one in node]
    if not isinstance(node, dict):
        return node
    match node:
        case {"Ref": "Table"}:
            return table.name
        case {"Ref": str(name)} if name in names:
            return {"Ref": names[name]}
        case {"Fn::GetAtt": ["Table", attribute]}:
            return table.attribute(attribute)
        case {"Fn::GetAtt": str(path)} if path.startswith("Table."):
            return table.attribute(path.removeprefix("Table."))
        case {"Fn::GetAtt": [name, attribute]} if name in names:
            return {"Fn::GetAtt": [names[name], attribute]}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _substituted(text, table)}
        case {"Fn::Sub": [text, values]}:
            return {"Fn::Sub": [_substituted(text, table), _replaced(values, table, names)]}
    changed = {key: _replaced(value, table, names) for key, value in node.items()}
    if "DependsOn" in node and "Type" in node:
        needed = node["DependsOn"] if isinstance(node["DependsOn"], list) else [node["DependsOn"]]
        changed["DependsOn"] = [names.get(one, one) for one in needed if one != "Table"]
    return changed


def _substituted(text: str, table: RestoredTable) -> str:
    for name in ("Arn", "StreamArn"):
        text = text.replace(f"${{Table.{name}}}", table.attribute(name))
    return text.replace("${Table}", table.name)


def with_table(processed: Template, table: RestoredTable) -> Template:
    """Return `without_table` with the table as the one addition: an import may change nothing else."""
    made = without_table(processed, table)
    resource = {**processed["Resources"]["Table"], "DeletionPolicy": "Retain"}
    return {**made, "Resources": {**made["Resources"], "Table": resource}}


# ---------------------------------------------------------------- what exists
def to_import(resources: Template, found: Found) -> list[dict[str, Any]]:
    """Return the list for `--resources-to-import`."""
    return [
        {
            "ResourceType": resource["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": {IDENTIFIED_BY[resource["Type"]]: found[name]},
        }
        for name, resource in resources.items()
    ]


def find(resources: Template, stack: str, table: str) -> Found:
    """Look up the table and the secrets, whose names are fixed. Raises CannotAdopt."""
    dynamodb, secrets = boto3.client("dynamodb"), boto3.client("secretsmanager")
    found = {}
    for name, resource in resources.items():
        try:
            if resource["Type"] == TABLE:
                found[name] = dynamodb.describe_table(TableName=table)["Table"]["TableName"]
            else:
                secret = resource["Properties"]["Name"]["Fn::Sub"].replace("${AWS::StackName}", stack)
                described = secrets.describe_secret(SecretId=secret)
                if "DeletedDate" in described:
                    raise CannotAdopt(f"the secret {secret} is about to be deleted: aws secretsmanager restore-secret")
                found[name] = described["ARN"]
        except ClientError as error:
            raise CannotAdopt(f"{name}: {error.response['Error']['Code']}") from None
    return found


def restored_table(name: str) -> RestoredTable:
    """Look up a table that has a stream. Raises CannotAdopt."""
    try:
        described = boto3.client("dynamodb").describe_table(TableName=name)["Table"]
    except ClientError as error:
        raise CannotAdopt(f"{name}: {error.response['Error']['Code']}") from None
    if not described.get("StreamSpecification", {}).get("StreamEnabled"):
        raise CannotAdopt(f"{name} has no stream: enable it first, with new and old images")
    return RestoredTable(name, described["TableArn"], described["LatestStreamArn"])


# ---------------------------------------------------------------- the command
def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m ops adopt", description=__doc__)
    parser.add_argument("what", choices=["restored", "deleted"])
    parser.add_argument("--stack", required=True)
    parser.add_argument("--table", required=True, help="the table to adopt")
    parser.add_argument("--template", type=Path, default=Path("template.yaml"))
    parser.add_argument(
        "--parameter", action="append", default=[], type=_pair, metavar="NAME=VALUE", help="as in samconfig.toml"
    )
    parser.add_argument("--into", type=Path, default=Path(".adopt"), help="folder for the files")
    asked = parser.parse_args(argv)
    try:
        _write(_restored(asked) if asked.what == "restored" else _deleted(asked), asked.into)
    except CannotAdopt as error:
        reason = str(error)
    except (ClientError, BotoCoreError) as error:
        reason = said(error)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
    else:
        return 0
    print(f"adopt: {reason}", file=sys.stderr)
    return 1


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("it is not NAME=VALUE")
    return name, value


def _write(files: dict[str, Any], folder: Path) -> None:
    """Write the files, after those of an earlier run are gone: if this one dies, no mixture of both is left."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in files:
        (folder / name).unlink(missing_ok=True)
    for name, content in files.items():
        path = folder / name
        path.write_text(json.dumps(content, indent=1) + "\n")
        print(path)


def _restored(asked: argparse.Namespace) -> dict[str, Any]:
    cloudformation, table = boto3.client("cloudformation"), restored_table(asked.table)
    processed = cloudformation.get_template(StackName=asked.stack, TemplateStage="Processed")["TemplateBody"]
    (described,) = cloudformation.describe_stacks(StackName=asked.stack)["Stacks"]
    if "Table" not in processed["Resources"]:
        raise CannotAdopt(
            "the stack has let go of its table already: import the other with the files of the first run, which are in "
            "the bucket, too"
        )
    own = cloudformation.describe_stack_resource(StackName=asked.stack, LogicalResourceId="Table")
    if own["StackResourceDetail"]["PhysicalResourceId"] == table.name:
        raise CannotAdopt(f"{table.name} is the stack's table already")
    return {
        "without-table.json": without_table(processed, table),
        "with-table.json": with_table(processed, table),
        "resources-to-import.json": to_import({"Table": processed["Resources"]["Table"]}, {"Table": table.name}),
        "parameters.json": [
            {"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in described["Parameters"]
        ],
    }


def _deleted(asked: argparse.Namespace) -> dict[str, Any]:
    made = import_template(yaml_parse(asked.template.read_text()))
    given = dict(asked.parameter)
    return {
        "import.json": made,
        "resources-to-import.json": to_import(made["Resources"], find(made["Resources"], asked.stack, asked.table)),
        "parameters.json": [
            {"ParameterKey": name, "ParameterValue": given[name]}
            for name in made.get("Parameters", {})
            if name in given
        ],
    }
