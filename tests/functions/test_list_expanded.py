"""The list with the steps of each workflow: GET /workflows?expand=steps."""

import contextvars
from dataclasses import replace

import boto3
import pytest

from failover.rules.sending.answers import Accepted
from failover.rules.timing.instants import iso
from failover.rules.workflow import transitions
from tests.acts import LATER, lived, sent, status
from tests.examples import HOUR, ID, MESSENGER, NOW, SMS, workflow
from tests.world import body_of, calls_of, http_event

EURO = {"price": "0.0333", "currency": "EUR"}


def numbered(number):
    return f"00000000-0000-4000-8000-{number:012d}"


@pytest.fixture
def expanded(call):
    """The entries of the list with their steps."""

    def expanded(more="", **headers):
        answer = call("GET", f"/workflows?expand=steps{more}", **headers)
        assert answer["statusCode"] == 200, answer["body"]
        return body_of(answer)["workflows"]

    return expanded


@pytest.fixture
def many(world):
    """120 workflows, a second apart."""
    for number in range(120):
        flow = workflow(("messenger", "read", 600), "sms", account=world.api_key)
        world.put_state(replace(flow, id=numbered(number), created_at=NOW + number * 1000))


def delete(world, workflow_id):
    key = {"pk": {"S": f"workflow#{workflow_id}"}, "sk": {"S": "state"}}
    world.client.delete_item(TableName=world.table, Key=key)


def before_the_read(app, act):
    """Do something after the index has been read and before the workflows are, not under the function's role."""

    def do(**_):
        contextvars.Context().run(act)

    app.outside.table.client.meta.events.register_first("before-call.dynamodb.BatchGetItem", do)


