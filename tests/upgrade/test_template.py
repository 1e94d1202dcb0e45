"""What a template may change of the previous release's, so that update and rollback work (docs/upgrade.md)."""

from copy import deepcopy

import pytest

from tests.world import parsed, template

NAMES = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "LocalSecondaryIndexes", "StreamSpecification"),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::Serverless::Function": ("FunctionName",),
    "AWS::Serverless::StateMachine": ("Name", "Type"),
    "AWS::Serverless::Api": ("Name",),
}
"""The resources that must stay what they are, since data, messages, executions or clients depend on them, and the
properties of each whose change replaces it."""


def faults(before, after):
    """Why CloudFormation would replace or refuse something, or a rollback lose something."""
    kept = {name: one for name, one in before["Resources"].items() if one["Type"] in NAMES}
    for name, old in kept.items():
        new = after["Resources"].get(name, {"Type": "gone"})
        if (old["Type"], old.get("Condition")) != (new["Type"], new.get("Condition")):
            yield f"{name}: {new['Type']}"
            continue
        was, now = old["Properties"], new["Properties"]
        yield from (f"{name}: {key}" for key in NAMES[old["Type"]] if was.get(key) != now.get(key))
        yield from _index_faults(name, was, now)
    for name in before["Parameters"].keys() - after["Parameters"].keys():
        yield f"parameter {name}: samconfig.toml of a stack may name it"
    for name in after["Parameters"].keys() - before["Parameters"].keys():
        if "Default" not in after["Parameters"][name]:
            yield f"parameter {name}: a stack that exists has no value for it"


def _index_faults(name, was, now):
    """DynamoDB adds or removes one index at a time, and changes neither the keys nor the projection of one."""
    old, new = ({one["IndexName"]: one for one in table.get("GlobalSecondaryIndexes", [])} for table in (was, now))
    if len(changed := old.keys() ^ new.keys()) > 1:
        yield f"{name}: {len(changed)} indexes"
    for index in old.keys() & new.keys():
        yield from (
            f"{name}.{index}: {key}" for key in ("KeySchema", "Projection") if old[index][key] != new[index][key]
        )
    old_types, new_types = (
        {one["AttributeName"]: one["AttributeType"] for one in table.get("AttributeDefinitions", [])}
        for table in (was, now)
    )
    yield from (f"{name}: {key}" for key in old_types.keys() & new_types.keys() if old_types[key] != new_types[key])


def test_since_the_previous_release(previous):
    """Nothing that holds data is replaced or removed, and at most one index of a table changes."""
    assert list(faults(parsed((previous / "template.yaml").read_text()), template())) == []


def table(changed):
    return changed["Resources"]["Table"]["Properties"]


def without(changed, *way):
    *parents, last = way
    for name in parents:
        changed = changed[name]
    del changed[last]


BROKEN = {
    "Table: gone": lambda new: without(new, "Resources", "Table"),
    "Table: AWS::DynamoDB::GlobalTable": lambda new: new["Resources"]["Table"].update(
        Type="AWS::DynamoDB::GlobalTable"
    ),
    "WebhookSecret: Name": lambda new: new["Resources"]["WebhookSecret"]["Properties"].update(Name="other"),
    "Table: KeySchema": lambda new: table(new)["KeySchema"].reverse(),
    "Table: 2 indexes": lambda new: without(table(new), "GlobalSecondaryIndexes", slice(0, 2)),
    "Table.due: Projection": lambda new: index(new, "due").update(Projection={"ProjectionType": "ALL"}),
    "Table.due: KeySchema": lambda new: index(new, "due")["KeySchema"].pop(),
    "Table: pk": lambda new: table(new)["AttributeDefinitions"][0].update(AttributeType="N"),
    "SendSms: FunctionName": lambda new: new["Resources"]["SendSms"]["Properties"].update(FunctionName="other"),
    "parameter LogLevel: samconfig.toml of a stack may name it": lambda new: without(new, "Parameters", "LogLevel"),
    "parameter New: a stack that exists has no value for it": lambda new: new["Parameters"].update(New={}),
}


def index(changed, name):
    return next(one for one in table(changed)["GlobalSecondaryIndexes"] if one["IndexName"] == name)


@pytest.mark.parametrize("fault", BROKEN)
def test_faults_are_found(fault):
    """Each change that an update or a rollback does not survive is named."""
    changed = deepcopy(template())
    BROKEN[fault](changed)
    assert list(faults(template(), changed)) == [fault]


def test_one_index_may_go():
    """One index may be removed; adding one is the same the other way round."""
    changed = deepcopy(template())
    table(changed)["GlobalSecondaryIndexes"].pop()
    assert list(faults(template(), changed)) == list(faults(changed, template())) == []
