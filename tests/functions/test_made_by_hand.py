"""F33: records, items and inputs edited by hand are skipped and do no harm to other workflows."""

import copy
import json
from dataclasses import replace

import boto3
import pytest

from failover.edges.task_edge import TaskFailed
from failover.rules.formats.stored import UnreadableItem
from failover.use_cases.workflow import overdue
from failover.use_cases.workflow.overdue import MOST_PER_SHARD
from tests.acts import lived, sent
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.functions.conftest import REPORT, STATUS, ended
from tests.left_behind import MINUTE, id_in, left_in, started
from tests.world import SEND_FUNCTIONS, body_of, load

KEY = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "state"}}


def without_event(item):
    del item["timeline"]["L"][0]["M"]["event"]


def steps_are_text(item):
    item["steps"] = {"S": "none"}


def half_a_number(item):
    item["version"] = {"N": "2.5"}


def foreign_status(item):
    item["status"] = {"S": "private"}


def sequence_of_another(item):
    item["timeline"]["L"][0]["M"]["sequence"] = {"N": "7"}


def account_of_no_shape(item):
    item["account"] = {"S": "a private b"}


def no_account(item):
    item["account"] = {"S": ""}


def long_application(item):
    item["application"] = {"S": "x" * 350_000}


def id_of_another(item):
    item["id"] = {"S": "00000000-0000-4000-8000-000000000001"}


EDITS = [
    without_event,
    steps_are_text,
    half_a_number,
    foreign_status,
    sequence_of_another,
    account_of_no_shape,
    no_account,
    long_application,
    id_of_another,
]


@pytest.fixture
def item(world):
    """The item of a workflow of the tests' account that has ended, with two webhooks."""
    ended(world)
    return boto3.client("dynamodb").get_item(TableName=world.table, Key=KEY)["Item"]


def edited(item, edit):
    copied = copy.deepcopy(item)
    edit(copied)
    return copied


@pytest.mark.parametrize("image", ["NewImage", "OldImage"])
@pytest.mark.parametrize("edit", EDITS)
def test_a_record_that_cannot_be_read_holds_up_no_other(world, item, output, edit, image):
    """Webhooks of the other records are queued, and the failure is reported without any content of the item."""
    bad = {"dynamodb": {"NewImage": item, image: edited(item, edit)}}
    good = {"dynamodb": {"NewImage": item}}
    load("publish_events").handler({"Records": [bad, {}, {"dynamodb": None}, good]}, None)
    assert [task.sequence for task in world.queued()] == [STATUS, REPORT]
    said = output()
    assert "UnexpectedFailures" in said
    assert "private" not in said


def test_content_that_was_edited_holds_up_no_stream(world, item, output):
    """Content without a retention does not fail the stream's batch, whose retry would queue the webhooks again."""
    boto3.client("dynamodb").update_item(
        TableName=world.table,
        Key={**KEY, "sk": {"S": "content"}},
        UpdateExpression="SET retention = :text",
        ExpressionAttributeValues={":text": {"S": "private"}},
    )
    load("publish_events").handler({"Records": [{"dynamodb": {"NewImage": item}}]}, None)
    assert len(world.queued()) == 2
    assert "UnexpectedFailures" in output()


@pytest.mark.parametrize("edit", EDITS)
def test_an_item_that_cannot_be_read(world, item, call, output, edit):
    """Requests for the broken workflow are answered 500 and reported; the list shows the others."""
    other = "00000000-0000-4000-8000-000000000001"
    world.put(replace(workflow("sms", account=world.api_key), id=other), [SMS])
    boto3.client("dynamodb").put_item(TableName=world.table, Item=edited(item, edit))
    assert call("GET", f"/workflows/{ID}")["statusCode"] == 500
    listed = call("GET", "/workflows")
    assert listed["statusCode"] == 200
    assert other in [one["workflow_uuid"] for one in body_of(listed)["workflows"]]
    assert "private" not in output()