def edit(world, workflow_id, update, **values):
    """Edit a workflow's item by hand."""
    boto3.client("dynamodb").update_item(
        TableName=world.table,
        Key={"pk": {"S": f"workflow#{workflow_id}"}, "sk": {"S": "state"}},
        UpdateExpression=update,
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


def test_steps(world, put, expanded):
    """Each entry has the steps of its workflow without addresses, references and message ids, and its usage."""
    put(sent(0), status(0, "delivered", usage=EURO), content=({**MESSENGER, "client_ref": "order-1"}, SMS))
    (entry,) = expanded()
    assert entry["usage"] == EURO
    assert entry["steps"] == [
        {
            "step": 0,
            "channel": "messenger",
            "state": "sent",
            "status": "delivered",
            "condition_status": "read",
            "expiry_time": 600,
            "expires_at": iso(NOW + 600_000),
        },
        {"step": 1, "channel": "sms", "state": "pending"},
    ]


def test_the_last_step(world, put, expanded):
    """An open last step shows when its receipt window ends; without prices there is no usage."""
    put(sent(0), sent(1, LATER))
    (entry,) = expanded()
    assert [step.get("unconfirmed_at") for step in entry["steps"]] == [None, iso(LATER + 72 * HOUR * 1000)]
    assert "usage" not in entry


def test_as_in_the_workflow(world, put, call, expanded):
    """Steps and usage are those of the workflow itself, apart from what only the workflow shows."""
    put(sent(0), status(0, "rejected", usage=EURO), sent(1, LATER), status(1, "delivered"))
    whole, (entry,) = body_of(call("GET", f"/workflows/{ID}")), expanded()
    hidden = {"from", "to", "client_ref", "message_uuid"}
    assert entry["steps"] == [{k: v for k, v in step.items() if k not in hidden} for step in whole["steps"]]
    assert entry["usage"] == whole["usage"]


def test_without_it(world, put, call, app):
    """Without `expand` no workflow is read, and no entry has steps."""
    put(sent(0))
    reads = calls_of(app.outside.table.client, "dynamodb.BatchGetItem")
    (entry,) = body_of(call("GET", "/workflows"))["workflows"]
    assert not {"steps", "usage"} & entry.keys()
    assert reads == []


def test_both_names(world, put, call):
    """The later endpoint expands its list in the same way."""
    put(sent(0), word="dispatch")
    (entry,) = body_of(call("GET", "/v0.1/dispatch?expand=steps"))["dispatches"]
    assert (entry["dispatch_uuid"], len(entry["steps"])) == (ID, 2)


def test_an_empty_page(world, app, call, expanded):
    """For a page without workflows nothing is read."""
    reads = calls_of(app.outside.table.client, "dynamodb.BatchGetItem")
    assert (expanded(), reads) == ([], [])


def test_a_whole_page_in_one_read(world, app, many, expanded):
    """The largest page is read in one call, and each entry has the steps of its own workflow."""
    for number in (7, 119):
        flow = world.read(numbered(number))
        world.store.write(transitions.answered(transitions.claimed(flow, 0, NOW), 0, Accepted("uuid"), NOW))
    reads = calls_of(app.outside.table.client, "dynamodb.BatchGetItem")
    entries = expanded("&limit=100")
    assert [entry["workflow_uuid"] for entry in entries] == [numbered(number) for number in range(119, 19, -1)]
    assert [entry["steps"][0]["state"] for entry in entries] == ["sent"] + ["pending"] * 99
    assert len(reads) == 1


def test_gone_meanwhile(world, app, many, expanded):
    """An entry whose workflow is gone by the time it is read comes without steps; the others have theirs."""
    before_the_read(app, lambda: delete(world, numbered(118)))
    entries = expanded("&limit=3")
    assert [entry["workflow_uuid"] for entry in entries] == [numbered(119), numbered(118), numbered(117)]
    assert ["steps" in entry for entry in entries] == [True, False, True]


def test_a_workflow_that_cannot_be_read(world, put, expanded, output):
    """F33: an entry whose workflow was edited until it cannot be read comes without steps, and that is logged."""
    put(sent(0))
    edit(world, ID, "SET timeline = :nothing", nothing={"S": "x"})
    (entry,) = expanded()
    assert entry["status"] == "running"
    assert "steps" not in entry
    assert "UnreadableItem" in output()


def test_a_copy_made_by_hand(world, app, put):
    """F33: an item with a key that is no workflow's is never asked for; the role could not read it."""
    put(sent(0))
    (item,) = (one for one in world.items() if one["sk"]["S"] == "state")
    world.client.put_item(TableName=world.table, Item={**item, "pk": {"S": f"copy#{ID}"}})
    event = http_event("GET", "/workflows", Authorization=world.basic) | {"queryStringParameters": {"expand": "steps"}}
    assert sorted("steps" in entry for entry in body_of(app.handler(event, None))["workflows"]) == [False, True]


def test_status_and_steps_agree(world, app, put, expanded):
    """An entry never says `running` beside the steps of a workflow that ended while the page was read."""
    put(sent(0))
    over = replace(lived(sent(0), status(0, "read")), account=world.api_key)
    before_the_read(app, lambda: world.store.write(replace(over, version=world.read(ID).version)))
    (entry,) = expanded("&status=running")
    assert (entry["status"], entry["ended_at"], entry["steps"][0]["state"]) == ("completed", iso(LATER), "met")


class Partly:
    """DynamoDB that reads at most `most` keys in each of the first `times` calls, leaving the rest unprocessed."""

    def __init__(self, client, times, most=2):
        self.left, self.most, self._read = times, most, client.batch_get_item
        self.calls = 0

    def __call__(self, RequestItems):  # noqa: N803 - as in boto3
        self.calls += 1
        ((table, asked),) = RequestItems.items()
        if self.left <= 0:
            return self._read(RequestItems=RequestItems)
        self.left -= 1
        first, rest = asked["Keys"][: self.most], asked["Keys"][self.most :]
        answer = self._read(RequestItems={table: {**asked, "Keys": first}}) if first else {"Responses": {}}
        return {**answer, "UnprocessedKeys": {table: {**asked, "Keys": rest}}}


def test_unprocessed_keys(world, app, many, expanded, monkeypatch):
    """Keys that DynamoDB did not process are requested again after a pause each, and every entry has its steps."""
    slept = []
    app.outside.sleep = slept.append
    partly = Partly(app.outside.table.client, 3)
    monkeypatch.setattr(app.outside.table.client, "batch_get_item", partly)
    assert all("steps" in entry for entry in expanded("&limit=10"))
    assert partly.calls == 4
    assert slept == [0.05] * 3


def test_keys_that_stay_unprocessed(world, app, many, call, monkeypatch):
    """If DynamoDB keeps returning keys as unprocessed, the answer is 503 within a few seconds."""
    slept = []
    app.outside.sleep = slept.append
    monkeypatch.setattr(app.outside.table.client, "batch_get_item", Partly(app.outside.table.client, 10**6, most=0))
    answer = call("GET", "/workflows?expand=steps&limit=100")
    assert (answer["statusCode"], answer["multiValueHeaders"]["Retry-After"]) == (503, ["2"])
    assert 0 < sum(slept) <= 5


def test_two_accounts(world, put, expanded, stranger):
    """I6: with steps, too, no account sees another's workflows."""
    put(sent(0))
    assert expanded(Authorization=stranger) == []


@pytest.mark.parametrize("value", ["", "step", "timeline", "steps,timeline", "STEPS"])
def test_another_value(call, value):
    """Any other value of `expand` is refused."""
    answer = call("GET", f"/workflows?expand={value}")
    assert answer["statusCode"] == 400
    assert body_of(answer)["invalid_parameters"] == [{"name": "expand", "reason": "Should be 'steps'"}]
