"""The runbook of docs/restore.md on the deployed stack: a table with an earlier state takes its table's place."""

import json

from local import stack
from local.place import STACK
from ops import adopt
from tests.e2e.test_failover import messenger, sms

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def _copied(place, table):
    """Restore a table to its present state, with a stream. Returns the new one's name."""
    dynamodb, name = stack.client(place, "dynamodb"), f"{table}-restored"
    dynamodb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=name, UseLatestRestorableTime=True)
    dynamodb.update_table(TableName=name, StreamSpecification=STREAM)
    return name


def _changed(place, kind, folder, template, **more):
    """Create and execute a change set. Returns what it changes: (action, logical id)."""
    cloudformation, storage = stack.client(place, "cloudformation"), stack.client(place, "s3")
    storage.put_object(Bucket="restore", Key=template, Body=(folder / template).read_bytes())
    names = {"StackName": STACK, "ChangeSetName": kind.lower()}
    cloudformation.create_change_set(
        **names,
        ChangeSetType=kind,
        TemplateURL=f"{place.url}/restore/{template}",
        Parameters=json.loads((folder / "parameters.json").read_text()),
        Capabilities=["CAPABILITY_IAM"],
        **more,
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**names, WaiterConfig={"Delay": 1})
    changes = [one["ResourceChange"] for one in cloudformation.describe_change_set(**names)["Changes"]]
    cloudformation.execute_change_set(**names)
    waiter = cloudformation.get_waiter(f"stack_{kind.lower()}_complete")
    waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1})
    return {(one["Action"], one["LogicalResourceId"]) for one in changes}


def test_another_table_takes_its_place(deployed, tmp_path, monkeypatch):
    """Nothing is sent again for a workflow of the backup, new ones are sent, and the stack has the restored table."""
    place = deployed.place
    for name, value in place.aws_environment.items():
        monkeypatch.setenv(name, value)
    flow = deployed.post(messenger("sim-silent", 60), sms("447700900001"))
    deployed.when(flow, lambda one: one["steps"][0]["state"] == "sent")
    old = stack.resources(place)["Table"]
    table = _copied(place, old)
    assert deployed.over(flow)["status"] == "completed"
    assert deployed.sent(flow) == ["messenger", "sms"]

    assert adopt.main(["restored", "--stack", STACK, "--table", table, "--into", str(tmp_path)]) == 0
    location = {"LocationConstraint": place.aws_environment["AWS_REGION"]}
    stack.client(place, "s3").create_bucket(Bucket="restore", CreateBucketConfiguration=location)
    let_go = _changed(place, "UPDATE", tmp_path, "without-table.json")
    removed = {name for action, name in let_go if action == "Remove"}
    assert "Table" in removed
    assert all("Version" in name for name in removed - {"Table"})
    imported = json.loads((tmp_path / "resources-to-import.json").read_text())
    adopted = _changed(place, "IMPORT", tmp_path, "with-table.json", ResourcesToImport=imported)
    assert adopted == {("Import", "Table")}
    stack.deploy(place)
    assert stack.resources(place)["Table"] == table
    dynamodb = stack.client(place, "dynamodb")
    dynamodb.update_table(TableName=old, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=old)  # it was retained, and belongs to no stack

    assert deployed.get(flow)["status"] == "running"
    stack.invoke(place, "send-sms", {"workflow": flow, "step": 1})
    after = deployed.get(flow)
    assert [one["state"] for one in after["steps"]] == ["sent", "unknown"]
    assert [one["event"] for one in after["timeline"]][-1] == "restored"
    assert deployed.sent(flow) == ["messenger", "sms"]
    again = deployed.over(deployed.post(messenger("sim-read", 15), sms("447700900001")))
    assert [one["event"] for one in again["timeline"]][-1] == "completed"