def test_more_broken_items_than_are_listed_at_once(world, reconciling, output):
    """Unreadable items are postponed: a workflow behind any number of them is started in the same run."""
    items = boto3.client("dynamodb")
    for number in range(MOST_PER_SHARD + 1):
        left_in(world, 0, number)
        key = {**KEY, "pk": {"S": f"workflow#{id_in(0, number)}"}}
        broken = {"TableName": world.table, "Key": key, "UpdateExpression": "REMOVE steps"}
        items.update_item(**broken)
    waiting = left_in(world, 0, MOST_PER_SHARD + 1, due_at=NOW + 1)
    reconciling.run(NOW + MINUTE)
    assert started(reconciling) == {waiting.id}
    assert "UnexpectedFailures" in output()
    reconciling.run(NOW + 2 * MINUTE)
    assert "UnexpectedFailures" not in output(), "the next runs must skip them"
    with pytest.raises(UnreadableItem):
        world.store.read(id_in(0, 0))


@pytest.mark.parametrize(
    ("update", "values"),
    [
        pytest.param("SET due_at = :v", {":v": {"N": "1.5"}}, id="due at half a millisecond"),
        pytest.param("SET #status = :v", {":v": {"S": "cancelled"}}, id="said to be over"),
        pytest.param("SET expires_at = :v", {":v": {"N": "1700000000"}}, id="expired, and not removed yet"),
    ],
)
def test_items_that_cannot_be_moved(world, reconciling, update, values):
    """Overdue items that cannot be repaired, in any number, do not delay a workflow of their shard beyond the run."""
    items = boto3.client("dynamodb")
    names = {"ExpressionAttributeNames": {"#status": "status"}} if "#status" in update else {}
    for number in range(MOST_PER_SHARD + 1):
        left_in(world, 0, number)
        key = {**KEY, "pk": {"S": f"workflow#{id_in(0, number)}"}}
        items.update_item(
            TableName=world.table, Key=key, UpdateExpression=update, ExpressionAttributeValues=values, **names
        )
    waiting = [left_in(world, shard, MOST_PER_SHARD + 1, due_at=NOW + 1) for shard in (0, 5)]
    reconciling.run(NOW + MINUTE)
    assert {flow.id for flow in waiting} <= started(reconciling)


@pytest.mark.parametrize(
    "copy_key",
    [
        pytest.param({"sk": {"S": "state.bak"}}, id="another sort key"),
        pytest.param({"pk": {"S": "backup#1"}}, id="another partition key"),
    ],
)
def test_copies_of_items(world, call, reconciling, output, monkeypatch, copy_key):
    """Copies of a workflow's item under other keys delay no workflow and cause no alarm."""
    monkeypatch.setattr(overdue, "MOST_PER_SHARD", 2)
    monkeypatch.setattr(overdue, "MOST_LISTINGS", 2)
    items = boto3.client("dynamodb")
    for number in range(7):
        flow = left_in(world, 0, number)
        key = {**KEY, "pk": {"S": f"workflow#{flow.id}"}}
        item = items.get_item(TableName=world.table, Key=key)["Item"]
        items.put_item(
            TableName=world.table, Item={**item, "listed": {"S": world.api_key}, **of_number(copy_key, number)}
        )
        items.delete_item(TableName=world.table, Key=key)
    waiting = left_in(world, 0, 9, due_at=NOW + 1)
    reconciling.run(NOW + MINUTE)
    assert started(reconciling) == {waiting.id}
    output()
    reconciling.run(NOW + 9 * MINUTE)
    assert '"OldestOverdueSeconds":[0]' in output().replace(" ", "").replace(".0", "")


def of_number(copy_key, number):
    """Make a distinct key for each copy."""
    return {name: {"S": value["S"].replace("1", str(number))} for name, value in copy_key.items()}


@pytest.mark.parametrize(
    "edit",
    [{"created_at": {"N": "1800000000000.5"}}, {"expires_at": {"S": "private"}}, {"expires_at": {"N": "4e9"}}],
    ids=str,
)
def test_a_row_that_cannot_be_read(world, item, call, output, edit):
    """An unreadable item of an account does not hide the account's others from the list."""
    other = "00000000-0000-4000-8000-000000000001"
    world.put(replace(workflow("sms", account=world.api_key), id=other), [SMS])
    boto3.client("dynamodb").put_item(TableName=world.table, Item={**item, **edit})
    listed = call("GET", "/workflows")
    assert listed["statusCode"] == 200
    assert other in [one["workflow_uuid"] for one in body_of(listed)["workflows"]]
    assert "private" not in output()


def test_a_page_that_ends_on_a_row_that_cannot_be_read(world, item, call):
    """The list continues after an unreadable item, and shows no copy of a workflow."""
    items, others = boto3.client("dynamodb"), []
    for number in range(1, 6):
        others.append(f"{number:08x}-0000-4000-8000-000000000000")
        flow = replace(workflow("sms", account=world.api_key), id=others[-1], created_at=NOW + number)
        world.put(flow, [SMS])
    for number in (2, 4):
        key = {"pk": {"S": f"workflow#{others[number - 1]}"}, "sk": {"S": "state"}}
        stored = items.get_item(TableName=world.table, Key=key)["Item"]
        items.put_item(TableName=world.table, Item={**stored, "sk": {"S": "state.bak"}})
        items.put_item(TableName=world.table, Item={**stored, "created_at": {"N": f"{NOW + number}.5"}})
    seen, cursor = [], ""
    while cursor is not None:
        page = body_of(call("GET", f"/workflows?limit=2{cursor}"))
        seen += [one["workflow_uuid"] for one in page["workflows"]]
        cursor = f"&cursor={page['cursor']}" if "cursor" in page else None
    assert seen == [others[4], others[2], others[0], ID]


@pytest.mark.parametrize(
    "pointer", [{"workflow": {"S": "private"}}, {"workflow": {"N": "1"}}, {"step": {"S": "0"}}, {"step": {"N": "-1"}}]
)
def test_a_pointer_that_was_edited(world, put, call, pointer):
    """A message whose pointer leads nowhere is answered 500, and nothing is written to another workflow."""
    put(sent(0))
    item = {"workflow": {"S": ID}, "step": {"N": "0"}, "expires_at": {"N": "2000000000"}, **pointer}
    key = {"pk": {"S": "message#uuid-0"}, "sk": {"S": "pointer"}}
    boto3.client("dynamodb").put_item(TableName=world.table, Item={**key, **item})
    assert call("GET", "/messages/uuid-0")["statusCode"] == 500


INPUTS = [
    None,
    [],
    {},
    {"workflow": ID},
    *[{"workflow": ID, "step": step} for step in (-1, -2, 2, 10**40, "0", 0.0, True, None)],
    *[{"workflow": name, "step": 0} for name in ("private", 7, None, f"{ID}#", ID.upper(), ID.replace("5", "6"))],
]


@pytest.mark.parametrize("event", INPUTS, ids=json.dumps)
def test_an_input_made_by_hand(world, messages, output, event):
    """A send whose input names no step of its channel claims and sends nothing."""
    flow = world.put(workflow(*TWO_STEPS), [MESSENGER, SMS])
    for function in SEND_FUNCTIONS:
        with pytest.raises(TaskFailed) as failed:
            load(function).handler(event, None)
        assert "private" not in str(failed.value)
    assert messages.requests == []
    assert world.read(ID) == flow
    said = output()
    assert said.count("InvalidInputs") >= len(SEND_FUNCTIONS)
    assert "UnexpectedFailures" not in said
    assert "private" not in said


def test_the_last_step_cannot_be_sent_first(world, messages, monkeypatch):
    """An execution started by hand sends no later step while an earlier step, claimed or not, has time left."""
    function = load("send_sms")
    for flow in (lived(), lived(sent(0))):
        world.put(replace(flow, id=ID.replace("5", str(len(flow.timeline)))), [MESSENGER, SMS])
        monkeypatch.setattr(function, "outside", replace(function.outside, now=lambda: NOW + 1, sleep=lambda _: None))
        with pytest.raises(TaskFailed):
            function.handler({"workflow": ID.replace("5", str(len(flow.timeline))), "step": 1}, None)
    assert messages.requests == []
